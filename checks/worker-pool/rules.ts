/** The rules about the credentials of a worker pool. */
import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

export const RULES = {
  token: {
    title: 'the worker pool’s token is readable',
    procedure:
      'With --service worker, or if the config holds only a worker pool’s Secret: reads SPACELIFT_TOKEN, or token in the worker pool’s Secret (next to privateKey), as base64 of a JSON object. Warns if it is base64 of something else, because Spacelift does not document the contents.',
    rationale: 'Workers find Spacelift’s broker with this token, and identify themselves with its certificate.',
    fix: 'Set the token to the contents of the file that Spacelift returned when the worker pool was created, unchanged.',
    example: {
      found: 'token is the ID of a worker pool, not its token',
      fix: 'set token to the contents of the file worker-pool-ID.config, unchanged; if it is lost, reset the worker pool',
    },
    docs: DOCS.workerPools,
  },
  'private-key': {
    title: 'the worker pool’s private key is readable',
    procedure:
      'With --service worker, or if the config holds only a worker pool’s Secret: reads SPACELIFT_POOL_PRIVATE_KEY, or privateKey in the worker pool’s Secret (next to token), as base64 of a PEM RSA private key without a passphrase. If the token contains a certificate, compares the key with it.',
    rationale:
      'Workers decrypt the state of their runs with this key, and prove with it that the token belongs to them.',
    fix: 'Set the key to base64 of the key file that the pool’s certificate signing request was created with.',
    example: {
      found: 'privateKey is a PEM file that is not base64-encoded',
      fix: 'set privateKey to the output of: base64 -w0 < spacelift.key',
    },
    docs: DOCS.workerPools,
  },
} as const satisfies Record<string, Rule>;

export type WorkerPoolRule = keyof typeof RULES;

export const workerPoolFinding = findingIds<WorkerPoolRule>('worker-pool');
