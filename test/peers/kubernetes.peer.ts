/** The manifests of the examples, by the types of Kubernetes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { faultsIn } from './kubernetes-types.ts';

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

test('what is misspelled is rejected', async () => {
  const pod = (spec: string, more = '') =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: x${more} }\nspec: { ${spec} }\n`;
  const good = pod('restartPolicy: Never');
  const bad = [
    pod('restartPolice: Never'),
    pod('restartPolicy: Never, restartPolicy: Never'),
    pod('containers: {}'),
    pod('', ', labels: { "a b": x }'),
    good.replace('kind: Pod', 'kind: Pot'),
  ];
  const [none, ...faults] = await faultsIn([good, ...bad]);
  expect(none).toEqual([]);
  expect(faults.map(({ length }) => length)).toEqual(bad.map(() => 1));
});

test.each(['examples/kubernetes-job.yaml', 'examples/argo-cd-presync.yaml', 'examples/prometheus-cronjob.yaml'])(
  '%s',
  async (path) => {
    expect(await faultsIn([await read(path)])).toEqual([[]]);
  },
);
