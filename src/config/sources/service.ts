/** Which service of Spacelift a container runs. */
import { CORE_SERVICES, GATEWAY, SERVICES, type Service } from '../options.ts';
import { isList, nameOf, type Value } from './value.ts';

/** In characters: longer than any name, and than the part of a command that starts a service. */
const LONGEST = 16_384;

/** Whether variables are those of one of Spacelift's services, whatever its name: no other container has these. */
export const holdsSpacelifts = (has: (name: string) => boolean): boolean => has('SERVER_DOMAIN') || has('DATABASE_URL');

/** The service in the name of a container, a workload or a family: `spacelift-server`, `vcs-gateway-x1`. */
export function serviceInName(name: string): Service | undefined {
  if (name.length > LONGEST) return undefined;
  if (/(^|[-_])vcs[-_]?gateway([-_]|$)/i.test(name)) return GATEWAY;
  const words = name.toLowerCase().split(/[-_]/);
  return CORE_SERVICES.find((service) => words.includes(service));
}

/**
 * The service that a command starts: `spacelift backend server`, `backend drain-local`, `scheduler`.
 * @param command in any number of parts: words, lists of words, or whole lines
 */
export function serviceStarted(command: readonly (Value | undefined)[]): Service | undefined {
  const words = command.flatMap((part) => (isList(part) ? part.map(nameOf) : [nameOf(part)]));
  const line = words.map((word) => word?.slice(0, LONGEST) ?? '').join(' ');
  const [, backend, other] = /\bbackend\s+(server|drain)|\b(scheduler|vcs-gateway)\b/.exec(line) ?? [];
  return SERVICES.find((service) => service === (backend ?? other));
}
