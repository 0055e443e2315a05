/** The schemas of what a report tells about the config and about a decisions file. */
import { described, flag, list, map, object, optional, type TypeOf, text, wholeNumber } from '../util/schema.ts';

export const LOCATION = described(
  object({
    file: described(text(), 'The path as given, or "standard input".'),
    document: optional(described(wholeNumber(), 'From 1, if the file contains more than one.')),
    line: optional(described(wholeNumber(), 'Of the variable in the file, from 1; known for env files and YAML.')),
    kind: optional(described(text(), 'Of the Kubernetes object.')),
    name: optional(described(text(), 'Of the Kubernetes object.')),
    namespace: optional(described(text(), 'Of the Kubernetes object.')),
    container: optional(described(text(), 'In a task definition, a workload or a Compose file.')),
    address: optional(described(text(), 'Of the Terraform resource or output, or the secret of a secret store.')),
  }),
  'Where a variable is set, for programs; absent parts are unknown. Without a location, it is in the environment.',
);
export type Location = TypeOf<typeof LOCATION>;

export const ACCEPTED = described(
  object({
    reason: text(),
    who: optional(described(text(), 'Who accepted it.')),
    until: optional(described(text(), 'The last day, YYYY-MM-DD.')),
    isExpired: optional(described(flag(), 'Whether that day is over (UTC): the warning counts again.')),
    where: optional(described(text(), 'The file and the line.')),
  }),
  'Why a warning is accepted.',
);
export type Accepted = TypeOf<typeof ACCEPTED>;

export const SKIPPED_RULES = object({
  id: described(text(), 'A pattern of rule IDs.'),
  reason: text(),
  where: described(text(), 'The file and the line.'),
});
export type SkippedRules = TypeOf<typeof SKIPPED_RULES>;

export const DECISIONS = described(
  object({
    file: described(text(), 'The path as given.'),
    profile: optional(text()),
    accepted: described(map(ACCEPTED), 'By finding ID, whether or not the warning was found.'),
    skipped: list(SKIPPED_RULES),
    required: described(list(text()), 'Patterns of rules that must not be skipped.'),
    options: described(map(text()), 'By name, as on the command line: those that neither it nor a variable sets.'),
  }),
  'What a decisions file (preflight.yaml) decided.',
);
export type Decisions = TypeOf<typeof DECISIONS>;

export const PINNED = described(
  object({
    encryption: optional(
      described(
        map(text()),
        'The method and the identity of its keys, as in the evidence of encryption/choice: never the keys themselves.',
      ),
    ),
    objectStorage: optional(
      object({
        type: text(),
        buckets: described(map(text()), 'The names of the buckets by their purpose.'),
        uploadsUrl: optional(described(text(), 'The value of OBJECT_STORAGE_BUCKET_UPLOADS_URL.')),
      }),
    ),
    mqttBroker: optional(object({ type: text(), endpoint: text() })),
  }),
  'What can’t be changed after installation, or not without moving data: a run with a baseline checks that it is the same.',
);
export type Pinned = TypeOf<typeof PINNED>;
