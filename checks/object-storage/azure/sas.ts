/**
 * Pre-signed URLs of Azure Blob Storage ("Create a user delegation SAS"). Microsoft's client for Blob Storage makes the same ones,
 * and a test compares them; loading it takes a run longer than everything else that it does with the account.
 */
import { createHmac } from 'node:crypto';
import type { Element } from '../xml.ts';

/** In requests, and in URLs, whose signature covers other fields in later versions. */
export const SERVICE_VERSION = '2023-11-03';

/** A key that the account has issued to an identity, to sign in its name. */
export interface DelegationKey {
  readonly object: string;
  readonly tenant: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
  /** Base64. */
  readonly value: string;
}

/** `undefined` if the document is another one, or its times are none. */
export function delegationKeyIn(document: Element): DelegationKey | undefined {
  const names = ['SignedOid', 'SignedTid', 'SignedStart', 'SignedExpiry', 'SignedService', 'SignedVersion', 'Value'];
  const texts = names.map((name) => document.text(name));
  const [object, tenant, start, expiry, service, version, value] = texts;
  if (object === undefined || tenant === undefined || start === undefined || expiry === undefined) return undefined;
  if (service === undefined || version === undefined || value === undefined) return undefined;
  if ([start, expiry].some((time) => Number.isNaN(Date.parse(time)))) return undefined;
  return { object, tenant, start, expiry, service, version, value };
}

export interface SasToSign {
  readonly account: string;
  readonly container: string;
  readonly blob: string;
  /** `r`; `cw`, in the order of the documentation. */
  readonly permissions: string;
  readonly from: Date;
  readonly to: Date;
}

/** @returns the query of the URL, without the question mark */
export function signedSas({ account, container, blob, permissions, from, to }: SasToSign, key: DelegationKey): string {
  const [start, expiry] = [toSeconds(from), toSeconds(to)];
  const [keyStart, keyExpiry] = [toSeconds(new Date(key.start)), toSeconds(new Date(key.expiry))];
  const signed = [
    permissions,
    start,
    expiry,
    `/blob/${account}/${container}/${blob}`,
    key.object,
    key.tenant,
    keyStart,
    keyExpiry,
    key.service,
    key.version,
    // Agents and a correlation id.
    ...['', '', ''],
    // Addresses and protocols.
    ...['', ''],
    SERVICE_VERSION,
    'b',
    // A snapshot, an encryption scope, and five headers of the response.
    ...['', '', '', '', '', '', ''],
  ].join('\n');
  const query = new URLSearchParams({
    sv: SERVICE_VERSION,
    st: start,
    se: expiry,
    skoid: key.object,
    sktid: key.tenant,
    skt: keyStart,
    ske: keyExpiry,
    sks: key.service,
    skv: key.version,
    sr: 'b',
    sp: permissions,
    sig: createHmac('sha256', Buffer.from(key.value, 'base64')).update(signed).digest('base64'),
  });
  return query.toString();
}

/** ISO 8601 without fractions of a second. */
export const toSeconds = (date: Date): string => date.toISOString().replace(/\.\d+/, '');
