/** The JSON in which the command-line tools of secret stores print secrets. */
import { isVariable } from '../contract.ts';
import { type Held, openContainers } from './containers.ts';
import { isEcs } from './ecs.ts';
import { mapOfPairs } from './pairs.ts';
import { named, shown } from './quote.ts';
import { isList, isMap, nameOf, type Value, type ValueMap, within } from './value.ts';

interface Store {
  /** `undefined` if the document is not from this store. */
  readonly open: (value: ValueMap) => readonly Held[] | undefined;
}

const one = (value: Value | undefined, address?: string): readonly Held[] | undefined =>
  value === undefined ? undefined : [{ value, address }];

const secretNamed = (name: Value | undefined): string | undefined => {
  const text = nameOf(name);
  return text === undefined
    ? undefined
    : `secret ${/^[\w/.@+=!:-]{1,256}$/.test(text) ? shown(text) : named('', 'key')}`;
};

/** In this order. Sources: the documentation of each command. */
const STORES: readonly Store[] = [
  // `aws secretsmanager get-secret-value` and `batch-get-secret-value`
  {
    open: (value) => (typeof value.SecretString === 'string' && 'ARN' in value ? [ofSecretsManager(value)] : undefined),
  },
  {
    open: ({ SecretValues: list }) =>
      isList(list) && list.every((secret) => isMap(secret) && typeof secret.SecretString === 'string')
        ? list.filter(isMap).map(ofSecretsManager)
        : undefined,
  },
  // `aws ssm get-parameter` and `get-parameters-by-path`: the last part of a name is the variable
  {
    open: ({ Parameter: parameter }) =>
      isMap(parameter) && isReadable(parameter) ? one(ofParameters([parameter])) : undefined,
  },
  {
    open: ({ Parameters: list }) =>
      isList(list) && list.length > 0 && list.every(isReadable) ? one(ofParameters(list)) : undefined,
  },
  // `vault kv get -format=json`: version 2 of the engine has metadata beside the data
  {
    open: ({ request_id: id, data }) => {
      if (id === undefined || !isMap(data)) return undefined;
      return one(isMap(data.data) && isMap(data.metadata) ? data.data : data);
    },
  },
  // `op item get --format json`
  {
    open: ({ fields, title }) =>
      isList(fields) ? one(mapOfPairs(fields.filter(hasValue)), secretNamed(title)) : undefined,
  },
  // `bw get item`: a config in the notes
  { open: ({ object, notes }) => (object === 'item' && typeof notes === 'string' ? one(notes) : undefined) },
  // `doppler secrets --json`
  {
    open: (value) => {
      const secrets = Object.entries(value);
      const isDoppler = secrets.length > 0 && secrets.every(([, held]) => isMap(held) && 'computed' in held);
      if (!isDoppler) return undefined;
      return one(
        Object.fromEntries(secrets.map(([name, held]) => [name, isMap(held) ? (held.computed ?? null) : null])),
      );
    },
  },
  // `az keyvault secret show`: a whole config in one secret, or a variable
  {
    open: ({ id, name, value }) =>
      typeof id === 'string' && /^https:\/\/[^/]+\/secrets\//.test(id) && typeof value === 'string'
        ? ofOneSecret(nameOf(name) ?? id.split('/')[4] ?? '', value)
        : undefined,
  },
  // `gcloud secrets versions access --format=json`
  {
    open: ({ name, payload }) => {
      const data = within(payload, 'data');
      if (typeof data !== 'string' || typeof name !== 'string') return undefined;
      return ofOneSecret(/\/secrets\/([^/]+)/.exec(name)?.[1] ?? '', Buffer.from(data, 'base64').toString());
    },
  },
];

/** The configs in a document of a secret store; `undefined` if it is none. */
export function openStore(value: Value): readonly Held[] | undefined {
  if (isList(value)) {
    if (value.length > 0 && !isEcs(value) && value.every(isDocument)) return value.map((item) => ({ value: item }));
    const map = mapOfPairs(value.filter((item) => !isMap(item) || hasValue(item)));
    return map !== undefined && Object.keys(map).some(isVariable) ? one(map) : undefined;
  }
  if (!isMap(value) || typeof value.kind === 'string') return undefined;
  for (const open of [...STORES.map((store) => store.open), openContainers]) {
    const held = open(value);
    if (held !== undefined) return held;
  }
  return undefined;
}

/** What commands print one by one, in one list: `jq -s` makes them. */
const isDocument = (item: Value): boolean =>
  isMap(item) && (typeof item.kind === 'string' || isEcs(item) || openStore(item) !== undefined);

/** A config, or a value whose secret has the name of its variable. */
function ofOneSecret(name: string, value: string): readonly Held[] {
  const variable = variableNamed(name);
  return isVariable(variable) ? [{ value: { [variable]: value } }] : [{ value, address: secretNamed(name) }];
}

/** The variable after which a secret or parameter is named: not all stores have underscores and capitals. */
function variableNamed(name: string): string {
  const variable = name.toUpperCase().replaceAll('-', '_');
  return isVariable(variable) ? variable : name;
}

const ofSecretsManager = (secret: ValueMap): Held => ({
  value: nameOf(secret.SecretString) ?? '',
  address: secretNamed(secret.Name),
});

const ofParameters = (list: readonly Value[]): ValueMap =>
  Object.fromEntries(
    list
      .filter(isMap)
      .map(({ Name: name, Value: value }) => [
        variableNamed((nameOf(name) ?? '').split('/').at(-1) ?? ''),
        value ?? null,
      ]),
  );

/** Whether a parameter has its value: `describe-parameters` prints none, and without `--with-decryption` it is encrypted. */
const isReadable = (parameter: Value): boolean =>
  isMap(parameter) &&
  typeof parameter.Value === 'string' &&
  !(parameter.Type === 'SecureString' && /^AQ[A-Za-z0-9+/]{100,}={0,2}$/.test(parameter.Value));

/** Empty fields of 1Password have no value. */
const hasValue = (item: Value): boolean => !isMap(item) || 'value' in item || 'Value' in item;
