/** The configs in a plan or state of Terraform or OpenTofu: in resources and outputs. */
import { isJsonMap, type Json, type JsonMap } from '../../util/json.ts';
import { lookup } from '../../util/lookup.ts';
import { isVariable } from '../contract.ts';
import type { Location } from '../schema.ts';
import type { Output, Resource, Terraform } from '../terraform/model.ts';
import { isUnknown } from '../terraform/read.ts';
import type { Unseen } from '../unseen.ts';
import { dig } from './dig.ts';
import { mapOfPairs } from './pairs.ts';
import { addressed } from './quote.ts';
import { type Document, isList, isMap, type Value, Veiled } from './value.ts';

/** A part of a file that can hold a config of its own. */
export interface Candidate {
  /** For people: "output kubernetes_secrets". */
  readonly label: string;
  readonly documents: readonly Document[];
  /** Why some of its values are not known here. */
  readonly unseen?: Unseen;
}

/** Reads a text that is in a value: a document of any format. */
export type ReadText = (text: string, location: Location) => Promise<readonly Document[]>;

/** @param readText fails for a text of no known format */
export async function candidatesIn(terraform: Terraform, file: string, readText: ReadText): Promise<Candidate[]> {
  const reader = new ConfigReader(file, readText);
  const groups = Map.groupBy(terraform.resources, ({ module, type }) => `${lookup(FAMILIES, type) ?? ''}${module}`);
  const candidates: Candidate[] = [];
  for (const group of groups.values()) {
    const found = await Promise.all(group.map((resource) => reader.readResource(resource)));
    const unseen = found.some((one) => one === 'unknown');
    const documents = found.flatMap((one) => (one === 'unknown' ? [] : one));
    if (documents.length === 0 && !unseen) continue;
    candidates.push({ label: labelOf(group), documents, ...(unseen && { unseen: 'apply' as const }) });
  }
  const variables = terraform.outputs.flatMap((output) => variableIn(output, file));
  if (variables.length > 0) candidates.push({ label: 'outputs', documents: variables });
  for (const output of terraform.outputs)
    if (!isVariable(output.name)) candidates.push(...(await reader.readOutput(output)));
  return candidates;
}

/** The resources that together hold one config. */
const FAMILIES: Readonly<Record<string, string>> = {
  aws_ecs_task_definition: 'ecs ',
  aws_secretsmanager_secret_version: 'secrets ',
  helm_release: 'helm ',
};

function labelOf(group: readonly Resource[]): string {
  const [first] = group;
  if (group.length === 1 || first === undefined) return addressed(first?.address ?? '');
  return first.module === '' ? `${addressed(first.address)} …` : addressed(first.module);
}

class ConfigReader {
  readonly #file: string;
  readonly #readText: ReadText;

  constructor(file: string, readText: ReadText) {
    this.#file = file;
    this.#readText = readText;
  }

  /** `unknown`: it exists, but what it holds is known only after the apply. */
  async readResource(resource: Resource): Promise<readonly Document[] | 'unknown'> {
    const { type, values, unknown } = resource;
    const location: Location = { file: this.#file, address: addressed(resource.address) };
    if (type === 'aws_ecs_task_definition') {
      if (unknown.container_definitions === true) return 'unknown';
      return this.#text(values.container_definitions, location, (value) => ({ containerDefinitions: value }));
    }
    if (type === 'aws_secretsmanager_secret_version')
      return this.#holdsVariables(await this.#text(values.secret_string, location));
    if (type === 'kubectl_manifest') return this.#text(values.yaml_body, location);
    if (type === 'kubernetes_manifest') return isJsonMap(values.manifest) ? [{ value: values.manifest, location }] : [];
    if (type === 'helm_release') return this.#helm(resource, location);
    if (!type.startsWith('kubernetes_')) return [];
    return kubernetesObject(resource, location);
  }

  async readOutput({ name, value }: Output): Promise<Candidate[]> {
    const label = `output ${addressed(name)}`;
    const location: Location = { file: this.#file, address: label };
    if (value === undefined) return name === VENDORS_OUTPUT ? [{ label, documents: [], unseen: 'apply' }] : [];
    if (typeof value === 'string') {
      const documents = await this.#text(value, location);
      return documents.length === 0 ? [] : [{ label, documents }];
    }
    return isList(value) || isMap(value) ? [{ label, documents: [{ value, location }] }] : [];
  }

  async #helm({ values, sensitive }: Resource, location: Location): Promise<Document[]> {
    const texts = Array.isArray(values.values) ? values.values : [];
    const documents: Document[] = [];
    for (const text of texts) {
      for (const { value } of await this.#text(text, location)) documents.push(...dig(value, location));
    }
    for (const [field, isSecret] of [
      ['set', sensitive.set === true],
      ['set_sensitive', true],
      ['set_wo', true],
    ] as const) {
      const pairs = mapOfPairs(values[field]);
      for (const [path, value] of Object.entries(pairs ?? {})) {
        const keys = path.split(/(?<!\\)\./);
        const name = keys.pop()?.replaceAll('\\', '') ?? '';
        documents.push(
          ...dig({ [name]: value }, location, keys).map((one) => (isSecret ? { ...one, secret: true as const } : one)),
        );
      }
    }
    return documents;
  }

  #holdsVariables(documents: readonly Document[]): readonly Document[] {
    return documents.filter(({ value }) => isMap(value) && Object.keys(value).some(isVariable));
  }

  /** Nothing for a text that is no document: most texts in a state are not. */
  async #text(
    text: Json | undefined,
    location: Location,
    wrap = (value: Value): Value => value,
  ): Promise<readonly Document[]> {
    if (typeof text !== 'string') return [];
    const documents = await this.#readText(text, location);
    return documents.map((one) => ({ ...one, value: wrap(one.value) }));
  }
}

/** An output with the name of a variable. */
function variableIn({ name, value, sensitive }: Output, file: string): Document[] {
  const text: Value = value === undefined ? new Veiled('apply') : value;
  if (!isVariable(name) || isList(text) || isMap(text)) return [];
  const location = { file, address: `output ${name}` };
  return [{ value: { [name]: text }, location, ...(sensitive && { secret: true }) }];
}

/** The output of the vendor's modules that holds the config. */
const VENDORS_OUTPUT = 'kubernetes_secrets';

/** As the API would have it. In a plan or state the data of a Secret is plain text. */
function kubernetesObject({ type, values, unknown }: Resource, location: Location): readonly Document[] | 'unknown' {
  if (unknown.data === true) return 'unknown';
  const [metadata] = Array.isArray(values.metadata) ? values.metadata : [];
  const isSecret = type.startsWith('kubernetes_secret');
  const data = { ...mapIn(values.data), ...veiled(unknown.data) };
  const value: Value = {
    apiVersion: 'v1',
    kind: isSecret ? 'Secret' : 'ConfigMap',
    ...(typeof values.type === 'string' && { type: values.type }),
    metadata: isJsonMap(metadata) ? metadata : {},
    ...(isSecret ? { stringData: data, data: mapIn(values.binary_data) } : { data }),
  };
  return [{ value, location }];
}

const mapIn = (value: Json | undefined): JsonMap => (isJsonMap(value) ? value : {});

const veiled = (unknown: Json | undefined): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(mapIn(unknown)).flatMap(([name, value]) => (isUnknown(value) ? [[name, new Veiled('apply')]] : [])),
  );
