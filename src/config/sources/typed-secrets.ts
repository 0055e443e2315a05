/** Secrets with a type, such as the megabytes in which Helm stores its releases, in the YAML that kubectl prints. */
import { PULL_SECRETS } from '../registry-logins.ts';
import { isKubernetesYaml } from './read.ts';

const NEWLINE = 0x0a;
/** Smaller files are parsed as a whole. */
const SMALLEST = 512 * 1024;

/**
 * The text with empty lines in place of Secrets with a type, so that line numbers stay as they are; `undefined` if there
 * is nothing to leave out. Objects are told apart by their first lines: items of a list (`- apiVersion: v1`), and documents.
 */
export function withoutTypedSecrets(bytes: Buffer): Buffer<ArrayBuffer> | undefined {
  if (bytes.length < SMALLEST || !isKubernetesYaml(bytes)) return undefined;
  const kept: Uint8Array[] = [];
  let isShorter = false;
  let object = new YamlObject(0);
  const finish = (end: number) => {
    const part = bytes.subarray(object.start, end);
    if (object.isTypedSecret) isShorter = true;
    kept.push(object.isTypedSecret ? Buffer.alloc(object.lines, '\n') : part);
  };
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    const line = bytes
      .subarray(at, Math.min(end, at + LONGEST_LINE))
      .toString()
      .trimEnd();
    if (/^---/.test(line) || /^\s*- apiVersion:/.test(line)) {
      finish(at);
      object = new YamlObject(at);
    }
    object.add(line);
    at = end;
  }
  finish(bytes.length);
  return isShorter ? Buffer.concat(kept) : undefined;
}

/** Whether an object is a Secret that no config needs: those for pulling images contain logins. */
export const isTypedSecret = (kind: string | undefined, type = 'Opaque'): boolean =>
  kind === 'Secret' && type !== 'Opaque' && type !== '' && !Object.hasOwn(PULL_SECRETS, type);

/** The lines that are looked at are short. */
const LONGEST_LINE = 256;

class YamlObject {
  readonly start: number;
  lines = 0;
  #indent = 0;
  #kind = '';
  #type = 'Opaque';

  constructor(start: number) {
    this.start = start;
  }

  get isTypedSecret(): boolean {
    return isTypedSecret(this.#kind, this.#type);
  }

  add(line: string): void {
    this.lines += 1;
    const [, dash = '', key = '', value = ''] = /^(\s*(?:- )?)(\w+):\s*(\S*)$/.exec(line) ?? [];
    if (dash.endsWith('- ') && this.lines === 1) this.#indent = dash.length;
    if (dash.length !== this.#indent) return;
    if (key === 'kind') this.#kind = unquoted(value);
    if (key === 'type') this.#type = unquoted(value);
  }
}

const unquoted = (value: string): string => value.replace(/^(['"])(.*)\1$/, '$2');
