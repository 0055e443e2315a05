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
  const line = lineOf(command);
  const [, backend, other] = /\bbackend\s+(server|drain)|\b(scheduler|vcs-gateway)\b/.exec(line) ?? [];
  return SERVICES.find((service) => service === (backend ?? other));
}

function lineOf(command: readonly (Value | undefined)[]): string {
  const words = command.flatMap((part) => (isList(part) ? part.map(nameOf) : [nameOf(part)]));
  return words.map((word) => word?.slice(0, LONGEST) ?? '').join(' ');
}

/** A shell reads a file, as Vault's agent writes one, or a program starts another one with the variables of a secret store. */
const SETS_VARIABLES =
  /(?:^|[\s;&|'"])(?:\.|source) +["']?[/$~]|\b(?:doppler|op|infisical|teller|bws|dotenvx) run\b|\b(?:chamber|vals|berglas) exec\b|\bsops exec-env\b|\b(?:envconsul|vault-env|summon)\b/;

/** Whether a command sets variables before it starts a service. */
export const setsVariables = (command: readonly (Value | undefined)[]): boolean => SETS_VARIABLES.test(lineOf(command));

/**
 * The service that a container runs for certain, so that a run can take its place: `spacelift backend drain-local`, whatever
 * wraps it. Unlike `serviceStarted`, which reads configs, a word such as `scheduler` alone is not enough.
 * @param command the texts of its command and arguments; a wrapper's command line is one text: `sh -c 'exec spacelift backend server'`
 */
export function serviceRun(command: readonly string[]): Service | undefined {
  const words = command.flatMap(wordsIn);
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (word === 'backend' && next === 'server') return 'server';
    if (word === 'backend' && next !== undefined && /^drain(?:-|$)/.test(next)) return 'drain';
    if (word === 'backend' && next === GATEWAY) return GATEWAY;
    const before = words[index - 1];
    if (word === 'scheduler' && (before === undefined || BEFORE_SCHEDULER.test(before))) return 'scheduler';
  }
  return undefined;
}

const wordsIn = (text: string): string[] =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^['"]+|['";&|]+$/g, ''))
    .filter((word) => word !== '');

/** What may stand before `scheduler`, a word that other programs have as well. */
const BEFORE_SCHEDULER = /^(?:.*\/)?(?:spacelift|exec|--|.*\.sh)$/;
