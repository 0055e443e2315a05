/** Finds resources of a plan, and which of them belong together. */
import { isJsonMap, type Json, type JsonMap } from '../../util/json.ts';
import type { INFRASTRUCTURE_ATTRIBUTES } from './attributes.ts';
import type { Resource, Terraform } from './model.ts';

export type InfrastructureType = keyof typeof INFRASTRUCTURE_ATTRIBUTES;

const FIRST: ReadonlySet<string> = new Set([
  'aws_ecs_task_definition',
  'kubernetes_secret',
  'kubernetes_secret_v1',
  'helm_release',
  'aws_db_instance',
  'aws_rds_cluster',
  'google_sql_database_instance',
  'azurerm_postgresql_flexible_server',
]);

/** Whether two resources belong together; `undefined` if the plan does not tell. */
export type Related = boolean | undefined;

export class PlanView {
  readonly resources: readonly Resource[];

  constructor(plans: readonly Terraform[]) {
    this.resources = plans.flatMap(({ resources }) => resources);
  }

  /** Whether it creates the database, or what runs Spacelift: nothing of it can be installed yet. */
  get isFirst(): boolean {
    return this.resources.some(({ type, isNew }) => isNew && FIRST.has(type));
  }

  of(...types: readonly InfrastructureType[]): Resource[] {
    return this.resources.filter(({ type }) => types.some((one) => one === type));
  }

  /**
   * The resources of a type whose attribute names another resource.
   * @returns `undefined` if there is none, but one that could be
   */
  attachedTo(target: Resource, type: InfrastructureType, attribute: string): Resource[] | undefined {
    const related = this.of(type).map((resource) => [resource, relation(resource, attribute, target)] as const);
    const found = related.filter(([, is]) => is === true).map(([resource]) => resource);
    return found.length === 0 && related.some(([, is]) => is === undefined) ? undefined : found;
  }

  /** The resource of a type that an attribute refers to. */
  referredTo(resource: Resource, attribute: string, type: InfrastructureType): Resource | undefined {
    return this.of(type).find((target) => relation(resource, attribute, target) === true);
  }
}

/** By the value if it is known, otherwise by the expression in the configuration. */
function relation(resource: Resource, attribute: string, target: Resource): Related {
  const value = resource.values[attribute];
  if (typeof value === 'string' && resource.unknown[attribute] !== true) {
    const names = ['bucket', 'name', 'id', 'arn', 'key_id', 'url'].map((name) => target.values[name]);
    return names.includes(value);
  }
  if (resource.references === undefined) return undefined;
  const references = resource.references[attribute];
  if (references === undefined) return false;
  const resources = references.flatMap((text) => /^[a-z][a-z0-9]*_\w+\.[\w-]+/.exec(text)?.[0] ?? []);
  if (resources.length === 0) return undefined;
  const isSame = resources.includes(`${target.type}.${target.name}`) && resource.module === target.module;
  const [own, other] = [indexOf(resource), indexOf(target)];
  return isSame && (own === other || own === undefined || other === undefined);
}

/** `"states"`, `0`; `undefined` without `for_each` and `count`. */
export const indexOf = ({ address }: Resource): string | undefined => /\[([^\][]*)\]$/.exec(address)?.[1];

/** A text that is known; `undefined` for anything else. */
export function textOf({ values }: Resource, attribute: string): string | undefined {
  const value = values[attribute];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a value in a resource, in any block of the path, is known only after the apply. */
export const isLater = ({ unknown }: Resource, ...path: readonly string[]): boolean => isLaterIn(unknown, path);

function isLaterIn(value: Json | undefined, path: readonly string[]): boolean {
  if (value === true) return true;
  if (Array.isArray(value)) return value.some((one) => isLaterIn(one, path));
  const [name, ...rest] = path;
  return name !== undefined && isJsonMap(value) && Object.hasOwn(value, name) && isLaterIn(value[name], rest);
}

/** The blocks of a name; none if there are none. */
export const blocksIn = (values: JsonMap, name: string): JsonMap[] => {
  const value: Json | undefined = values[name];
  return Array.isArray(value) ? value.filter(isJsonMap) : isJsonMap(value) ? [value] : [];
};

/**
 * The subject of each resource: by the names in the config; where those are not known, by the names that the vendor's
 * modules give their resources, but only in a module that has most of them.
 * @param least how many resources of a module must have such a name
 */
export function subjectsOf<Subject extends string>(
  resources: readonly Resource[],
  {
    configured,
    vendors,
    least,
  }: {
    /** `false` if the config names another one; `undefined` if it does not tell. */
    readonly configured: (resource: Resource, subject: Subject) => boolean | undefined;
    readonly vendors: (name: string) => Subject | undefined;
    readonly least: number;
  },
  subjects: readonly Subject[],
): Map<Subject, Resource> {
  const found = new Map<Subject, Resource>();
  const modules = Map.groupBy(resources, ({ module }) => module);
  for (const subject of subjects) {
    const named = resources.find((resource) => configured(resource, subject) === true);
    if (named !== undefined) found.set(subject, named);
  }
  for (const group of modules.values()) {
    const known = group.flatMap((resource) => {
      const subject = vendors(vendorsName(resource));
      return subject === undefined ? [] : [[subject, resource] as const];
    });
    if (new Set(known.map(([subject]) => subject)).size < least) continue;
    for (const [subject, resource] of known)
      if (!found.has(subject) && configured(resource, subject) === undefined) found.set(subject, resource);
  }
  return found;
}

/** `aws_s3_bucket.run_logs`, `google_storage_bucket.spacelift-run-logs`, `….this["spacelift-run-logs"]` → `run-logs`. */
function vendorsName(resource: Resource): string {
  const key = /^"(.*)"$/.exec(indexOf(resource) ?? '')?.[1] ?? resource.name;
  return key.replaceAll('_', '-').replace(/^spacelift-/, '');
}
