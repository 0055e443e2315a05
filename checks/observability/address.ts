/** Telemetry addresses, parsed like each vendor's SDK for Go. */
import type { VariableName } from '../../src/config/contract.ts';
import { looksSecret, maskValue } from '../../src/config/logins.ts';
import type { Run } from '../../src/engine/check.ts';
import { type Address, unbracketed } from '../../src/net/tcp.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, setting as set } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue } from '../../src/outcome/outcome.ts';
import { isIP } from '../../src/util/ip.ts';

/** The destination of the traces. */
export type Endpoint = {
  /** The variable that sets it. */
  readonly setting: VariableName;
} & (
  | ({ readonly secure: boolean /** Starts with a slash; "" for none. */; readonly path: string } & Address)
  | { readonly socketPath: string }
);

export interface DaemonEndpoint {
  readonly setting: VariableName;
  readonly udp: Address;
  readonly tcp: Address;
}

/** For display, and for the authority of a URL: "agent:8126", "[::1]:8126", "/var/run/agent.sock". */
export const shown = (at: Address | { readonly socketPath: string }): string => {
  if ('socketPath' in at) return at.socketPath;
  const host = unbracketed(at.host);
  return `${isIP(host) === 6 ? `[${host}]` : host}:${at.port}`;
};

/**
 * Like dd-trace-go's `AgentURLFromEnv`.
 * @throws CheckStopped with the failure of `address`
 */
export function datadogEndpoint(run: Run): Endpoint {
  const url = run.get('DD_TRACE_AGENT_URL');
  if (url !== undefined) {
    const endpoint = readUrl('DD_TRACE_AGENT_URL', url, { http: 80, https: 443 });
    if (endpoint !== undefined) return endpoint;
    throw malformed('DD_TRACE_AGENT_URL', url, {
      expected: 'http://host:8126, https://host:port, or unix:///path/to/apm.socket',
      detail: 'The tracer ignores any other form, and sends its traces to DD_AGENT_HOST or to the loopback address.',
    });
  }
  const host = run.get('DD_AGENT_HOST');
  if (host === undefined) {
    const names = ['DD_AGENT_HOST', 'DD_TRACE_AGENT_URL'] as const;
    throw missing(run, names, 'Datadog', 'DD_AGENT_HOST=<host>, or DD_TRACE_AGENT_URL=http://<host>:8126');
  }
  if (!/^[\w.-]+$/.test(host) && isIP(host) !== 6) {
    throw malformed('DD_AGENT_HOST', host, {
      expected: 'a bare host name or address; the port is DD_TRACE_AGENT_PORT, 8126 by default',
      detail: 'The tracer adds http:// before it and the port after it.',
    });
  }
  const port = Number(run.get('DD_TRACE_AGENT_PORT') ?? 8126);
  return { setting: 'DD_AGENT_HOST', secure: false, path: '', host, port };
}

/**
 * Like aws-xray-sdk-go's package `daemoncfg`: no IPv6 address, and exactly one space between two parts.
 * @throws CheckStopped with the failure of `address`
 */
export function xrayEndpoint(run: Run): DaemonEndpoint {
  const setting = 'AWS_XRAY_DAEMON_ADDRESS';
  const value = run.get(setting);
  if (value === undefined) throw missing(run, [setting], 'AWS', `${setting}=<host>:2000`);
  const parts = value.split(' ').map((part) => part.split(':'));
  const [first = [], second] = parts;
  const addresses = new Map<string | undefined, Address | undefined>();
  if (second === undefined && first.length === 2) {
    addresses.set('udp', addressOf(first)).set('tcp', addressOf(first));
  } else if (parts.length === 2 && parts.every((part) => part.length === 3)) {
    for (const [protocol, ...address] of parts) addresses.set(protocol, addressOf(address));
  }
  const [udp, tcp] = [addresses.get('udp'), addresses.get('tcp')];
  if (udp !== undefined && tcp !== undefined) return { setting, udp, tcp };
  throw malformed(setting, value, {
    expected: 'host:2000, or tcp:host:2000 udp:host:2000',
    detail: 'The SDK accepts neither a scheme nor an IPv6 address, and requires exactly one space between two parts.',
  });
}

/**
 * Like otel-go's otlptracegrpc. The default port of gRPC is 443, with or without TLS.
 * @throws CheckStopped with the failure of `address`
 */
export function otlpEndpoint(run: Run): Endpoint {
  const names = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
  for (const setting of names) {
    const value = run.get(setting);
    if (value === undefined) continue;
    const endpoint = readUrl(setting, value.trim(), { http: 443, https: 443 });
    if (endpoint !== undefined) return endpoint;
    const bare = /^[\w.-]+(:\d+)?$/.test(value.trim());
    throw malformed(setting, value, {
      expected: 'http://host:4317, or https://host:port if the collector uses TLS',
      ...(bare && { fix: set(setting, `http://${value.trim()}`) }),
      detail:
        'Without http://, the exporter parses the host as a scheme, or falls back to TLS on the loopback address.',
    });
  }
  const usual = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;
  throw missing(run, usual, 'OpenTelemetry', 'OTEL_EXPORTER_OTLP_ENDPOINT=http://<host>:4317');
}

const URL_FORM = /^(https?):\/\/(?:[^/?#]*@)?(\[[\w:.%-]+\]|[\p{L}\p{N}._-]+)(?::(\d+))?(\/[^?#]*?)?\/?([?#].*)?$/iu;
const UNIX_FORM = /^unix:(?:\/\/)?(\/.+)$/i;

function readUrl(setting: VariableName, text: string, ports: { http: number; https: number }): Endpoint | undefined {
  const socketPath = UNIX_FORM.exec(text)?.[1];
  if (socketPath !== undefined) return { setting, socketPath };
  const [, scheme, host, port, path = ''] = URL_FORM.exec(text) ?? [];
  if (host === undefined || !URL.canParse(text) || isPort(port ?? '1') === false) return undefined;
  const secure = scheme?.toLowerCase() === 'https';
  // Every parser must read the same host: nothing may be escaped or start another part of the URL.
  if (/[\\%]/.test(host)) return undefined;
  return {
    setting,
    secure,
    path,
    host: new URL(text).hostname,
    port: Number(port ?? (secure ? ports.https : ports.http)),
  };
}

function addressOf([host = '', port = '']: readonly string[]): Address | undefined {
  return /^[\w.-]+$/.test(host) && isPort(port) ? { host, port: Number(port) } : undefined;
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** @param names the usual variable first */
function missing(
  { deployment }: Run,
  names: readonly [VariableName, ...VariableName[]],
  vendor: string,
  expected: string,
): CheckStopped {
  const [name] = names;
  return new CheckStopped(
    fail(`OBSERVABILITY_VENDOR is ${vendor}, but ${name} is not set`, {
      expected,
      ...deployment.fixForUnset(names, advice`set ${expected}; or OBSERVABILITY_VENDOR=Disabled`),
      evidence: { variable: name, vendor },
      cause: cause.variable(name),
    }),
  );
}

const LONGEST_QUOTED = 80;

function malformed(name: VariableName, value: string, words: Pick<Issue, 'detail' | 'expected' | 'fix'>): CheckStopped {
  const safe = maskValue(value);
  // A truncated secret would not be recognized as a secret.
  const quoted = safe.length > LONGEST_QUOTED || looksSecret(safe) ? '' : `: ${JSON.stringify(safe)}`;
  return new CheckStopped(
    fail(`${name} has a form that the SDK does not accept${quoted}`, {
      fix: advice`set ${name} to ${words.expected ?? 'another value'}`,
      ...words,
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}
