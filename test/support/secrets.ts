/** What must never be seen of a config and of an environment: by names of its own, not by those that the redactor goes by. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { CONTRACT, isVariable } from '../../src/config/contract.ts';
import type { Secret } from './search.ts';

type Values = Readonly<Record<string, string | undefined>>;

/** Credentials that are no variables of Spacelift's. */
const CREDENTIAL = /SECRET|TOKEN|PASSW|HEADERS|AUTHORIZATION|_KEY$/;
/** Their values are paths; what is in the file is the secret. */
const NAMES_A_FILE = /_FILE$|_PATH$|PASSFILE$|^GOOGLE_APPLICATION_CREDENTIALS$/;
/** Of the JSON that Google's libraries read. */
const OF_A_KEY_FILE = ['private_key', 'client_secret', 'refresh_token', 'private_key_id'];

/** The secrets of variables, and of the files that they name. */
export function secretsIn(variables: Values): Secret[] {
  return Object.entries(variables).flatMap(([of, value = '']): Secret[] => {
    if (NAMES_A_FILE.test(of)) return fileSecrets(value).map((secret) => ({ of: `the file of ${of}`, value: secret }));
    const own = isVariable(of) ? CONTRACT[of].secret === true : CREDENTIAL.test(of);
    const parts = value.includes('://') ? urlSecrets(value) : own ? partsOf(of, value) : [];
    return parts.filter((part) => part !== '').map((part) => ({ of, value: part }));
  });
}

function partsOf(name: string, value: string): string[] {
  if (name.endsWith('HEADERS')) return value.split(',').map((header) => decoded(header.slice(header.indexOf('=') + 1)));
  const pem = pemLines(Buffer.from(value, 'base64').toString('latin1'));
  // How it begins and ends is the same for every key.
  if (pem.length > 0) return [...pem, value.slice(100, -100)];
  // Every token begins like any other.
  if (/^eyJ[\w-]+\./.test(value)) return value.split('.').slice(1);
  // A worker pool's has a certificate, whose start is that of any certificate of the same minute, such as one for SAML.
  if (value.startsWith('eyJ')) return [value.slice(500, -100)];
  return [value];
}

function urlSecrets(value: string): string[] {
  const password = /:\/\/[^:@/]*:(.*)@/s.exec(value)?.[1] ?? '';
  const query = [...value.matchAll(/[?&](?:password|sslpassword|sig|X-Amz-Signature)=([^&#]*)/g)].map(
    ([, held = '']) => held,
  );
  return [password, ...query].map(decoded);
}

function fileSecrets(path: string): string[] {
  if (path === '' || !existsSync(path) || statSync(path).isDirectory()) return [];
  const text = readFileSync(path, 'utf8');
  const lines = pemLines(text);
  if (lines.length > 0) return lines;
  if (!text.startsWith('{')) return text.startsWith('eyJ') ? text.trim().split('.').slice(1) : [];
  const held: Values = JSON.parse(text);
  return OF_A_KEY_FILE.flatMap((key) => (key === 'private_key' ? pemLines(held[key] ?? '') : [held[key] ?? '']));
}

/** The lines of private keys, without those that all keys share. */
const pemLines = (text: string): string[] =>
  [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)-----END/g)].flatMap(([, body = '']) =>
    body.trim().split(/\s+/).slice(1),
  );

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
