/** Rejects encrypted input, with the command that decrypts it. */
import { isForSdk, isVariable } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { shellWord } from './quote.ts';

interface Kind {
  readonly sign: RegExp;
  readonly by: string;
  readonly decrypt: string;
}

const SOPS: Kind = { sign: /\bENC\[AES256_GCM,/, by: 'SOPS', decrypt: 'sops -d' };
const KINDS: readonly Kind[] = [
  SOPS,
  { sign: /^[ \t]*\$ANSIBLE_VAULT;/m, by: 'Ansible Vault', decrypt: 'ansible-vault view' },
  { sign: /^-----BEGIN AGE ENCRYPTED FILE-----/, by: 'age', decrypt: 'age -d' },
  { sign: /^-----BEGIN PGP MESSAGE-----/, by: 'PGP', decrypt: 'gpg -d' },
];

/**
 * Called before parsing, because the ciphertext may be where base64 is expected.
 * @throws InputError
 */
export function refuseEncrypted(name: string, file: string, text: string): void {
  const kind = KINDS.find((one) => one.sign.test(text) && !(one === SOPS && isPartlySops(text)));
  if (kind) refuse(kind, name, file);
}

/**
 * For a text of which only a part is encrypted, if nothing else in it is a config.
 * @throws InputError
 */
export function refuseSops(name: string, file: string, text: string): void {
  if (SOPS.sign.test(text)) refuse(SOPS, name, file);
}

/** Whether it has Kubernetes objects that SOPS encrypted, and others: SOPS encrypts whole documents. */
function isPartlySops(text: string): boolean {
  const count = (key: RegExp) => text.match(key)?.length ?? 0;
  const encrypted = count(/^sops:/gm);
  return encrypted > 0 && encrypted < count(/^kind:/gm);
}

/** Whether a value of an object is encrypted. */
export const isSopsValue = (value: string): boolean => /^ENC\[AES256_GCM,/.test(value);

function refuse({ by, decrypt }: Kind, name: string, file: string): never {
  throw encrypted(file, `encrypted with ${by}`, `${decrypt} ${shellWord(name)}`);
}

/** @throws InputError for a value `ENC[…]`; the Datadog Agent's variables may contain such references */
export function refuseEncryptedValues(name: string, file: string, entries: readonly Entry[]): void {
  const entry = entries.find((one) => isVariable(one.name) && !isForSdk(one.name) && one.value.startsWith('ENC['));
  if (entry) throw encrypted(file, `the value of ${entry.name} is encrypted`, `sops -d ${shellWord(name)}`);
}

const encrypted = (file: string, what: string, decrypt: string): InputError =>
  new InputError(`${file}: ${what}; decrypt it first: ${decrypt} | spacelift-preflight -f -`);
