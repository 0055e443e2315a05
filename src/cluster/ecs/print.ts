/** Task definitions for people and for `aws ecs register-task-definition --cli-input-json`. */
import type { Redact } from '../../config/redact.ts';
import { type JsonMap, listIn } from '../../util/json.ts';
import { withoutValues } from '../values.ts';

export interface Masked {
  readonly definitions: readonly JsonMap[];
  /** The variables whose values were secrets of the task definitions. */
  readonly masked: readonly string[];
}

/** Values in secret stores are not in task definitions; those that a container has itself are masked. */
export function withoutSecrets(definitions: readonly JsonMap[], redact: Redact): Masked {
  const masked = new Set<string>();
  const all = definitions.map((definition) => ({
    ...definition,
    containerDefinitions: listIn(definition, 'containerDefinitions').map((container) =>
      withoutValues(container, 'environment', redact, masked),
    ),
  }));
  return { definitions: all, masked: [...masked] };
}
