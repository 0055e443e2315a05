/** The config of a run, and how whoever reads a report edits it. */
import type { Source } from '../../../src/config/entry.ts';
import type { Environment } from '../../support/estate.ts';
import type { Variables } from '../../support/preflight.ts';

export interface Config {
  readonly variables: Variables;
  /** The config instead, where its shape matters. */
  readonly sources?: readonly Source[];
  readonly environment: Environment;
}

/** The value that a run uses. */
export const heldBy = ({ variables, sources, environment }: Config, name: string): string | undefined =>
  sources?.flatMap(({ entries }) => entries).findLast((entry) => entry.name === name)?.value ??
  variables[name] ??
  environment[name];

/** Changes a variable where it is set: in each source that has it, in the config, or in the environment. */
export function edit(config: Config, name: string, value: string): Config {
  const { sources, variables, environment } = config;
  const isOwn = variables[name] === undefined && environment[name] !== undefined;
  if (isOwn) return { ...config, environment: { ...environment, [name]: value } };
  return {
    ...config,
    variables: { ...variables, [name]: value },
    ...(sources !== undefined && { sources: inSources(sources, name, value) }),
  };
}

function inSources(sources: readonly Source[], name: string, value: string): Source[] {
  const isSet = sources.some(({ entries }) => entries.some((entry) => entry.name === name));
  return sources.map((source, index) => {
    if (isSet) {
      const entries = source.entries.map((entry) =>
        entry.name === name ? ({ ...entry, kind: 'known', value } as const) : entry,
      );
      return { ...source, entries };
    }
    if (index > 0) return source;
    const added = { name, kind: 'known', value, service: 'all', origin: source.entries[0]?.origin ?? 'test' } as const;
    return { ...source, entries: [...source.entries, added] };
  });
}
