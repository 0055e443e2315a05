/** The rules that need nothing but the facts about the server itself. */

import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { span } from '../../src/util/format.ts';
import type { Server } from './facts.ts';

/** The oldest and newest major versions that Spacelift supports (Spacelift docs, "External dependencies", "Database"). */
const SUPPORTED = { oldest: 14, newest: 16 };
const CLOCK_MS = 5_000;

/** By the result of `version()`. Extensions of PostgreSQL (Aurora, AlloyDB, EDB, Citus, Timescale) are not listed. */
const OTHER_PRODUCTS: readonly (readonly [RegExp, string])[] = [
  [/CockroachDB/i, 'CockroachDB'],
  [/Redshift/i, 'Amazon Redshift'],
  [/-YB-|Yugabyte/i, 'YugabyteDB'],
  [/Greenplum/i, 'Greenplum'],
  [/Materialize/i, 'Materialize'],
  [/QuestDB/i, 'QuestDB'],
  [/CrateDB/i, 'CrateDB'],
  [/RisingWave/i, 'RisingWave'],
  [/openGauss|GaussDB/i, 'openGauss'],
  [/Spanner/i, 'Spanner'],
];

export function judgeProduct(answer: string): Outcome {
  const name = OTHER_PRODUCTS.find(([pattern]) => pattern.test(answer))?.[1];
  if (name === undefined && answer.startsWith('PostgreSQL ')) return pass('PostgreSQL');
  return fail(`the database is ${name ?? 'another product'}, not PostgreSQL`, {
    detail: 'It speaks the PostgreSQL protocol, but Spacelift’s schema requires PostgreSQL itself.',
    expected: `PostgreSQL ${SUPPORTED.oldest} to ${SUPPORTED.newest}`,
    fix: advice`create a database on PostgreSQL ${SUPPORTED.newest} and point DATABASE_URL to its URL`,
    evidence: name === undefined ? {} : { product: name },
  });
}

export function judgeVersion({ version, number }: Server): Outcome {
  const major = Math.floor(number / 10_000);
  const evidence = { version, major };
  const expected = `PostgreSQL ${SUPPORTED.oldest}, 15 or ${SUPPORTED.newest}`;
  if (major < SUPPORTED.oldest) {
    return fail(`PostgreSQL ${version} is too old for Spacelift`, {
      expected,
      fix: advice`upgrade the server to PostgreSQL ${SUPPORTED.newest} (pg_upgrade, or the provider’s major version upgrade)`,
      evidence,
    });
  }
  if (major > SUPPORTED.newest) {
    return warn(`PostgreSQL ${version} is not officially supported`, {
      detail: 'It may work, but Spacelift does not test or support it.',
      expected,
      fix: advice`use PostgreSQL ${SUPPORTED.newest} for a new installation`,
      evidence,
    });
  }
  return pass(`PostgreSQL ${version}`, { evidence });
}

/** The server's time must lie between request and response; the distance outside is the minimum clock difference. */
export function judgeClock({ clock }: Server, { sent, received }: { sent: number; received: number }): Outcome {
  const ahead = clock > received ? clock - received : Math.min(0, clock - sent);
  const evidence = { differenceMs: Math.round(ahead) };
  if (Math.abs(ahead) <= CLOCK_MS) return pass('the server’s clock matches this machine’s', { evidence });
  return warn(`the database’s clock is ${span(ahead)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s`, {
    expected: 'a difference of less than 5 s',
    fix: advice`compare both clocks with "date -u", and synchronize the wrong one over NTP (timedatectl set-ntp true)`,
    evidence,
  });
}
