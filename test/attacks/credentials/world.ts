/** An installation of each cloud, the caller's credentials, and somebody else's servers that a config may name. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { manifest } from '../../../demo/deployment.ts';
import { type PreflightOptions, preflight, type Report } from '../../../src/app/preflight.ts';
import { EKS, type Environment, type Estate, startEstate } from '../../support/estate.ts';
import { expectUnseen, type Stranger, startStranger } from '../stranger.ts';

/** Letters and digits that go into a header as they are. */
const token = (name: string): string => `canary${Buffer.from(name).toString('hex')}canary`;
export const CANARIES = {
  AWS_SESSION_TOKEN: token('AWS_SESSION_TOKEN'),
  'the web identity token': token('AWS_WEB_IDENTITY_TOKEN_FILE'),
  'the federated token': token('AZURE_FEDERATED_TOKEN_FILE'),
  AZURE_CLIENT_SECRET: token('AZURE_CLIENT_SECRET'),
  'the resolved secret': token('--resolve-secrets'),
};
export const KEY = 'ASIACANARYCANARYCANA';

export type Variables = Readonly<Record<string, string>>;

/** A config without credentials of the cloud. */
export const without = (variables: Variables, ...names: readonly RegExp[]): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.some((one) => one.test(name))));

/** For the tests of one file. */
export class World {
  folder!: string;
  estate!: Estate;
  stranger!: Stranger;
  tokens!: Readonly<Record<'web' | 'federated', string>>;

  async start(): Promise<void> {
    [this.folder, this.estate, this.stranger] = await Promise.all([
      mkdtemp(join(tmpdir(), 'preflight-credentials-')),
      startEstate(),
      startStranger(),
    ]);
    const { folder, estate, stranger } = this;
    this.tokens = { web: join(folder, 'web'), federated: join(folder, 'federated') };
    await writeFile(this.tokens.web, CANARIES['the web identity token']);
    await writeFile(this.tokens.federated, CANARIES['the federated token']);
    await writeFile(join(folder, 'ca.pem'), stranger.caPem);
    const { users } = estate.eks;
    const session = { accessKeyId: KEY, sessionToken: CANARIES.AWS_SESSION_TOKEN };
    estate.eks.aws.users.push({ ...users.operator, ...session });
    estate.eks.s3.users.push({ ...users.operator, ...session });
  }

  /** Nothing of one test is left for the next. */
  forget(): void {
    this.stranger.heard();
    this.stranger.proxy.asked.splice(0);
  }

  stop(): Promise<unknown> {
    return Promise.all([rm(this.folder, { recursive: true }), this.estate?.stop(), this.stranger?.close()]);
  }

  eks(more: Variables = {}): Variables {
    return { ...without(this.estate.variables(EKS), /^AWS_(ACCESS|SECRET)/), ...more };
  }

  /** Temporary keys, and everything else that a job may hold beside. */
  keys(): Environment {
    return {
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: this.estate.eks.users.operator.secretAccessKey,
      AWS_SESSION_TOKEN: CANARIES.AWS_SESSION_TOKEN,
    };
  }

  /** The caller's own proxy leads to the stranger, so that whatever is sent there is seen. */
  way(): Environment {
    const { url } = this.stranger.proxy;
    return { HTTPS_PROXY: url, HTTP_PROXY: url };
  }

  async configOf(variables: Variables): Promise<string> {
    const path = join(await mkdtemp(join(this.folder, 'config-')), 'config.yaml');
    await writeFile(path, manifest(variables));
    return path;
  }

  /** As a function, which is the whole tool but the command line. */
  async checked(variables: Variables, environment: Environment, options: PreflightOptions = {}): Promise<Report> {
    const report = await preflight(
      { files: [await this.configOf(variables)], environment },
      { authorities: this.stranger.caPem, timeoutMs: 30_000, ...options },
    );
    expectUnseen(JSON.stringify(report), CANARIES);
    return report;
  }
}

export function useWorld(): World {
  const world = new World();
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  afterEach(() => world.forget());
  return world;
}
