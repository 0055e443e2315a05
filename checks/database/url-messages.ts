/** Messages for an invalid database URL. They quote no part that could belong to the password. */

import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import type { UrlError, UrlFaultKind } from './url-error.ts';

interface UrlMessages {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

const FORM = 'postgres://user:password@host:5432/database?sslmode=require';
const ENCODE = "percent-encode user and password separately: printf %s 'PASSWORD' | jq -sRr @uri";

const WORDS: Readonly<Record<UrlFaultKind, (variable: string, fault: UrlError) => UrlMessages>> = {
  scheme: (variable) => ({
    title: `${variable} does not start with postgres:// or postgresql://`,
    expected: FORM,
    fix: advice`write ${variable} as a PostgreSQL URL`,
  }),
  keywords: (variable) => ({
    title: `${variable} is a keyword=value connection string, not a URL`,
    expected: FORM,
    fix: advice`write ${variable} as a URL`,
  }),
  unescaped: (variable) => ({
    title: `the user or password in ${variable} contains a character that is not percent-encoded`,
    detail: 'A / ? # [ ] or a space ends the user and password too early or makes the URL invalid.',
    expected: '%2F for /, %3F for ?, %23 for #, %5B and %5D for brackets, %40 for @, %25 for %',
    fix: advice`${ENCODE}`,
  }),
  percent: (variable) => ({
    title: `${variable} contains a % that does not start a percent-encoded character`,
    expected: '%25 for a literal %',
    fix: advice`${ENCODE}`,
  }),
  host: (variable) => ({
    title: `${variable} has no host`,
    expected: FORM,
    fix: advice`add the database server’s host to ${variable}`,
  }),
  'host-name': (variable) => ({
    title: `${variable} has an invalid host`,
    detail:
      'A host is a name made of letters, digits, hyphens, underscores and dots, an IP address, or the directory of a socket.',
    expected: FORM,
    fix: advice`correct the host in ${variable}, or ${ENCODE}`,
  }),
  port: (variable) => ({
    title: `${variable} has an invalid port`,
    detail:
      'The port is not a number from 1 to 65535; a / ? or # in the password that is not percent-encoded has the same effect.',
    expected: FORM,
    fix: advice`correct the port in ${variable}, or ${ENCODE}`,
  }),
  query: (variable) => ({
    title: `a parameter in ${variable} has no value, or an = that is not percent-encoded`,
    expected: 'name=value pairs separated by &, with %3D for = in a value',
    fix: advice`correct the parameters after ? in ${variable}`,
  }),
  ports: (variable) => ({
    title: `${variable} has a different number of hosts and ports`,
    expected: 'one port for all hosts, or one for each',
    fix: advice`give each host in ${variable} its port: host1:5432,host2:5432`,
  }),
  user: (variable) => ({
    title: `${variable} has no user`,
    detail: 'The driver would log in as the operating system user in Spacelift’s container.',
    expected: FORM,
    fix: advice`add the role to ${variable}`,
  }),
  value: (variable, { parameter, expected }) => ({
    title: `${parameter} in ${variable} has a value that the driver rejects`,
    expected: expected ?? 'a valid value',
    fix: advice`correct ${parameter ?? 'it'} in ${variable}`,
  }),
  pair: (variable, { parameter, expected }) => ({
    title: `${variable} has ${parameter} without ${expected}`,
    expected: 'sslcert and sslkey together',
    fix: advice`add ${expected ?? 'the other'} to ${variable}, or remove ${parameter ?? 'it'}`,
  }),
};

export function urlOutcome(fault: UrlError, variable: string): Issue {
  const { title, ...words } = WORDS[fault.kind](variable, fault);
  return fail(title, {
    ...words,
    evidence: { variable, ...(fault.parameter !== undefined && { parameter: fault.parameter }) },
    cause: cause.database('url', variable),
  });
}
