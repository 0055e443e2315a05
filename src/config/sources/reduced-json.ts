/** Leaves out what can't be a config of a JSON object, before the rest is parsed: most of a plan, and Secrets with a type. */
import { JsonScan, ScanError, type Span } from '../../util/json-scan.ts';
import { InputError } from '../entry.ts';
import type { Terraform } from '../terraform/model.ts';
import { areOutputs, isTerraform, readOutputs, readTerraform } from '../terraform/read.ts';
import { parseJson } from './json.ts';
import { LARGEST } from './read.ts';
import { isTypedSecret } from './typed-secrets.ts';
import type { Value } from './value.ts';

export interface ReducedJson {
  readonly terraform?: Terraform;
  readonly values?: readonly Value[];
}

/** @throws InputError if a large one is no JSON */
export function reducedJson(file: string, bytes: Uint8Array, isLarge: boolean): ReducedJson | undefined {
  const scan = new JsonScan(bytes);
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
