/** The operations of the database check, and the privileges that they need. */

import type { VariableName } from '../../src/config/contract.ts';
import type { Grant, PlannedOperation, Run } from '../../src/engine/check.ts';
import { NEWER, OLDER } from './drivers.ts';
import { hasReplica, isAnotherUrl } from './read-only.ts';
import { type DatabaseUrl, isSocket, parseDatabaseUrl } from './url.ts';
import { UrlError } from './url-error.ts';

const LOOKED_AT = [
  'connect',
  'product',
  'version',
  'writable',
  'dedicated',
  'ownership',
  'plaintext',
  'encoding',
  'connections',
  'settings',
  'clock',
];
const ROLLED_BACK = 'in one transaction that is rolled back';

export function plan(run: Run): PlannedOperation[] {
  const url = read(run.require('DATABASE_URL'));
  const at = hostsOf(url, 'DATABASE_URL');
  const database = `database ${url?.database ?? 'in DATABASE_URL'}`;
  const grant = (action: string, resource: string): Grant => ({ system: 'postgresql', action, resource });
  const { readOnly } = run.options;
  return [
    {
      rules: [...LOOKED_AT, 'privileges'],
      does: 'connects according to sslmode, logs in, and reads the server’s version, settings and clock, the role’s privileges, and the table catalog',
      at,
      grants: [grant('CONNECT', database)],
    },
    {
      rules: ['pooler'],
      does: 'queries the session’s server process twice; if it changes, opens a second session',
      at,
    },
    ...(readOnly
      ? []
      : [
          {
            rules: ['privileges'],
            does: 'if the role lacks CREATEROLE, tries to create a role',
            at,
            writes: `a role, ${ROLLED_BACK}`,
            grants: [grant('CREATEROLE', 'the role itself'), grant('CREATE', database)],
          },
          {
            rules: ['create-table'],
            does: 'creates, alters, indexes, fills, reads, and drops a table',
            at,
            writes: `a table in schema public, ${ROLLED_BACK}`,
            grants: [grant('CREATE', 'schema public'), grant('USAGE', 'schema public')],
          },
        ]),
    ...(hasReplica(run) ? [readOnlyUrl(run, at)] : []),
  ];
}

function readOnlyUrl(run: Run, primary: readonly string[]): PlannedOperation {
  if (!isAnotherUrl(run)) return { rules: ['read-only'], does: 'compares the two URLs', at: primary };
  const url = read(run.require('DATABASE_READ_ONLY_URL'));
  return {
    rules: ['read-only', 'plaintext'],
    does: 'logs in there too, and reads the name, oid and version of the database',
    at: hostsOf(url, 'DATABASE_READ_ONLY_URL'),
    grants: [{ system: 'postgresql', action: 'CONNECT', resource: `database ${url?.database ?? 'there'}` }],
  };
}

function read(value: string): DatabaseUrl | undefined {
  for (const driver of [NEWER, OLDER]) {
    try {
      return parseDatabaseUrl(value, driver);
    } catch (error) {
      if (!(error instanceof UrlError)) throw error;
    }
  }
  return undefined;
}

const hostsOf = (url: DatabaseUrl | undefined, variable: VariableName): string[] =>
  url === undefined ? [variable] : url.hosts.map((host) => (isSocket(host) ? host.host : `${host.host}:${host.port}`));
