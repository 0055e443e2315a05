/** Ids that one check waits on in another: a misspelled one does not compile, and one that no rule can give is an error. */
import { expect, it } from 'vitest';
import { databaseFinding } from '../../checks/database/rules.ts';
import { encryptionFinding } from '../../checks/encryption/rules.ts';
import { CHECKS } from '../../checks/index.ts';
import { queuesFinding } from '../../checks/message-queues/rules.ts';
import { mqttFinding } from '../../checks/mqtt-broker/rules.ts';
import { type Context, idsOf } from '../../src/engine/check.ts';
import type { FindingId } from '../../src/engine/finding-id.ts';

const IDS = new Set(CHECKS.flatMap(idsOf));

it.each([
  databaseFinding('privileges'),
  encryptionFinding('kms/distinct'),
  queuesFinding('iot/access'),
  queuesFinding('postgres'),
  mqttFinding('iotcore/publish'),
])('%s is the id of a rule', (id) => {
  expect(IDS).toContain(id);
});

it('does not compile when it is misspelled', () => {
  // The type checker reads this, and nothing runs it: each line that compiles is an error of its own.
  const misspelled = ({ dependsOn }: Context<string>): FindingId[] => {
    // @ts-expect-error: text is no id, however it is spelt
    dependsOn('database/privileges');
    // @ts-expect-error: no such rule
    dependsOn(databaseFinding('privilages'));
    // @ts-expect-error: no such queue
    queuesFinding('iott/access');
    // @ts-expect-error: the placeholder is no queue
    queuesFinding('<queue>/access');
    // @ts-expect-error: one of three
    return (['exists', 'knd', 'access'] as const).map((rule) => queuesFinding(`iot/${rule}`));
  };
  expect(misspelled).toBeTypeOf('function');
});
