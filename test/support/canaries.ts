/** Secrets that no output may ever hold: with every character that an encoding changes. */
import { createHash } from 'node:crypto';
import type { CertificateAuthority } from '../services/tls.ts';

/** The same for each name, and found nowhere else. */
export function canary(name: string): string {
  const digest = createHash('sha512').update(name).digest('base64').replace(/\W/g, '');
  return `${digest.slice(0, 14)}+/=&%"'<>\\ ü:${digest.slice(14, 28)}`;
}

/** For a header's value, URL-encoded as OpenTelemetry wants it. */
const header = (name: string) => encodeURIComponent(`Bearer ${canary(name).replace('ü', '')}`);

/** The secret variables that a healthy installation may have beside those that its dependencies need. */
export async function secretVariables(ca: CertificateAuthority): Promise<Record<string, string>> {
  const { chainPem, keyPem } = await ca.issue({ names: ['spacelift.corp.internal'] });
  return {
    SLACK_APP_CLIENT_ID: 'id',
    SLACK_APP_CLIENT_SECRET: canary('SLACK_APP_CLIENT_SECRET'),
    SLACK_SECRET: canary('SLACK_SECRET'),
    SAML_CERT: Buffer.from(chainPem).toString('base64'),
    SAML_KEY: Buffer.from(keyPem).toString('base64'),
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${header('OTEL_EXPORTER_OTLP_HEADERS')}`,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: `authorization=${header('OTEL_EXPORTER_OTLP_TRACES_HEADERS')}`,
  };
}

/** A proxy's URL with a user and a password. */
export function withPassword(proxy: string, name: string): string {
  return proxy.replace('://', `://preflight:${encodeURIComponent(canary(name))}@`);
}
