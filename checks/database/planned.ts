/** The PostgreSQL servers in a Terraform plan. */

import { postgresqlFor } from '../../src/config/releases.ts';
import type { Resource } from '../../src/config/terraform/model.ts';
import { type InfrastructureType, type PlanView, textOf } from '../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../src/engine/check.ts';
import { planned } from '../../src/engine/planned.ts';
import { advice } from '../../src/outcome/fix.ts';
import { judgeVersion } from './judge.ts';

interface Kind {
  readonly type: InfrastructureType;
  readonly version: string;
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
    name: 'identifier',
    hosts: ['address'],
    databases: withOwn('db_name'),
  },
  {
    type: 'aws_rds_cluster',
    version: 'engine_version',
    name: 'cluster_identifier',
    hosts: ['endpoint'],
    databases: withOwn('database_name'),
  },
  {
    type: 'google_sql_database_instance',
    version: 'database_version',
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

/** The version of Spacelift's server; nothing about other servers in the plan. */
export function plannedFindings({ deployment }: Run): readonly PlannedFinding[] {
  const { plan } = deployment;
  if (plan === undefined || deployment.service === 'worker') return [];
  const url = deployment.lookup('DATABASE_URL');
  const isOurs = isServerOf(url.state === 'set' ? url.value : undefined, plan);
  const found = KINDS.flatMap((kind) => plan.of(kind.type).map((server) => ({ kind, server })));
  const findings = found.flatMap(({ kind, server }): PlannedFinding[] => {
    const version = versionIn(textOf(server, kind.version));
    if (version === undefined || !isOurs(kind, server)) return [];
    const { newest } = postgresqlFor(deployment.release.release);
    const value = kind.type === 'google_sql_database_instance' ? `POSTGRES_${newest}` : String(newest);
    const fix = advice`in ${server.address}, set ${kind.version} = "${value}"`;
    return [{ rule: 'version', outcome: planned(judgeVersion(version, deployment.release), server.address, fix) }];
  });
  const bad = findings.find(({ outcome }) => outcome.status !== 'pass');
  return bad === undefined ? findings.slice(0, 1) : [bad];
}

/** By the host in the URL; where the plan does not know it yet, by the name of the database, or of the server. */
function isServerOf(url: string | undefined, plan: PlanView): (kind: Kind, server: Resource) => boolean {
  const [, host, database = 'spacelift'] = /@([^/:?@]+)(?::\d+)?\/([^?]*)/.exec(url ?? '') ?? [];
  return (kind, server) => {
    if (kind.type.startsWith('aws_') && !/postgres/.test(textOf(server, 'engine') ?? 'postgres')) return false;
    const hosts = kind.hosts.flatMap((attribute) => textOf(server, attribute)?.replace(/:\d+$/, '') ?? []);
    if (host !== undefined && hosts.length > 0) return hosts.includes(host);
    const isNamed = kind.databases(server, plan).includes(database);
    return isNamed || /\bspacelift\b/i.test(textOf(server, kind.name) ?? '');
  };
}

/** `16.4`, `16`, `POSTGRES_16` → as `server_version_num` has it. */
function versionIn(text: string | undefined): { version: string; number: number } | undefined {
  const [, major, minor] = /^(?:POSTGRES_)?(\d{1,2})(?:[._](\d{1,3}))?/.exec(text ?? '') ?? [];
  if (major === undefined) return undefined;
  const version = minor === undefined ? major : `${major}.${minor}`;
  return { version, number: Number(major) * 10_000 + Number(minor ?? 0) };
}
