/** Why a database URL can't be read, in words that hold nothing of what could belong to its password. */

import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import type { UrlError, UrlFaultKind } from './url.ts';

interface UrlMessages {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

const FORM = 'postgres://user:password@host:5432/database?sslmode=require';
const ENCODE = "percent-encode user and password, each by itself: printf %s 'PASSWORD' | jq -sRr @uri";

const WORDS: Readonly<Record<UrlFaultKind, (variable: string, fault: UrlError) => UrlMessages>> = {
  scheme: (variable) => ({
    title: `${variable} does not begin with postgres:// or postgresql://`,
    expected: FORM,
    fix: advice`write ${variable} as a URL of PostgreSQL`,
  }),
  keywords: (variable) => ({
    title: `${variable} is a list of keyword=value, not a URL`,
    expected: FORM,
    fix: advice`write ${variable} as a URL`,
  }),
  unescaped: (variable) => ({
    title: `the user or password in ${variable} has a character that is not percent-encoded`,
    detail: 'A / ? # [ ] or a space ends the user and password too early, or makes the URL unreadable.',
    expected: '%2F for /, %3F for ?, %23 for #, %5B and %5D for brackets, %40 for @, %25 for %',
    fix: advice`${ENCODE}`,
  }),
  percent: (variable) => ({
    title: `${variable} has a % that begins no percent-encoded character`,
    expected: '%25 for a % that is meant as such',
    fix: advice`${ENCODE}`,
  }),
  host: (variable) => ({
    title: `${variable} names no host`,
    expected: FORM,
    fix: advice`name the database server’s host in ${variable}`,
  }),
  'host-name': (variable) => ({
    title: `${variable} has no valid host`,
    detail:
      'A host is a name of letters, digits, hyphens, underscores and dots, an IP address, or the directory of a socket.',
    expected: FORM,
    fix: advice`correct the host in ${variable}, or ${ENCODE}`,
  }),
  port: (variable) => ({
    title: `${variable} has no valid port after its host`,
    detail:
      'It is not a number from 1 to 65535; a / ? or # in the password that is not percent-encoded has this effect too.',
    expected: FORM,
    fix: advice`correct the port in ${variable}, or ${ENCODE}`,
  }),
  user: (variable) => ({
    title: `${variable} names no user`,
    detail: 'The driver would log in as the user of Spacelift’s container.',
    expected: FORM,
    fix: advice`name the role in ${variable}`,
  }),
  value: (variable, { parameter, expected }) => ({
    title: `${parameter} in ${variable} has a value that the driver refuses`,
    expected: expected ?? 'another value',
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
