/** The rules that need nothing but the facts about the server itself. */

import type { AssumedRelease } from '../../src/config/assumed-release.ts';
import { firstReleaseFor, postgresqlFor } from '../../src/config/releases.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { span } from '../../src/util/format.ts';
import type { Server } from './facts.ts';

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

export function judgeProduct(answer: string, { release }: AssumedRelease): Outcome {
  const { oldest, newest } = postgresqlFor(release);
  const name = OTHER_PRODUCTS.find(([pattern]) => pattern.test(answer))?.[1];
  if (name === undefined && answer.startsWith('PostgreSQL ')) return pass('PostgreSQL');
  return fail(`the database is ${name ?? 'another product'}, not PostgreSQL`, {
    detail: 'It speaks the PostgreSQL protocol, but Spacelift’s schema requires PostgreSQL itself.',
    expected: `PostgreSQL ${oldest} to ${newest}`,
    fix: advice`create a database on PostgreSQL ${newest} and point DATABASE_URL to its URL`,
    evidence: name === undefined ? {} : { product: name },
  });
}

/** The supported versions depend on the release of Self-Hosted (Spacelift docs, "External dependencies", "Database"). */
export function judgeVersion(
  { version, number }: Pick<Server, 'version' | 'number'>,
  assumed: AssumedRelease,
): Outcome {
  const { release } = assumed;
  const { oldest, newest } = postgresqlFor(release);
  const major = Math.floor(number / 10_000);
  const evidence = { version, major, ...(release !== undefined && { release: release.text }) };
  const expected = `PostgreSQL ${oldest} to ${newest}`;
  if (major < oldest) {
    return fail(`PostgreSQL ${version} is too old for Spacelift`, {
      expected,
      fix: advice`upgrade the server to PostgreSQL ${newest} (pg_upgrade, or the provider’s major version upgrade)`,
      evidence,
    });
  }
  if (major > newest) {
    return warn(`PostgreSQL ${version} is not officially supported`, {
      expected,
      ...laterRelease(major, newest, assumed),
      evidence,
    });
  }
  return pass(`PostgreSQL ${version}`, { evidence });
}

/** Which release supports a version that is too new for the assumed one, and how to say that it is that release. */
function laterRelease(
  major: number,
  newest: number,
  { release, reason }: AssumedRelease,
): Pick<Issue, 'detail' | 'fix'> {
  const since = firstReleaseFor(major);
  if (since === undefined) {
    return {
      detail: 'It may work, but Spacelift does not test or support it.',
      fix: advice`use PostgreSQL ${newest} for a new installation`,
    };
  }
  const assumed =
    release === undefined
      ? `The release is not known (${reason}), so the reference documentation applies.`
      : `This is release ${release.text} (${reason}).`;
  return {
    detail: `Release ${since} and later support PostgreSQL ${major}. ${assumed}`,
    fix: advice`with release ${since} or later, add --release ${since} (or its version), or set LAUNCHER_IMAGE_TAG to its version; otherwise, use PostgreSQL ${newest}`,
  };
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
