/** Rejects encrypted input, with the command that decrypts it. */
import { isForSdk, isVariable } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { shellWord } from './quote.ts';

const KINDS: readonly { readonly sign: RegExp; readonly by: string; readonly decrypt: string }[] = [
  { sign: /\bENC\[AES256_GCM,/, by: 'SOPS', decrypt: 'sops -d' },
  { sign: /^[ \t]*\$ANSIBLE_VAULT;/m, by: 'Ansible Vault', decrypt: 'ansible-vault view' },
  { sign: /^-----BEGIN AGE ENCRYPTED FILE-----/, by: 'age', decrypt: 'age -d' },
  { sign: /^-----BEGIN PGP MESSAGE-----/, by: 'PGP', decrypt: 'gpg -d' },
];

/**
 * Called before parsing, because the ciphertext may be where base64 is expected.
 * @throws InputError
 */
export function refuseEncrypted(name: string, file: string, text: string): void {
  const kind = KINDS.find(({ sign }) => sign.test(text));
  if (kind) throw encrypted(file, `encrypted with ${kind.by}`, `${kind.decrypt} ${shellWord(name)}`);
}

/** @throws InputError for a value `ENC[…]`; the Datadog Agent's variables may contain such references */
export function refuseEncryptedValues(name: string, file: string, entries: readonly Entry[]): void {
  const entry = entries.find((one) => isVariable(one.name) && !isForSdk(one.name) && one.value.startsWith('ENC['));
  if (entry) throw encrypted(file, `the value of ${entry.name} is encrypted`, `sops -d ${shellWord(name)}`);
}

export const encrypted = (file: string, what: string, decrypt: string): InputError =>
  new InputError(`${file}: ${what}; decrypt it first: ${decrypt} | spacelift-preflight -f -`);
