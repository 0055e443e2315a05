/** The database servers in a Terraform plan. */

import type { AssumedRelease } from '../../src/config/assumed-release.ts';
import { postgresqlFor } from '../../src/config/releases.ts';
import type { Resource } from '../../src/config/terraform/model.ts';
import { type InfrastructureType, isLater, type PlanView, textOf } from '../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../src/engine/check.ts';
import { knownLater, notIdentified, notShown, planned } from '../../src/engine/planned.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import { isIssue } from '../../src/outcome/status.ts';
import { judgeVersion } from './judge.ts';
import type { DatabaseRule } from './rules.ts';

interface Kind {
  readonly type: InfrastructureType;
  readonly version: string;
  /** The attribute with the product; absent if the resource is always PostgreSQL. */
  readonly product?: string;
  /** PostgreSQL in that attribute, without a version. */
  readonly engine?: string;
  /** The attribute with the server's name. */
  readonly name: string;
  readonly hosts: readonly string[];
  /** The databases that the server gets when it is created. */
  readonly databases: (server: Resource, plan: PlanView) => readonly (string | undefined)[];
}

const withOwn = (attribute: string) => (server: Resource) => [textOf(server, attribute)];
const attached = (type: InfrastructureType, attribute: string) => (server: Resource, plan: PlanView) =>
  (plan.attachedTo(server, type, attribute) ?? []).map((database) => textOf(database, 'name'));

const KINDS: readonly Kind[] = [
  {
    type: 'aws_db_instance',
    version: 'engine_version',
    product: 'engine',
    engine: 'postgres',
    name: 'identifier',
    hosts: ['address'],
    databases: withOwn('db_name'),
  },
  {
    type: 'aws_rds_cluster',
    version: 'engine_version',
    product: 'engine',
    engine: 'aurora-postgresql',
    name: 'cluster_identifier',
    hosts: ['endpoint'],
    databases: withOwn('database_name'),
  },
  {
    type: 'google_sql_database_instance',
    version: 'database_version',
    product: 'database_version',
    name: 'name',
    hosts: ['private_ip_address', 'public_ip_address'],
    databases: attached('google_sql_database', 'instance'),
  },
  {
    type: 'azurerm_postgresql_flexible_server',
    version: 'version',
    name: 'name',
    hosts: ['fqdn'],
    databases: attached('azurerm_postgresql_flexible_server_database', 'server_id'),
  },
];

interface Found {
  readonly kind: Kind;
  readonly server: Resource;
  /** The product as the plan names it, if it is not PostgreSQL: `aurora-mysql`, `SQLSERVER_2022_STANDARD`. */
  readonly other: string | undefined;
}

/** The product and version of Spacelift's server; nothing about other servers in the plan. */
export function plannedFindings(run: Run): readonly PlannedFinding[] {
  const { deployment } = run;
  const { plan } = deployment;
  if (plan === undefined || deployment.service === 'worker') return [];
  const all = KINDS.flatMap((kind) => plan.of(kind.type).map((server) => foundAs(kind, server)));
  const url = deployment.lookup('DATABASE_URL');
  const is = relationTo(url.state === 'set' ? url.value : undefined, plan);
  const ours = all.filter((found) => is(found) !== undefined);
  const isPostgres = ({ other }: Found) => other === undefined;
  // Beside a PostgreSQL server, the name of another product does not make it the database.
  const judged = ours.filter((found) => isPostgres(found) || is(found) === 'host' || !ours.some(isPostgres));
  const findings = judged.map((found) => findingsOf(found, deployment.release));
  const bad = findings.find((some) => some.some(({ outcome }) => isIssue(outcome.status)));
  const chosen = bad ?? findings[0];
  if (chosen !== undefined) return chosen;
  const servers = all.map(({ server }) => server);
  const outcome = notIdentified(run, 'DATABASE_URL', 'database server', servers);
  return outcome === undefined ? [] : RULES.map((rule) => ({ rule, outcome }));
}

const RULES = ['product', 'version'] as const satisfies readonly DatabaseRule[];

function foundAs(kind: Kind, server: Resource): Found {
  const product = kind.product && textOf(server, kind.product);
  return { kind, server, other: product && !/postgres/i.test(product) ? product : undefined };
}

function findingsOf(found: Found, assumed: AssumedRelease): PlannedFinding[] {
  const { kind, server, other } = found;
  if (other !== undefined) return [{ rule: 'product', outcome: judgeOther(found, other, assumed) }];
  const isShown = kind.product === undefined || !isLater(server, kind.product);
  const product = isShown
    ? planned(pass('PostgreSQL'), server.address)
    : notShown('the product', server, knownLater(kind.product));
  return [
    { rule: 'product', outcome: product },
    { rule: 'version', outcome: judgePlannedVersion(found, assumed) },
  ];
}

function judgeOther({ kind, server }: Found, product: string, { release }: AssumedRelease): Outcome {
  const { oldest, newest } = postgresqlFor(release);
  const outcome = fail(`the database is ${product}, not PostgreSQL`, {
    expected: `PostgreSQL ${oldest} to ${newest}`,
    evidence: { product },
  });
  const engine = kind.engine === undefined ? '' : `engine = "${kind.engine}" and `;
  return planned(outcome, server.address, advice`in ${server.address}, set ${engine}${settingOf(kind, newest)}`);
}

function judgePlannedVersion({ kind, server }: Found, assumed: AssumedRelease): Outcome {
  const version = versionIn(textOf(server, kind.version));
  if (version === undefined) return notShown('the version of PostgreSQL', server, knownLater(kind.version));
  const { newest } = postgresqlFor(assumed.release);
  const fix = advice`in ${server.address}, set ${settingOf(kind, newest)}`;
  return planned(judgeVersion(version, assumed), server.address, fix);
}

/** In HCL: `engine_version = "17"`. */
const settingOf = ({ type, version }: Kind, newest: number): string =>
  `${version} = "${type === 'google_sql_database_instance' ? 'POSTGRES_' : ''}${newest}"`;

/**
 * Whether a server is the one in the URL: by the host; where the plan does not know it yet, by the name of the database, or
 * of the server.
 */
function relationTo(url: string | undefined, plan: PlanView): (found: Found) => 'host' | 'name' | undefined {
  const [, host, database = 'spacelift'] = /@([^/:?@]+)(?::\d+)?\/([^?]*)/.exec(url ?? '') ?? [];
  return ({ kind, server, other }) => {
    const hosts = kind.hosts.flatMap((attribute) => textOf(server, attribute)?.replace(/:\d+$/, '') ?? []);
    if (host !== undefined && hosts.length > 0) return hosts.includes(host) ? 'host' : undefined;
    // A URL that is known before the server exists is that of another one.
    if (host !== undefined && other !== undefined) return undefined;
    const isNamed = kind.databases(server, plan).includes(database);
    return isNamed || /\bspacelift\b/i.test(textOf(server, kind.name) ?? '') ? 'name' : undefined;
  };
}

/** `16.4`, `16`, `POSTGRES_16` → as `server_version_num` has it. */
function versionIn(text: string | undefined): { version: string; number: number } | undefined {
  const [, major, minor] = /^(?:POSTGRES_)?(\d{1,2})(?:[._](\d{1,3}))?/.exec(text ?? '') ?? [];
  if (major === undefined) return undefined;
  const version = minor === undefined ? major : `${major}.${minor}`;
  return { version, number: Number(major) * 10_000 + Number(minor ?? 0) };
}
