/** `completion`: a shell script generated from the tables of commands, options and rules. */
import type { Command } from 'commander';
import { CHECKS } from '../app/checks.ts';
import { idsOf, withSubject } from '../engine/check.ts';
import { bash } from './completion/bash.ts';
import { fish } from './completion/fish.ts';
import { type Named, type Tables, tableOf } from './completion/table.ts';
import { zsh } from './completion/zsh.ts';
import type { Shell } from './options.ts';
import { written } from './print.ts';

const SCRIPTS: Readonly<Record<Shell, (tables: Tables) => string>> = { bash, zsh, fish };

/** @param root all commands, with their options */
export const completion = (host: NodeJS.Process, shell: Shell, root: Command): Promise<void> =>
  written(host, SCRIPTS[shell](tablesOf(root)));

function tablesOf(root: Command): Tables {
  return {
    program: root.name(),
    commands: [tableOf(root), ...root.commands.map(tableOf)],
    ids: CHECKS.flatMap((check) => {
      const titles = Object.entries(check.rules).flatMap(([key, { title }]) =>
        [undefined, ...(check.subjects ?? [])].map((subject) => [`${check.id}/${withSubject(key, subject)}`, title]),
      );
      const known = new Map(titles as [string, string][]);
      return idsOf(check).map((name): Named => ({ name, says: known.get(name) ?? '' }));
    }),
    groups: CHECKS.flatMap(({ id, title, subjects = [] }): Named[] => [
      { name: `${id}/*`, says: title },
      ...subjects.map((subject) => ({ name: `${id}/${subject}/*`, says: `${title}: ${subject}` })),
    ]),
    checks: CHECKS.map(({ id, title }): Named => ({ name: id, says: title })),
  };
}
