/** The lines of variables in the file, for formats that point to them. */
import { expect, test } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';

const DOMAIN = 'a.example.org';
const BASE64 = Buffer.from(DOMAIN).toString('base64');
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: spacelift-shared\n';
const POD = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: spacelift-server
spec:
  template:
    spec:
      containers:
        - name: server
          command: [spacelift, server]
`;

/** The lines of what the file sets, by variable. */
async function linesIn(text: string, name = 'x.yaml'): Promise<Record<string, number | undefined>> {
  const { entries } = await parseSource(name, text);
  return Object.fromEntries(entries.map((entry) => [entry.name, entry.location?.line]));
}

test.each([
  ['an env file', `# x\n\nexport ENVIRONMENT="a\nb"\nSERVER_DOMAIN=${DOMAIN}\n`, { ENVIRONMENT: 3, SERVER_DOMAIN: 5 }],
  [
    'the last of several lines',
    `SERVER_DOMAIN=b\nENVIRONMENT=x\nSERVER_DOMAIN=${DOMAIN}\n`,
    { ENVIRONMENT: 2, SERVER_DOMAIN: 3 },
  ],
  ['a flat map', `ENVIRONMENT: x\n\n"SERVER_DOMAIN":\n  ${DOMAIN}\n`, { ENVIRONMENT: 1, SERVER_DOMAIN: 3 }],
  [
    'a Secret',
    `${SECRET}data:\n  SERVER_DOMAIN: ${BASE64}\nstringData:\n  # x\n  ENVIRONMENT: |\n    prod\n`,
    { SERVER_DOMAIN: 6, ENVIRONMENT: 9 },
  ],
  [
    'a second document',
    `a: b\n---\n${SECRET}stringData:\n  SERVER_DOMAIN: ${DOMAIN}\n`.replace('a: b\n', '# x\n'),
    { SERVER_DOMAIN: 8 },
  ],
  [
    'a list',
    `apiVersion: v1\nkind: List\nitems:\n- ${SECRET.trim().replaceAll('\n', '\n  ')}\n  stringData:\n    SERVER_DOMAIN: ${DOMAIN}\n`,
    { SERVER_DOMAIN: 9 },
  ],
  [
    'a container, of its own and of a Secret',
    `${POD}          env:\n            - name: SERVER_DOMAIN\n              value: ${DOMAIN}\n          envFrom:\n            - secretRef: {name: spacelift-shared}\n---\n${SECRET}stringData:\n  ENVIRONMENT: x\n`,
    { SERVER_DOMAIN: 12, ENVIRONMENT: 22 },
  ],
  ['values of a chart', `spacelift:\n  env:\n    SERVER_DOMAIN: ${DOMAIN}\n`, { SERVER_DOMAIN: 3 }],
  [
    'values of a chart in pairs',
    `spacelift:\n  env:\n    - value: ${DOMAIN}\n      name: SERVER_DOMAIN\n`,
    { SERVER_DOMAIN: 4 },
  ],
  [
    'a Compose file',
    `services:\n  server:\n    image: x\n    environment:\n      SERVER_DOMAIN: ${DOMAIN}\n`,
    { SERVER_DOMAIN: 5 },
  ],
] as const)('%s', async (_, text, lines) => {
  expect(await linesIn(text)).toEqual(lines);
});

test.each([
  ['JSON', JSON.stringify({ SERVER_DOMAIN: DOMAIN }, null, 2)],
  ['a text in a text', JSON.stringify(`${SECRET}stringData:\n  SERVER_DOMAIN: ${DOMAIN}\n`)],
])('those in %s are not known', async (_, text) => {
  expect(await linesIn(text)).toEqual({ SERVER_DOMAIN: undefined });
});
