/** Credentials that expire within hours, in a long-lived config. */

import { advice, type Fix } from '../outcome/fix.ts';
import { warn } from '../outcome/outcome.ts';
import type { Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import type { Resolved } from './resolve.ts';

const DATABASE_URLS = ['DATABASE_URL', 'DATABASE_READ_ONLY_URL'];

/** Applies only to config files: a job's environment may be created for each job. */
export function judgeShortLived(resolved: Resolved, sources: readonly Source[]): ConfigurationFinding[] {
  if (sources.every((source) => source.process)) return [];
  const found = (variable: string, title: string, fix: Fix): ConfigurationFinding => ({
    rule: 'short-lived',
    variable,
    outcome: warn(title, {
      expected: 'long-lived credentials, or credentials that are renewed automatically',
      fix,
      evidence: { variable },
    }),
  });
  const known = (name: string) => {
    const entry = resolved.entries.get(name);
    return entry?.kind === 'known' ? entry.value : undefined;
  };
  const findings: ConfigurationFinding[] = [];
  const keyId = known('AWS_ACCESS_KEY_ID');
  if (known('AWS_SESSION_TOKEN') !== undefined || keyId?.startsWith('ASIA')) {
    const variable = known('AWS_SESSION_TOKEN') === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SESSION_TOKEN';
    findings.push(
      found(
        variable,
        `${variable} belongs to a temporary session that expires within hours`,
        advice`remove the AWS_… credentials and give the service a role (IRSA, EKS Pod Identity, an ECS task role)`,
      ),
    );
  }
  for (const variable of DATABASE_URLS) {
    const token = databaseToken(known(variable));
    if (token === undefined) continue;
    findings.push(
      found(
        variable,
        `the password in ${variable} is ${token}, which expires within an hour`,
        advice`use a long-lived password, or a proxy sidecar that renews the token`,
      ),
    );
  }
  return findings;
}

/** An RDS IAM token is a pre-signed URL (`…?Action=connect&…X-Amz-Signature=…`), an Entra token a JWT. */
function databaseToken(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (/Action(=|%3D)connect/i.test(url) && /X-Amz-(Signature|Credential|Security-Token)/i.test(url)) {
    return 'an RDS IAM token';
  }
  return /:eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+@/.test(url) ? 'an Entra access token' : undefined;
}
