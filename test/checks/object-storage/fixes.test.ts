/** Whatever the names in a config and in a store's answers are, a command that is printed does what it says, and no more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsMessages, awsSays, keySays, type Names } from '../../../checks/object-storage/aws/messages.ts';
import { azureRefusal } from '../../../checks/object-storage/azure/errors.ts';
import { assignRole, azureMessages } from '../../../checks/object-storage/azure/messages.ts';
import { gcpRefusal } from '../../../checks/object-storage/gcp/errors.ts';
import { gcpMessages } from '../../../checks/object-storage/gcp/messages.ts';
import { minioMessages } from '../../../checks/object-storage/minio/messages.ts';
import {
  type Retention,
  type StoreAction,
  StoreError,
  type StoreKind,
  type StoreMessages,
} from '../../../checks/object-storage/store.ts';
import { entraIssue } from '../../../src/clouds/azure/credential-messages.ts';
import { credentialIssue, type GoogleAuthFailure } from '../../../src/clouds/google/credential-messages.ts';
import type { HttpAnswer } from '../../../src/net/http.ts';
import { Fix, type Shell } from '../../../src/outcome/fix.ts';
import { declared, makeRecorder, type Recorder } from '../../support/recorder.ts';

let recorder: Recorder;
beforeAll(() => {
  recorder = makeRecorder([
    'mc',
    'aws',
    'gcloud',
    'az',
    'kubectl',
    'tee',
    'xargs',
    'curl',
    'getent',
    'openssl',
    'timedatectl',
  ]);
});
afterAll(() => recorder.remove());

/** All that can be printed. */
const NAMES = [
  "a'; touch x; '",
  'a"; touch x; "',
  '$(touch x)',
  '`touch x`',
  '${IFS}',
  'a b',
  'a\\',
  '-o',
  '--delete',
  'é',
  'a; touch x',
  'a\u00a0b',
  '*',
  '~',
  '#x',
  '!!',
  '%s',
  '=ls',
  '|x',
  '&',
  '>x',
  '{a,b}',
  '##vso[x]',
  '',
];
/** What no command can be given. */
const UNPRINTABLE = ['a\ntouch x', 'a\u001b[2J', '\u202ea', 'a\u200bb'];

const KINDS = {
  credentials: 0,
  signature: 0,
  expired: 0,
  'clock-skew': 0,
  denied: 0,
  'no-bucket': 0,
  'invalid-name': 0,
  'wrong-region': 0,
  'slow-down': 0,
  starting: 0,
  full: 0,
  quota: 0,
  'too-large': 0,
  'server-error': 0,
  'not-a-store': 0,
  redirected: 0,
  unsupported: 0,
  other: 0,
} satisfies Readonly<Record<StoreKind, 0>>;
const RETENTIONS: readonly Retention[] = [
  { mode: 'governance', periodMs: 86_400_000 },
  { mode: 'compliance', periodMs: 86_400_000 },
  { mode: 'compliance', periodMs: undefined },
];
const ACTIONS: readonly StoreAction[] = ['put', 'list', 'read policy'];

/** Everything that the words of a store can say of a bucket. */
function said(words: StoreMessages, bucket: string, origin: string): Fix[] {
  const problems = (Object.keys(KINDS) as StoreKind[]).flatMap((kind) =>
    ACTIONS.map(
      (action) =>
        new StoreError(kind, {
          action,
          bucket,
          code: 'Code',
          region: 'eu-west-1',
          location: new URL('https://other.corp.io/x'),
        }),
    ),
  );
  return [
    ...problems.map((problem) => words.fixes[problem.kind](problem)),
    ...Object.values(words.network),
    words.versioning(bucket),
    words.expire(bucket, 7),
    words.keep(bucket),
    words.makePrivate(bucket),
    words.allowOrigin(bucket, origin),
    words.overTls,
    words.remove(bucket, `${origin}/`),
    words.remove(bucket, origin),
    ...RETENTIONS.flatMap((retention) => [
      words.remove(bucket, `${origin}/`, retention),
      words.remove(bucket, origin, retention),
    ]),
  ].filter(Fix.is);
}

interface Said {
  readonly fixes: readonly (Fix | undefined)[];
  readonly looks?: readonly Shell[];
}

const answer = (status: number, body: string, headers = {}): HttpAnswer => ({
  status,
  headers,
  body: Buffer.from(body),
});
const denial = (bucket: string) => new StoreError('denied', { action: 'put', bucket, code: 'AccessDenied' });

const STORES: Readonly<Record<string, (name: string) => Said>> = {
  minio: (name) => ({
    fixes: [true, false].flatMap((secure) =>
      said(minioMessages({ accessKey: name, endpoint: name, secure }), name, name),
    ),
  }),
  aws: (name) => {
    const of = (names: Partial<Names>) => ({
      ...{ region: name, partition: name, account: name, endpointFrom: undefined },
      ...names,
    });
    const elsewhere = new StoreError('wrong-region', { action: 'put', bucket: name, region: 'eu-west-1' });
    const messages = ['explicit deny in a resource-based policy', 'explicit deny in a service control policy', ''];
    return {
      fixes: [
        ...said(awsMessages(of({})), name, name),
        ...said(awsMessages(of({ region: 'us-east-1', endpointFrom: 'AWS_ENDPOINT_URL' })), name, name),
        ...messages.map((message) => awsSays(denial(name), message, of({}))?.fix),
        awsSays(elsewhere, '', of({}))?.fix,
        keySays(new StoreError('other', { action: 'put', bucket: name, code: 'KMS.Disabled' }), '')?.fix,
      ],
    };
  },
  azure: (name) => {
    const account = { name, url: 'https://account.blob.core.windows.net', management: '' };
    const words = azureMessages(account, () => name);
    const refused = (code: string) =>
      azureRefusal(answer(403, '', { 'x-ms-error-code': code }), { action: 'put', bucket: name }, account)?.says?.fix;
    const facts = { tenant: name, authority: name, configured: true, detail: '' };
    return {
      fixes: [
        ...said(words, name, name),
        assignRole(account, undefined),
        ...['AuthorizationFailure', 'AccountIsDisabled', 'KeyVaultAccessDenied', 'InvalidAuthenticationInfo'].map(
          refused,
        ),
        ...[undefined, '7000215', '7000222', '700016', '7000112', '90002', '700211', '700027', '50076'].flatMap(
          (number) => [
            entraIssue({ ...facts, client: name, number }).fix,
            entraIssue({ ...facts, client: undefined, number }).fix,
          ],
        ),
      ],
      looks: Object.values(words.look ?? {}),
    };
  },
  gcp: (name) => {
    const names = { host: name, endpointFrom: undefined, account: () => name };
    const refused = (message: string) =>
      gcpRefusal(answer(403, JSON.stringify({ error: { message } })), { action: 'put', bucket: name }, names)?.says
        ?.fix;
    const refusals: readonly Partial<GoogleAuthFailure>[] = [
      ...['missing', 'no-file', 'file', 'NOT_FOUND', 'disabled_client', 'invalid_target'].map((code) => ({ code })),
      { code: 'metadata', status: 403 },
      { code: 'metadata', status: 500 },
      ...['Invalid JWT Signature', 'getAccessToken', 'SERVICE_DISABLED', 'invalid_rapt'].map((text) => ({
        said: text,
      })),
      { asked: 'signature', status: 403 },
    ];
    return {
      fixes: [
        ...said(gcpMessages(names), name, name),
        ...said(gcpMessages({ ...names, endpointFrom: 'STORAGE_EMULATOR_HOST', account: () => undefined }), name, name),
        ...['Cloud KMS key', 'retention policy', 'no storage.objects.get access'].map(refused),
        ...refusals.flatMap((refusal) =>
          [name, undefined].map(
            (account) => credentialIssue({ asked: 'token', code: undefined, path: name, account, ...refusal }).fix,
          ),
        ),
      ],
    };
  },
};

/** What can be pasted of it: each command, and those in prose. */
function pastable({ fixes, looks = [] }: Said): { text: string; of: Fix | Shell }[] {
  const all = fixes.filter((fix) => fix !== undefined);
  const commands = all.filter(({ kind }) => kind === 'command');
  const inProse = [...all.filter(({ kind }) => kind === 'advice').flatMap(({ shells }) => shells), ...looks];
  return [
    ...commands.map((fix) => ({ text: fix.text, of: fix })),
    ...inProse.flatMap((shell) => (shell.text === undefined ? [] : [{ text: shell.text, of: shell }])),
  ];
}

describe.each(Object.entries(STORES))('%s', (_, say) => {
  test.each([...NAMES, ...UNPRINTABLE])('every command with the name %j', async (name) => {
    const once = new Map(pastable(say(name)).map(({ text, of }) => [text, of]));
    expect(once.size).toBeGreaterThan(1);
    // One after another, as they would be pasted.
    const { ran, ...rest } = await recorder.play([...once.keys()].join('\n'));
    expect(ran).toEqual([...once.values()].flatMap(declared));
    expect(rest).toEqual({ code: 0, stderr: '', files: [] });
  });

  test.each(UNPRINTABLE)('no text that can be pasted has the name %j', (name) => {
    for (const { text } of pastable(say(name))) expect(text).not.toContain(name);
  });
});

test.each(Object.entries(STORES))('%s: each setting is a command where its names can be written', (_, say) => {
  const kinds = (name: string) => say(name).fixes.filter((fix) => fix?.kind === 'command').length;
  for (const name of NAMES.filter((one) => !one.startsWith('-'))) expect(kinds(name)).toBe(kinds('plain'));
  for (const name of UNPRINTABLE) expect(kinds(name)).toBeLessThan(kinds('plain'));
});

test('a store’s JSON arrives in the file that gcloud reads, and versions are named by four words each', async () => {
  const gcp = gcpMessages({ host: 'h', endpointFrom: undefined, account: () => undefined });
  const azure = azureMessages({ name: 'a', url: 'https://a.blob.core.windows.net', management: '' }, () => undefined);
  const { ran: expiring } = await recorder.play(gcp.expire("b'", 3).text);
  expect(expiring).toEqual([
    ['printf', '%s', '{"rule":[{"action":{"type":"Delete"},"condition":{"age":3}}]}'],
    ['tee', 'lifecycle.json'],
    ['gcloud', 'storage', 'buckets', 'update', "gs://b'", '--lifecycle-file=lifecycle.json'],
  ]);
  const { ran: removing } = await recorder.play(azure.remove('b', 'k/').text);
  expect(removing.map(([program]) => program)).toEqual(['az', 'az', 'xargs']);
  expect(removing[1]).toContainEqual(
    expect.stringMatching(
      /^\[\?versionId && !contains\(name, `" "`\) && .*\]\.\['--name', name, '--version-id', versionId\]$/,
    ),
  );
});
