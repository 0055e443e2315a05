/** Looks for secrets in what the tool says, in every form in which one could slip through. */
import { expect } from 'vitest';
import type { Deployment } from '../../src/config/deployment.ts';
import { redactor } from '../../src/redact.ts';
import { FORMATS } from '../../src/report/index.ts';
import { makeReport } from '../../src/report/report.ts';
import type { Verbosity } from '../../src/report/style.ts';
import type { RunResult } from '../../src/run.ts';
import type { Variables } from './preflight.ts';

const RENDERS = await Promise.all(Object.values(FORMATS).map((format) => format.load()));
const VERBOSITIES: readonly Verbosity[] = ['quiet', 'normal', 'verbose'];
const SECRET = /PASSWORD|SECRET|TOKEN|PRIVATE_KEY|SAML_KEY|DATABASE_URL|READ_ONLY_URL/;

/** The secrets of a config, and of their parts. */
function secretsIn(variables: Variables): string[] {
  return Object.entries(variables).flatMap(([name, value = '']) => {
    if (!SECRET.test(name)) return [];
    const password = /:\/\/[^:@/]*:([^@]*)@/.exec(value)?.[1];
    const lines = Buffer.from(value, 'base64').toString('latin1').split('\n');
    const pem = lines.some((line) => line.startsWith('-----BEGIN')) ? lines.slice(1, 4) : [];
    return [password ?? value, ...pem].filter((secret) => secret.length >= 8);
  });
}

/** Renders the report in every format and verbosity, and expects no secret in any. */
export function expectNoLeak(variables: Variables, result: RunResult, deployment: Deployment): void {
  const report = makeReport(result, {
    phase: 'pre-install',
    service: deployment.service,
    accept: new Map(),
    redact: redactor(deployment.secrets),
  });
  const plain = { colour: 0, unicode: true, width: 80 } as const;
  const texts = RENDERS.flatMap((render) =>
    VERBOSITIES.map((verbosity) => String(render(report, { ...plain, verbosity }))),
  );
  expect(texts).not.toContain('[object Promise]');
  const forms = secretsIn(variables).flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    JSON.stringify(secret).slice(1, -1),
  ]);
  for (const text of texts) {
    const joined = text.replace(/\s+/g, '');
    for (const form of forms)
      expect(text.includes(form) || joined.includes(form), 'a secret is in the report').toBe(false);
  }
}
