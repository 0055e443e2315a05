/** The state of all services as plain JSON, for comparison. */
import type { World } from './world.ts';

export function snapshot({ keys, queues, rules, secrets, parameters }: World): Record<string, unknown> {
  return structuredClone({
    keys: Object.fromEntries(keys.all().map(({ arn, state, policy }) => [arn, { state, policy }])),
    queues: Object.fromEntries(
      queues.all().map(({ arn, attributes, messages }) => [
        arn,
        {
          attributes,
          messages: messages.map(({ id, body, receiveCount, visibleAt }) => ({ id, body, receiveCount, visibleAt })),
        },
      ]),
    ),
    rules: Object.fromEntries(rules.all().map((rule) => [rule.arn, rule])),
    names: [...secrets.all(), ...parameters.all()].map(({ arn, versionId }) => ({ arn, versionId })),
  });
}
