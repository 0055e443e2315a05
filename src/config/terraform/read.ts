/**
 * Reads `tofu show -json` of a plan or a state, and state files of version 4, without parsing what is not needed
 * (https://opentofu.org/docs/internals/json-format/).
 */
import { isJsonMap, type Json, type JsonMap } from '../../util/json.ts';
import { type JsonScan, ScanError, type Span, type Start } from '../../util/json-scan.ts';
import { ATTRIBUTES } from './attributes.ts';
import type { Output, Resource, Terraform } from './model.ts';

type Members = ReadonlyMap<string, Span>;

/** In one plan; far above any real one. */
const MOST_RESOURCES = 100_000;
const DEEPEST_MODULE = 100;

/** Whether the members of a document are those of a plan or state. */
export const isTerraform = (top: Members): boolean =>
  top.has('resource_changes') ||
  (top.has('terraform_version') && ['values', 'planned_values', 'resources', 'lineage'].some((key) => top.has(key))) ||
  (top.has('format_version') && (top.has('values') || top.has('planned_values')));

/** Whether the members of a document are those of `tofu output -json`. */
export const areOutputs = (scan: JsonScan, top: Members): boolean =>
  top.size > 0 &&
  [...top.values()].every((span) => {
    const output = scan.members(span);
    return output.has('sensitive') && output.has('value');
  });

/** @throws ScanError */
export const readOutputs = (scan: JsonScan, top: Members): Terraform => ({
  kind: 'outputs',
  resources: [],
  outputs: new Reader(scan).outputs(top),
});

/** @throws ScanError */
export function readTerraform(scan: JsonScan, top: Members): Terraform {
  const reader = new Reader(scan);
  reader.readConfiguration(scan.members(scan.member(top.get('configuration'), 'root_module')));
  if (top.has('resource_changes') || top.has('planned_values')) {
    const planned = top.get('planned_values');
    if (top.has('resource_changes')) reader.readChanges(top.get('resource_changes'));
    else reader.readModule(scan.members(scan.member(planned, 'root_module')));
    const outputs = reader.outputs(scan.members(scan.member(planned, 'outputs')));
    const changed = reader.changedOutputs(top.get('output_changes'), new Set(outputs.map(({ name }) => name)));
    const errored = top.get('errored');
    return {
      kind: 'plan',
      resources: reader.resources,
      outputs: [...outputs, ...changed],
      errored: errored !== undefined && scan.parse(errored) === true,
      destroys: reader.destroys,
    };
  }
  const values = scan.members(top.get('values'));
  reader.readModule(scan.members(values.get('root_module')));
  reader.readStateFile(top.get('resources'));
  return {
    kind: 'state',
    resources: reader.resources,
    outputs: reader.outputs(scan.members(values.get('outputs') ?? top.get('outputs'))),
  };
}

/** The parts of a resource. */
interface Spans {
  readonly values: Span | undefined;
  readonly unknown?: Span | undefined;
  readonly sensitive?: Span | undefined;
  readonly actions?: Json | undefined;
}

const DELETE = '["delete"]';
/** Actions of a plan that only destroys. */
const HARMLESS: ReadonlySet<string> = new Set([DELETE, '["no-op"]', '["forget"]', '["read"]']);

class Reader {
  readonly #scan: JsonScan;
  readonly resources: Resource[] = [];
  destroys = false;
  /** Whether a resource that is read is created or updated. */
  #isChanging = false;
  /** By the address of the resource without indexes. */
  readonly #references = new Map<string, Resource['references']>();

  constructor(scan: JsonScan) {
    this.#scan = scan;
  }

  readConfiguration(module: Members, path = '', depth = 0): void {
    if (depth > DEEPEST_MODULE) throw new ScanError(module.get('resources')?.start ?? 0);
    for (const resource of this.#scan.objects(module.get('resources'), this.#isRead)) {
      const address = `${path}${this.#scan.string(resource.get('address')) ?? ''}`;
      const wanted = ATTRIBUTES.get(this.#scan.string(resource.get('type')) ?? '');
      const expressions = [...this.#scan.members(resource.get('expressions'))].filter(([name]) => wanted?.has(name));
      const references = expressions.map(([name, span]) => [name, referencesIn(this.#scan.parse(span))] as const);
      this.#references.set(address, Object.fromEntries(references));
    }
    for (const [name, call] of this.#scan.members(module.get('module_calls'))) {
      const inner = this.#scan.members(this.#scan.member(call, 'module'));
      this.readConfiguration(inner, `${path}module.${name}.`, depth + 1);
    }
  }

  readChanges(list: Span | undefined): void {
    for (const members of this.#scan.objects(list, this.#isRead)) {
      const change = this.#scan.members(members.get('change'));
      const actions = this.#json(change.get('actions'));
      // A replaced resource is created, too; one that is forgotten still exists, but is no longer described.
      if (Array.isArray(actions) && !actions.some((action) => /^(?:no-op|create|update)$/.test(String(action))))
        continue;
      this.#add(members, {
        values: change.get('after'),
        unknown: change.get('after_unknown'),
        sensitive: change.get('after_sensitive'),
        actions,
      });
      this.#isChanging ||= !HARMLESS.has(JSON.stringify(actions));
    }
    this.destroys = !this.#isChanging && this.#destroysOnly(list);
  }

  /** Looks at all resources, of any type. */
  #destroysOnly(list: Span | undefined): boolean {
    let destroyed = 0;
    const isOther = (resource: Start): boolean => {
      const actions = this.#scan.member(this.#scan.member(resource, 'change'), 'actions');
      const text = actions === undefined ? '' : JSON.stringify(this.#scan.parseAt(actions));
      if (text === DELETE) destroyed += 1;
      return !HARMLESS.has(text);
    };
    return this.#scan.objects(list, isOther).next().done === true && destroyed > 0;
  }

  readModule(parts: Members, depth = 0): void {
    if (depth > DEEPEST_MODULE) throw new ScanError(parts.get('resources')?.start ?? 0);
    for (const resource of this.#scan.objects(parts.get('resources'), this.#isRead)) {
      this.#add(resource, { values: resource.get('values'), sensitive: resource.get('sensitive_values') });
    }
    for (const child of this.#scan.objects(parts.get('child_modules'))) this.readModule(child, depth + 1);
  }

  readStateFile(list: Span | undefined): void {
    for (const resource of this.#scan.objects(list, this.#isRead)) {
      for (const instance of this.#scan.objects(resource.get('instances'))) {
        if (instance.has('deposed')) continue;
        const key = this.#json(instance.get('index_key'));
        const index = key === undefined || key === null ? '' : `[${JSON.stringify(key)}]`;
        this.#add(resource, { values: instance.get('attributes') }, index);
      }
    }
  }

  outputs(map: Members): Output[] {
    return [...map].map(([name, span]) => {
      const output = this.#scan.members(span);
      return { name, value: this.#json(output.get('value')), sensitive: this.#json(output.get('sensitive')) === true };
    });
  }

  /** Outputs without a value in the plan, because it is known only after the apply. */
  changedOutputs(map: Span | undefined, known: ReadonlySet<string>): Output[] {
    return [...this.#scan.members(map)].flatMap(([name, span]) => {
      const change = this.#scan.members(span);
      const isDeleted = JSON.stringify(this.#json(change.get('actions'))) === '["delete"]';
      if (known.has(name) || isDeleted) return [];
      const sensitive = this.#json(change.get('after_sensitive')) === true;
      return [{ name, value: this.#json(change.get('after')) ?? undefined, sensitive }];
    });
  }

  readonly #isRead = (resource: Start): boolean => {
    if (!ATTRIBUTES.has(this.#scan.string(this.#scan.member(resource, 'type')) ?? '')) return false;
    const mode = this.#scan.string(this.#scan.member(resource, 'mode'));
    return mode === undefined || mode === 'managed';
  };

  #add(resource: Members, { actions, ...spans }: Spans, index = ''): void {
    const text = (key: string) => this.#scan.string(resource.get(key)) ?? '';
    const [type, name] = [text('type'), text('name')];
    const local = `${type}.${name}${index}`;
    const stated = text('module');
    const address = text('address') || (stated === '' ? local : `${stated}.${local}`);
    const module = text('module_address') || stated || moduleOf(address, type);
    if (this.resources.length >= MOST_RESOURCES) throw new ScanError(resource.get('type')?.start ?? 0);
    this.resources.push({
      address,
      module,
      type,
      name,
      values: this.#attributes(type, spans.values),
      unknown: this.#attributes(type, spans.unknown),
      sensitive: this.#attributes(type, spans.sensitive),
      isNew: JSON.stringify(actions) === '["create"]',
      references: this.#references.get(address.replace(/\[[^\][]*\]/g, '')),
    });
  }

  #attributes(type: string, span: Span | undefined): JsonMap {
    const wanted = ATTRIBUTES.get(type);
    const entries = [...this.#scan.members(span)].filter(([name]) => wanted?.has(name));
    return Object.fromEntries(entries.map(([name, value]) => [name, this.#scan.parse(value)]));
  }

  #json(span: Span | undefined): Json | undefined {
    return span && this.#scan.parse(span);
  }
}

/** In an expression of any depth. */
function referencesIn(expression: Json): string[] {
  if (Array.isArray(expression)) return expression.flatMap(referencesIn);
  if (!isJsonMap(expression)) return [];
  const { references, ...inner } = expression;
  const own = Array.isArray(references) ? references.filter((one) => typeof one === 'string') : [];
  return [...own, ...Object.values(inner).flatMap(referencesIn)];
}

/** The part of an address before the resource. */
const moduleOf = (address: string, type: string): string =>
  address.slice(0, Math.max(0, address.lastIndexOf(`.${type}.`)));

/** Whether an attribute, or something in it, is known only after the apply. */
export const isUnknown = (value: Json | undefined): boolean =>
  value === true ||
  (Array.isArray(value) ? value.some(isUnknown) : isJsonMap(value) && Object.values(value).some(isUnknown));
