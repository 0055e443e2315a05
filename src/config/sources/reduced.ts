/** Leaves out what can't be a config, before the rest is parsed: most of a plan, and Secrets with a type. */
import { type JsonScan, JsonScan as Scan, ScanError, type Span } from '../../util/json-scan.ts';
import { InputError } from '../entry.ts';
import type { Terraform } from '../terraform/model.ts';
import { areOutputs, isTerraform, readOutputs, readTerraform } from '../terraform/read.ts';
import { parseJson } from './json.ts';
import { isJsonObject, LARGEST_MIB, tooLarge } from './read.ts';
import { isTypedSecret, withoutTypedSecrets } from './typed-secrets.ts';
import type { Value } from './value.ts';

const LARGEST = LARGEST_MIB * 1024 * 1024;

/** What is left of a file; nothing of it if it is read as a whole. */
export interface Reduced {
  readonly terraform?: Terraform;
  readonly values?: readonly Value[];
  readonly text?: Buffer<ArrayBuffer>;
}

/** @throws InputError if it is too large */
export function reduced(file: string, bytes: Buffer<ArrayBuffer>): Reduced {
  const isLarge = bytes.length > LARGEST;
  if (isJsonObject(bytes)) {
    const found = reducedJson(file, bytes, isLarge);
    if (found === undefined && isLarge) throw tooLarge(file);
    return found ?? {};
  }
  const text = withoutTypedSecrets(bytes);
  if ((text ?? bytes).length > LARGEST) throw tooLarge(file);
  return text === undefined ? {} : { text };
}

function reducedJson(file: string, bytes: Uint8Array, isLarge: boolean): Reduced | undefined {
  const scan = new Scan(bytes);
  try {
    const top = scan.root();
    if (areOutputs(scan, top)) return { terraform: readOutputs(scan, top) };
    if (isTerraform(top)) return { terraform: readTerraform(scan, top) };
    const items = itemsIn(scan, top);
    return items && { values: items.flatMap((item) => parseJson(file, scan.text(item))) };
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    // The parser says more about a file that it can read.
    if (isLarge) throw new InputError(`${file}: not valid JSON at byte ${error.at}`);
    return undefined;
  }
}

/** The objects of a list from which Secrets with a type are left out; `undefined` if there are none to leave out. */
function itemsIn(scan: JsonScan, top: ReadonlyMap<string, Span>): Span[] | undefined {
  if (scan.string(top.get('kind')) !== 'List') return undefined;
  const all = [...scan.elements(top.get('items'))];
  const kept = all.filter(
    ({ members: object = new Map<string, Span>() }) =>
      !isTypedSecret(scan.string(object.get('kind')), scan.string(object.get('type'))),
  );
  const size = kept.reduce((sum, { span }) => sum + span.end - span.start, 0);
  return kept.length === all.length || kept.length === 0 || size > LARGEST ? undefined : kept.map(({ span }) => span);
}
