/**
 * The demo as a spec for Replicated's preflight, with what a HostPreflight can express: it connects, and makes HTTP requests without
 * credentials. What needs a login would be a script that it runs, which is measured by itself (`by-hand.sh`).
 */
import { stringify } from 'yaml';
import { BUCKETS } from '../src/config/contract.ts';
import { goSources } from '../test/peers/ways.ts';

export const REPLICATED = goSources(new URL('replicated/', import.meta.url));
/** Nothing is asked, and nothing is downloaded. */
export const REPLICATED_ARGS = ['--interactive=false', '--auto-update=false', '--no-uri'];

type Variables = Readonly<Record<string, string>>;
interface Probe {
  readonly name: string;
  readonly collector: object;
  readonly kind: 'http' | 'tcpConnect';
  /** What is well; anything else fails. */
  readonly passes: readonly string[];
}

export const probesOf = (variables: Variables): readonly Probe[] => [...connections(variables), ...requests(variables)];

export function replicatedSpec(variables: Variables): string {
  const probes = probesOf(variables);
  const spec = {
    collectors: probes.map(({ kind, name, collector }) => ({ [kind]: { collectorName: name, ...collector } })),
    analyzers: probes.map(({ kind, name, passes }) => ({
      [kind]: {
        collectorName: name,
        outcomes: [
          ...passes.map((when) => ({ pass: { when, message: `${name}: ${when}` } })),
          ...failures(kind, passes).map((when) => ({ fail: { when, message: `${name}: ${when}` } })),
          ...(kind === 'http' ? [{ fail: { message: `${name}: another status` } }] : []),
        ],
      },
    })),
  };
  return stringify({ apiVersion: 'troubleshoot.sh/v1beta2', kind: 'HostPreflight', metadata: { name: 'demo' }, spec });
}

const failures = (kind: Probe['kind'], passes: readonly string[]): string[] =>
  (kind === 'http' ? ['error'] : ['connection-refused', 'connection-timeout', 'error', 'invalid-address']).filter(
    (when) => !passes.includes(when),
  );

function connections(variables: Variables): Probe[] {
  const { host } = new URL(variables.DATABASE_URL ?? '');
  const to = (name: string, address: string, passes = ['connected']): Probe => {
    return { name, kind: 'tcpConnect', collector: { address, timeout: '10s' }, passes };
  };
  return [
    to('database', host),
    to('broker', variables.MQTT_BROKER_ENDPOINT ?? ''),
    // Before the installation nothing listens there, but the name must resolve.
    to('domain', `${variables.SERVER_DOMAIN}:443`, ['connected', 'connection-refused']),
  ];
}

/** A private bucket refuses a stranger, and MinIO says the same of one that does not exist. */
const requests = (variables: Variables): Probe[] =>
  Object.entries(BUCKETS).map(([bucket, variable]) => ({
    name: `bucket ${bucket}`,
    kind: 'http',
    collector: {
      get: { url: `http://${variables.OBJECT_STORAGE_MINIO_ENDPOINT}/${variables[variable]}/`, timeout: '10s' },
    },
    passes: ['statusCode == 403'],
  }));
