/** The broker's endpoint: faults of any endpoint, and those of the built-in broker's, `host:port` or `tls://host:port`. */
import { isPlaceholder } from '../../src/config/placeholders.ts';
import type { PlannedOperation } from '../../src/engine/check.ts';
import { unbracketed } from '../../src/net/tcp.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix, setting } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import { isIPv6 } from '../../src/util/ip.ts';
import { mqttFinding } from './rules.ts';

export const ENDPOINT = 'MQTT_BROKER_ENDPOINT';
/** The first operation in the plan of any broker. */
export const READS_ENDPOINT: PlannedOperation = { rules: ['endpoint'], does: `reads ${ENDPOINT}`, at: [] };

export interface Endpoint {
  readonly tls: boolean;
  /** IPv6 addresses in brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly at: string;
}

const CONVENTIONAL_PORT = 1984;
const HTTP_PORT = 1983;
const LARGEST_PORT = 65_535;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** The parts of any value, valid or not. */
interface Parts {
  readonly value: string;
  readonly scheme: string | undefined;
  readonly path: string;
  readonly host: string;
  readonly port: string | undefined;
}

function partsOf(value: string): Parts {
  const scheme = SCHEME.exec(value)?.[1];
  const rest = value.slice(scheme === undefined ? 0 : scheme.length + 3);
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  const [, host = authority, port] = /^(\[[^\]]*\]|.*?)(?::([^:]*))?$/.exec(authority) ?? [];
  return { value, scheme, path: rest.slice(authority.length), host, port };
}

export type Fault = (parts: Parts) => { title: string; suggest?: string | undefined; detail?: string } | undefined;

/** Checked in this order, before the faults of one kind of broker: the first match names the fault. */
const COMMON: readonly Fault[] = [
  ({ value }) =>
    isPlaceholder(ENDPOINT, value) || /[<>{}]/.test(value)
      ? { title: `${ENDPOINT} still contains a placeholder` }
      : undefined,
  ({ value }) =>
    /\s/.test(value) ? { title: `${ENDPOINT} contains whitespace`, suggest: value.replace(/\s/g, '') } : undefined,
  ({ value }) =>
    /^(['"`]).*\1$/.test(value)
      ? { title: `${ENDPOINT} contains the quotes around its value`, suggest: value.slice(1, -1) }
      : undefined,
  ({ value }) =>
    value.includes('@')
      ? {
          title: `${ENDPOINT} contains a user name or password`,
          detail: 'Workers log in with their own credentials.',
        }
      : undefined,
];

const BUILTIN: readonly Fault[] = [
  ({ scheme, value, host, port }) =>
    scheme === undefined || scheme === 'tls'
      ? undefined
      : {
          title: `${ENDPOINT} starts with ${scheme}://: ${shown(value)}`,
          suggest: `${/^(mqtts|ssl|tls)$/i.test(scheme) ? 'tls://' : ''}${host}:${isHttp(scheme) ? CONVENTIONAL_PORT : (port ?? CONVENTIONAL_PORT)}`,
          ...(isHttp(scheme) && {
            detail: 'The built-in broker speaks MQTT over TCP, not over HTTP or WebSockets.',
          }),
        },
  ({ path, value, scheme, host, port }) =>
    path === ''
      ? undefined
      : {
          title: `${ENDPOINT} has a path: ${shown(value)}`,
          suggest: `${prefix(scheme)}${host}:${port ?? CONVENTIONAL_PORT}`,
        },
  ({ host, port, value, scheme }) =>
    host.includes(':') && !host.startsWith('[')
      ? {
          title: `${ENDPOINT} has an IPv6 address without brackets: ${shown(value)}`,
          suggest: isIPv6(host) ? `${prefix(scheme)}[${host}]:${port}` : undefined,
        }
      : undefined,
  ({ port, value, scheme, host }) =>
    port === undefined || port === ''
      ? {
          title: `${ENDPOINT} does not have a port: ${shown(value)}`,
          suggest: `${prefix(scheme)}${host}:${CONVENTIONAL_PORT}`,
        }
      : undefined,
  ({ port = '', value }) =>
    /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= LARGEST_PORT
      ? undefined
      : {
          title: `${ENDPOINT} does not have a valid port: ${shown(value)}`,
          detail: `A port is a number from 1 to ${LARGEST_PORT}.`,
        },
  ({ host, value }) =>
    isName(host) || isIPv6(unbracketed(host))
      ? undefined
      : { title: `${ENDPOINT} does not have a valid host: ${shown(value)}` },
  ({ port, scheme, host }) =>
    Number(port) === HTTP_PORT
      ? {
          title: `${ENDPOINT} uses port ${HTTP_PORT}, which belongs to the HTTP server`,
          detail: `By convention, the broker listens on ${CONVENTIONAL_PORT}.`,
          suggest: `${prefix(scheme)}${host}:${CONVENTIONAL_PORT}`,
        }
      : undefined,
];

export const isName = (host: string): boolean =>
  host
    .replace(/\.$/, '')
    .split('.')
    .every((label) => LABEL.test(label));
const prefix = (scheme: string | undefined): string => (scheme === undefined ? '' : `${scheme}://`);
const isHttp = (scheme: string): boolean => /^(ws|http)s?$/i.test(scheme);
export const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);

/**
 * The parts of a value, or the failure for its first fault: those of any broker first, then those of this kind.
 * @param otherwise the fix if no correct value can be derived from the current one
 */
export function readParts(
  value: string,
  faults: readonly Fault[],
  { expected, otherwise }: { expected: string; otherwise: Fix },
): Parts | Issue {
  const parts = partsOf(value);
  for (const faultOf of [...COMMON, ...faults]) {
    const fault = faultOf(parts);
    if (fault === undefined) continue;
    const { title, detail, suggest } = fault;
    return fail(title, {
      ...(detail !== undefined && { detail }),
      expected,
      fix: suggest === undefined ? otherwise : setting(ENDPOINT, suggest),
      evidence: { variable: ENDPOINT },
      cause: cause.finding(mqttFinding('endpoint')),
    });
  }
  return parts;
}

/** The endpoint, or the failure for its first fault. */
export function readEndpoint(value: string): Endpoint | Issue {
  const parts = readParts(value, BUILTIN, {
    expected: `host:port or tls://host:port, with a port other than ${HTTP_PORT}`,
    otherwise: advice`set ${ENDPOINT}=<host that workers can reach>:${CONVENTIONAL_PORT}`,
  });
  if ('status' in parts) return parts;
  const { scheme, host, port } = parts;
  return { tls: scheme === 'tls', host, port: Number(port), at: `${host}:${port}` };
}
