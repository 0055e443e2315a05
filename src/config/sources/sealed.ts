/** Objects from which something in the cluster creates a Secret: they name its keys at most, never its values. */
import type { Unseen } from '../unseen.ts';
import { type Located, labelOf, nameIn, namespaceIn } from './objects.ts';
import { isNamed, named } from './quote.ts';
import { serviceOf } from './secret-data.ts';
import type { Stored } from './stored.ts';
import { entryOf, isList, isMap, nameOf, originIn, type Value, type ValueMap, Veiled, within } from './value.ts';

/** Why the values are not known here. */
const UNSEEN: Unseen = 'operator';

/** A Secret that an object stands for. */
interface Made {
  readonly name: string | undefined;
  readonly keys?: readonly string[];
  /** Whether it can have keys that the object does not name. */
  readonly isOpen: boolean;
}

type Maker = (spec: ValueMap) => readonly Made[];

/** A Secret of which only the name is known. */
const opaque =
  (...path: readonly string[]): Maker =>
  (spec) => [{ name: textAt(spec, ...path), isOpen: true }];

/** By kind. Sources: the reference of each operator. */
const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  [
    'SealedSecret',
    (spec) => [
      {
        name: textAt(spec, 'template', 'metadata', 'name'),
        keys: [...keysAt(spec, 'encryptedData'), ...keysAt(spec, 'template', 'data')],
        isOpen: false,
      },
    ],
  ],
  ['ExternalSecret', (spec) => [external(spec)]],
  [
    'ClusterExternalSecret',
    (spec) => {
      const inner = within(spec, 'externalSecretSpec');
      const made = external(isMap(inner) ? inner : {});
      return [{ ...made, name: made.name ?? textAt(spec, 'externalSecretName') }];
    },
  ],
  [
    'SecretProviderClass',
    (spec) =>
      listAt(spec, 'secretObjects').map((object) => ({
        name: textAt(object, 'secretName'),
        keys: listAt(object, 'data').flatMap((item) => textAt(item, 'key') ?? []),
        isOpen: false,
      })),
  ],
  ['VaultStaticSecret', opaque('destination', 'name')],
  ['VaultDynamicSecret', opaque('destination', 'name')],
  ['VaultPKISecret', opaque('destination', 'name')],
  ['VaultSecret', opaque('name')],
  ['OnePasswordItem', opaque('name')],
  ['DopplerSecret', opaque('managedSecret', 'name')],
  ['InfisicalSecret', opaque('managedSecretReference', 'secretName')],
  ['BitwardenSecret', opaque('secretName')],
  ['AzureKeyVaultSecret', opaque('output', 'secret', 'name')],
  [
    'SopsSecret',
    (spec) =>
      listAt(spec, 'secretTemplates').map((template) => ({
        name: textAt(template, 'name'),
        keys: [...keysAt(template, 'data'), ...keysAt(template, 'stringData')],
        isOpen: false,
      })),
  ],
]);

export const isSealed = (object: ValueMap): boolean => MAKERS.has(nameOf(object.kind) ?? '');

/** The Secrets that an object stands for, with its own name if it does not say another. */
function madeBy(object: ValueMap): readonly Required<Made>[] {
  const spec = isMap(object.spec) ? object.spec : {};
  const made = MAKERS.get(nameOf(object.kind) ?? '')?.(spec) ?? [];
  return made.map(({ name, keys = [], isOpen }) => ({ name: name ?? nameIn(object), keys, isOpen }));
}

/** As if they were in the file, with values that are not known here. */
export function sealedIn({ object, location }: Located, file: string): Stored[] {
  const kind = named(nameOf(object.kind), 'kind');
  const namespace = namespaceIn(object);
  return madeBy(object).map(({ name = '', keys, isOpen }): Stored => {
    const place = {
      service: serviceOf(name),
      origin: originIn(file, location, labelOf(object)),
      location: {
        ...location,
        kind,
        name: named(name, 'object'),
        ...(namespace !== undefined && { namespace: named(namespace, 'object') }),
      },
    };
    const entries = keys.map((key) => entryOf(key, new Veiled(UNSEEN), place));
    return { kind: 'Secret', name, namespace, entries, ...(isOpen && { isOpen }) };
  });
}

/** Why such objects alone are no config, and the command that prints one; completes a sentence that starts with the file. */
export function onlySealed(objects: readonly ValueMap[]): string {
  const [first] = objects;
  const names = objects.flatMap((object) => madeBy(object).map(({ name }) => name ?? ''));
  const shown = names.every((name) => isNamed(name, 'object')) ? names.slice(0, MOST_NAMES).join(' ') : '';
  const namespace = (first && namespaceIn(first)) ?? '';
  const where = isNamed(namespace, 'object') ? ` -n ${namespace}` : '';
  const label = first === undefined ? '' : labelOf(first);
  return `${label} has no values, only the Secret that the cluster creates from it; pass that: kubectl get secret ${shown || 'NAME'}${where} -o yaml | spacelift-preflight -f -`;
}

const MOST_NAMES = 8;

/** The keys of a template replace those of the data, unless it says otherwise. */
function external(spec: ValueMap): Made {
  const templated = keysAt(spec, 'target', 'template', 'data');
  const isMerged = templated.length === 0 || textAt(spec, 'target', 'template', 'mergePolicy') === 'Merge';
  const isOpen =
    (isMerged && listAt(spec, 'dataFrom').length > 0) || listAt(spec, 'target', 'template', 'templateFrom').length > 0;
  const own = isMerged ? listAt(spec, 'data').flatMap((item) => textAt(item, 'secretKey') ?? []) : [];
  return { name: textAt(spec, 'target', 'name'), keys: [...templated, ...own], isOpen };
}

const textAt = (value: Value, ...path: readonly string[]): string | undefined => nameOf(within(value, ...path));

function keysAt(value: Value, ...path: readonly string[]): string[] {
  const found = within(value, ...path);
  return isMap(found) ? Object.keys(found) : [];
}

function listAt(value: Value, ...path: readonly string[]): ValueMap[] {
  const found = within(value, ...path);
  return isList(found) ? found.filter(isMap) : [];
}
