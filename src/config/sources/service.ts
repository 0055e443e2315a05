/** Which service of Spacelift a container runs. */
import { SERVICES, type Service } from '../options.ts';
import { isList, nameOf, type Value } from './value.ts';

/**
 * By name, in the order of the names; otherwise by command (`spacelift backend server`, `backend drain-local`, `scheduler`).
 * @param command in any number of parts: words, lists of words, or whole lines
 */
export function serviceIn({
  names,
  command,
}: {
  readonly names: readonly string[];
  readonly command: readonly (Value | undefined)[];
}): Service | 'vcs-gateway' | undefined {
  for (const name of names) {
    if (/(^|[-_])vcs[-_]?gateway([-_]|$)/i.test(name)) return 'vcs-gateway';
    const words = name.toLowerCase().split(/[-_]/);
    const found = SERVICES.find((service) => words.includes(service));
    if (found) return found;
  }
  const line = command
    .flatMap((part) => (isList(part) ? part.map(nameOf) : [nameOf(part)]))
    .map((word) => word ?? '')
    .join(' ');
  const [, backend, other] = /\bbackend\s+(server|drain)|\b(scheduler|vcs-gateway)\b/.exec(line) ?? [];
  const run = backend ?? other;
  return run === 'vcs-gateway' ? run : SERVICES.find((service) => service === run);
}
