/**
 * The form of a decisions file, for editors and for reading it: printed by `schema decisions`. It is compared with YAML nodes, whose
 * lines, tags and aliases no schema for values sees; nothing repeats it.
 */
import { PHASES, PLACES } from '../../config/options.ts';
import { type Check, idsOf } from '../../engine/check.ts';
import type { JsonSchema } from '../../report/json-schema.ts';

/** Options that the file may set: none that opens files, contacts others, decides where credentials go, or counts fewer failures. */
const OPTIONS: Readonly<Record<string, JsonSchema>> = {
  concurrency: { type: 'integer', description: 'Number of dependencies checked at once.' },
  from: { type: 'string', enum: PLACES, description: 'Where it runs.' },
  phase: { type: 'string', enum: PHASES },
  'read-only': { type: 'boolean', description: 'Do not write to any system.' },
  release: { type: 'string', description: 'Release of Self-Hosted to check for, such as "4.3.0".' },
  strict: { type: 'boolean', description: 'Exit with 1 on warnings that are not accepted.' },
  timeout: { type: 'number', description: 'Time limit for the whole run, in seconds.' },
  wait: { type: 'string', description: 'How long to try again what failed, such as 5m.' },
};
export const OPTION_NAMES = Object.keys(OPTIONS);

/** At least one character that can be seen. */
const VISIBLE = '[^\\s\\p{C}]';

const closed = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const text = (description: string): JsonSchema => ({ type: 'string', pattern: VISIBLE, description });
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description });

function sections(ids: readonly string[]): Readonly<Record<string, JsonSchema>> {
  const id = {
    anyOf: [{ enum: ids }, { type: 'string', pattern: '^[a-z][^\\[]*\\[.*\\]$' }],
    description: 'The ID of the finding.',
  };
  const accepted = closed(
    {
      id,
      reason: text('Why the warning is accepted.'),
      who: text('Who accepted it.'),
      until: { type: 'string', format: 'date', description: 'The last day, as in 2026-12-31 (UTC).' },
    },
    ['id', 'reason'],
  );
  const skipped = closed({ id: text('The ID of a rule, or a pattern.'), reason: text('Why it is skipped.') }, [
    'id',
    'reason',
  ]);
  return {
    accept: list(accepted, 'Warnings that do not count.'),
    skip: list(skipped, 'Rules that are not checked.'),
    require: list(text('The ID of a rule, or a pattern.'), 'Rules that must not be skipped.'),
    options: { ...closed(OPTIONS), description: 'Options, unless the command line or a variable sets them.' },
  };
}

/** Draft 2020-12. The IDs are those of this version's rules. */
export function decisionsSchema(checks: readonly Check[]): JsonSchema {
  const own = sections(checks.flatMap(idsOf));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:spacelift-preflight:decisions:1',
    title: 'Decisions for spacelift-preflight (preflight.yaml)',
    ...closed({
      ...own,
      profiles: {
        type: 'object',
        additionalProperties: closed(own),
        description: 'More decisions for an environment, by the name for --config-profile.',
      },
    }),
  };
}
