/** The JSON in which the command-line tools of secret stores print secrets. */
import { isVariable } from '../contract.ts';
import { mapOfPairs } from './pairs.ts';
import { named, shown } from './quote.ts';
import { isList, isMap, nameOf, type Value, type ValueMap } from './value.ts';

/** A config in a document; a string is a text of any format. */
export interface Held {
  readonly value: Value;
  /** For people: "secret spacelift/db-conn-string". */
  readonly address: string | undefined;
}

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
  { open: ({ Parameter: parameter }) => (isMap(parameter) ? one(ofParameters([parameter])) : undefined) },
  { open: ({ Parameters: list }) => (isList(list) ? one(ofParameters(list)) : undefined) },
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
  // `doppler secrets --json`
  {
    open: (value) => {
      const secrets = Object.entries(value);
      const isDoppler =
        secrets.length > 0 && secrets.every(([, held]) => isMap(held) && 'computed' in held && 'raw' in held);
      if (!isDoppler) return undefined;
      return one(
        Object.fromEntries(secrets.map(([name, held]) => [name, isMap(held) ? (held.computed ?? null) : null])),
      );
    },
  },
  // `az keyvault secret show`: a whole config in one secret
  {
    open: ({ id, value }) =>
      typeof id === 'string' && /^https:\/\/[^/]+\/secrets\//.test(id) && typeof value === 'string'
        ? one(value)
        : undefined,
  },
  // `docker inspect`
  { open: ({ Config: config }) => (isMap(config) ? one(mapOfPairs(config.Env)) : undefined) },
];

/** The configs in a document of a secret store; `undefined` if it is none. */
export function openStore(value: Value): readonly Held[] | undefined {
  if (isList(value)) {
    const map = mapOfPairs(value.filter((item) => !isMap(item) || hasValue(item)));
    if (map !== undefined && Object.keys(map).some(isVariable)) return one(map);
    return value.length > 0 && value.every((item) => isMap(item) && isMap(item.Config))
      ? value.flatMap((item) => openStore(item) ?? [])
      : undefined;
  }
  if (!isMap(value) || typeof value.kind === 'string') return undefined;
  for (const { open } of STORES) {
    const held = open(value);
    if (held !== undefined) return held;
  }
  return undefined;
}

const ofSecretsManager = (secret: ValueMap): Held => ({
  value: nameOf(secret.SecretString) ?? '',
  address: secretNamed(secret.Name),
});

const ofParameters = (list: readonly Value[]): ValueMap =>
  Object.fromEntries(
    list
      .filter(isMap)
      .map(({ Name: name, Value: value }) => [(nameOf(name) ?? '').split('/').at(-1) ?? '', value ?? null]),
  );

/** Empty fields of 1Password have no value. */
const hasValue = (item: Value): boolean => !isMap(item) || 'value' in item || 'Value' in item;
