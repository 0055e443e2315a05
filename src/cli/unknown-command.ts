/** What is wrong with an argument that is no command. */
import { existsSync } from 'node:fs';
import { looksLikeContent, quotable } from '../config/input-error.ts';
import { editDistance } from '../util/edit-distance.ts';

/** The message, in one line. */
export function unknownCommand(given: string, commands: readonly string[]): string {
  if (looksLikeContent(given))
    return 'unexpected argument that looks like part of a config; use -f - to read a config from standard input';
  if (existsSync(given)) return `unexpected argument ${given}; to check a config, use -f ${given}`;
  const meant = meantBy(given, commands);
  return meant === undefined
    ? `unknown command ${quotable(given)}; expected one of ${commands.join(', ')}, or -f with a config`
    : `unknown command ${quotable(given)}, did you mean ${meant}?`;
}

/** Typing errors: names of at most 4 characters are too alike for two. */
const mostErrorsIn = (name: string): number => (name.length <= 4 ? 1 : 2);

function meantBy(given: string, commands: readonly string[]): string | undefined {
  const near = commands
    .map((name) => ({ name, errors: editDistance(given, name, mostErrorsIn(name)) }))
    .filter(({ name, errors }) => errors <= mostErrorsIn(name));
  return near.sort((one, other) => one.errors - other.errors)[0]?.name;
}
