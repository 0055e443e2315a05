/** Messages for a server that authenticates in another way than the URL requires. */
import { advice } from '../../src/outcome/fix.ts';
import type { AuthMethod, PolicyParameter } from './auth-policy.ts';
import type { Scene, ServerErrorMessages } from './scene.ts';

const WORDS: Readonly<Record<PolicyParameter, (method: AuthMethod, scene: Scene) => ServerErrorMessages>> = {
  require_auth: (method, { at, variable }) => ({
    title: `${at} ${method === 'none' ? 'requests no authentication' : `requests ${method} authentication`}, which require_auth in ${variable} does not allow`,
    expected: 'a server that requests an allowed method',
    fix: advice`change the method in pg_hba.conf, or allow it in ${variable}: ${method === 'none' ? 'remove require_auth' : `require_auth=${method}`}`,
  }),
  channel_binding: (_, { at, variable, tls }) => ({
    title: `${at} does not support channel binding, which channel_binding=require in ${variable} requires`,
    detail: tls
      ? 'Channel binding needs SCRAM authentication directly with PostgreSQL; poolers and TLS proxies do not support it.'
      : 'Channel binding needs TLS, and this connection is not encrypted.',
    expected: 'SCRAM authentication over TLS, directly with PostgreSQL',
    fix: tls
      ? advice`use scram-sha-256 in pg_hba.conf and connect without a pooler, or remove channel_binding from ${variable}`
      : advice`set sslmode=require in ${variable}, or remove channel_binding from it`,
  }),
  sslcertmode: (_, { at, variable }) => ({
    title: `${at} accepted the login without a client certificate, which sslcertmode=require in ${variable} requires`,
    expected: 'TLS with sslcert and sslkey, and a server that requests a client certificate',
    fix: advice`set sslcert, sslkey and sslmode=require in ${variable}, or remove sslcertmode from it`,
  }),
  min_protocol_version: (_, { at, variable }) => ({
    title: `${at} does not support the protocol version that min_protocol_version in ${variable} requires`,
    detail: 'PostgreSQL supports version 3.2 since PostgreSQL 18.',
    expected: 'a server that supports the version',
    fix: advice`remove min_protocol_version from ${variable}`,
  }),
};

/** Title and fix, by the parameter that does not allow the login. */
export const policyMessages = (parameter: PolicyParameter, method: AuthMethod, scene: Scene): ServerErrorMessages =>
  WORDS[parameter](method, scene);
