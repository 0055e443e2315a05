/** Prometheus' text exposition format 0.0.4. */

/** Metrics of one name; all are gauges. */
export interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const PREFIX = 'spacelift_preflight';

/** Families without samples are left out. */
export const renderFamilies = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(rendered)
    .join('');

function rendered({ name, help, samples }: Family): string {
  const metric = `${PREFIX}_${name}`;
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${metric}{${pairs.join(',')}} ${value}`;
  });
  return [`# HELP ${metric} ${help}`, `# TYPE ${metric} gauge`, ...lines, ''].join('\n');
}

/** Of a label's value. */
const escaped = (text: string): string =>
  text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
