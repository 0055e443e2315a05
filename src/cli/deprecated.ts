/** What is deprecated: its use prints one line, and nothing else changes (docs/versioning.md). */
import type { Acceptance } from './accept.ts';
import { notice } from './errors.ts';

interface Deprecation {
  readonly what: string;
  readonly instead: string;
  /** @param options as commander returns them */
  isUsed(options: Options): boolean;
}

interface Options {
  readonly accept?: readonly Acceptance[];
}

const DEPRECATED: readonly Deprecation[] = [
  {
    what: '--accept <id>=<reason>',
    instead: '--accept <id> --reason <text>',
    isUsed: ({ accept = [] }) => accept.some(({ isOneValue }) => isOneValue === true),
  },
];

export function sayDeprecated(host: NodeJS.Process, options: Options): void {
  for (const { what, instead, isUsed } of DEPRECATED)
    if (isUsed(options))
      notice(host, `${what} is deprecated, and the next major version will reject it; use ${instead}`);
}
