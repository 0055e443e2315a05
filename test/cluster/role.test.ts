/** What `run kubernetes` may do: in documentation and plan, and nothing cluster-wide. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CLUSTER_ACCESS, inWords, yamlOf } from '../../src/cluster/role.ts';

const RULES = [...CLUSTER_ACCESS.rules, ...CLUSTER_ACCESS.createServiceAccounts];

it('is documented as it is', async () => {
  const page = await readFile(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');
  for (const rule of RULES) expect(page).toContain(`\n  ${yamlOf(rule)}\n`);
  expect(page.match(/^ {2}- \{ apiGroups/gm)).toHaveLength(RULES.length);
});

it('has no Secrets, no wildcards, and nothing that belongs to no namespace', () => {
  const words = inWords(RULES);
  expect(words).not.toMatch(/secrets|\*|namespaces|nodes|clusterrole|watch|escalate|impersonate/);
  expect(inWords(CLUSTER_ACCESS.rules)).toBe(
    'list deployments; create, list, delete jobs; create, get, list, delete pods; get pods/log; list events',
  );
});
