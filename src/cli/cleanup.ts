/** `cleanup`: removes what an earlier run left behind when it was killed, and nothing else. */
import { CHECKS } from '../app/checks.ts';
import { type CleanedCheck, removeAllLeftovers } from '../app/leftovers.ts';
import { InputError } from '../config/entry.ts';
import { DEFAULTS } from '../config/options.ts';
import { redactor } from '../config/redact.ts';
import type { CleanupResult } from '../engine/check.ts';
import { fixSanitizer, oneLine, sanitizer } from '../report/sanitize.ts';
import { commandToAscii, ICONS, type Style, toAscii } from '../report/style.ts';
import { loadWidths, type PrintedFix, padTo, wrap, wrapFix } from '../report/wrap.ts';
import { VERSION } from '../util/version.ts';
import { notice } from './errors.ts';
import { interruptible } from './interrupt.ts';
import type { CleanupArguments } from './options.ts';
import { authoritiesIn, credentialOptions, readDeployment } from './prepare.ts';
import { print } from './print.ts';
import { styleOf } from './terminal.ts';

const LABEL = 10;

export { end } from './end.ts';

/** @throws InputError when it can't start */
export async function cleanup(host: NodeJS.Process, args: CleanupArguments): Promise<void> {
  await loadWidths();
  if (args.readOnly === true)
    throw new InputError('cleanup deletes data, so it cannot be used with --read-only; see plan');
  const options = {
    ...DEFAULTS,
    from: args.from,
    timeoutMs: args.timeout * 1000,
    authorities: await authoritiesIn(args, host.env),
    ...credentialOptions(args),
  };
  const deployment = await readDeployment(host, args, options);
  const interrupt = interruptible(host, (signal) => notice(host, `${signal} received: stopping`));
  const results = await removeAllLeftovers(CHECKS, deployment, options, interrupt.signal);
  const redact = redactor(deployment.secrets);
  const places = placesIn(results, { clean: sanitizer(redact), cleanFix: fixSanitizer(redact) });
  host.exitCode = interrupt.exitCode ?? (places.some(({ status }) => status === 'fail') ? 1 : 0);
  if (args.format === 'json') {
    const tool = { name: 'spacelift-preflight', version: VERSION };
    await print(host, `${JSON.stringify({ kind: 'cleanup', schemaVersion: 1, tool, places }, null, 2)}\n`, 'json');
  } else {
    const style = await styleOf(host.stdout, host.env, { color: args.color, verbosity: 'normal' });
    await print(host, rendered(places, style), 'text');
  }
  interrupt.release();
}

/** Its JSON is a public interface. */
interface Place {
  readonly check: string;
  readonly place: string;
  /** `pass`: nothing is left from an earlier run; `skip`: not checked. */
  readonly status: 'pass' | 'fail' | 'skip';
  readonly removed: readonly string[];
  readonly kept: string | null;
  readonly problem: Problem | null;
}

interface Problem extends PrintedFix {
  readonly title: string;
  readonly detail: string;
}

interface Cleaners {
  readonly clean: ReturnType<typeof sanitizer>;
  readonly cleanFix: ReturnType<typeof fixSanitizer>;
}

function placesIn(results: readonly CleanedCheck[], cleaners: Cleaners): Place[] {
  const { clean } = cleaners;
  return results.flatMap(({ id, places }) =>
    places.map(({ place, removed, kept, issue }): Place => {
      return {
        check: id,
        place: clean(place),
        status: issue === undefined ? 'pass' : issue.status === 'skip' ? 'skip' : 'fail',
        removed: removed.map((text) => clean(text)),
        kept: kept === undefined ? null : clean(kept),
        problem: issue === undefined ? null : problemOf(issue, cleaners),
      };
    }),
  );
}

function problemOf(
  { title, detail = '', fix }: NonNullable<CleanupResult['issue']>,
  { clean, cleanFix }: Cleaners,
): Problem {
  return {
    title: oneLine(clean(title)),
    detail: clean(detail),
    ...(fix === undefined
      ? { fix: '' }
      : cleanFix({
          fix: fix.text,
          fixKind: fix.kind,
          ...(fix.language !== undefined && { fixLanguage: fix.language }),
        })),
  };
}

function rendered(places: readonly Place[], style: Style): string {
  const { width } = style;
  const row = (label: string, text: string, lines = wrap(text, width - 6 - LABEL)) =>
    text === '' ? [] : lines.map((line, index) => `      ${padTo(index === 0 ? label : '', LABEL)}${line}`);
  const fixLines = (printed: PrintedFix) => {
    const fix = style.unicode || printed.fixKind === 'advice' ? printed.fix : commandToAscii(printed.fix);
    return wrapFix({ ...printed, fix }, width - 6 - LABEL);
  };
  const lines = places.flatMap(({ status, check, place, removed, kept, problem }) => {
    const icon = style.unicode ? ICONS[status].unicode : ICONS[status].ascii;
    const says = removed.length > 0 ? '' : status === 'pass' ? '  nothing left from an earlier run' : '';
    return [
      `${icon} ${check}/${place}${says}`,
      ...removed.flatMap((text) => row('removed', text)),
      ...(kept === null ? [] : row('kept', kept)),
      ...(problem === null ? [] : row(status === 'skip' ? 'skipped' : 'failed', problem.title)),
      ...(problem === null ? [] : row('', problem.detail)),
      ...(problem === null ? [] : row('fix', problem.fix, fixLines(problem))),
    ];
  });
  const note =
    'the database and the MQTT broker need no cleanup: database tests are rolled back, and MQTT messages are not stored';
  const text = [...lines, ...wrap(`- ${note}`, width)].join('\n');
  return `${style.unicode ? text : toAscii(text)}\n`;
}
