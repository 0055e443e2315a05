/** What the containers of a config refer to, and which of the variables that they need they lack. */
import { cause } from '../outcome/cause.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { fail, type Issue, warn } from '../outcome/outcome.ts';
import { firstOf, plural } from '../util/format.ts';
import { holds, type View } from './choices.ts';
import { CONTRACT, DOCS, VARIABLES, type VariableName } from './contract.ts';
import type { Entry, Source, UnresolvedReference } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { deployedIn } from './judge-scheduler.ts';
import { CORE_SERVICES, type Perspective, type Service } from './options.ts';
import type { Resolved } from './resolve.ts';
import { whatIsNear } from './sources/near.ts';
import { serviceInName } from './sources/service.ts';

/** Maximum number of names in a text. */
const MOST_NAMES = 8;

export function judgeWorkloads(resolved: Resolved, sources: readonly Source[], view: View): ConfigurationFinding[] {
  const unresolved = sources.flatMap((source) => source.unresolved ?? []);
  return [
    ...unresolved.flatMap((one): ConfigurationFinding[] => {
      const outcome = one.key === undefined ? judgeObject(one) : judgeKey(one, one.key);
      return outcome === undefined ? [] : [{ rule: 'workload', variable: one.variable ?? one.name, outcome }];
    }),
    ...judgeLacking(resolved, sources, view),
  ];
}

/** The object can be in the cluster: only one that is nearly the same, in the same file, says that it is not. */
function judgeObject(reference: UnresolvedReference): Issue | undefined {
  const { kind, name, near, nearKind, nearNamespace, origin } = reference;
  if (near === undefined) return undefined;
  const meant = `${nearKind ?? kind} ${near}`;
  const fix =
    nearNamespace !== undefined
      ? advice`create ${meant} in the namespace of the workload`
      : advice`refer to ${meant}, or pass ${kind} ${name} too`;
  return warn(whatIsNear(reference), {
    detail: `${origin} refers to it. A pod does not start without the objects that it refers to.`,
    expected: nearNamespace === undefined ? `a reference to ${meant}` : `${meant} in the namespace of the workload`,
    fix,
    docs: DOCS.general,
    evidence: { kind, name, near },
  });
}

function judgeKey({ kind, name, variable = '', near, origin }: UnresolvedReference, key: string): Issue {
  return fail(`${kind} ${name} has no key ${key}${near === undefined ? '' : `, did you mean ${near}?`}`, {
    detail: `${origin} refers to it for ${variable}. A pod does not start without the keys that it refers to.`,
    expected: `a key that ${kind} ${name} has`,
    fix: near === undefined ? advice`add the key ${key} to ${kind} ${name}` : advice`refer to the key ${near}`,
    docs: DOCS.general,
    evidence: { kind, name, key },
    cause: cause.variable(variable),
  });
}

/** Variables that a service needs, which only other services have. */
function judgeLacking(resolved: Resolved, sources: readonly Source[], view: View): ConfigurationFinding[] {
  const { service, byService, entries, incomplete } = resolved;
  if (service !== undefined || incomplete) return [];
  const deployed = deployedIn(sources);
  // Their missing keys are told already.
  const told = new Set(sources.flatMap((source) => source.unresolved ?? []).map(({ variable }) => variable));
  return CORE_SERVICES.filter((one) => deployed.has(one)).flatMap((one): ConfigurationFinding[] => {
    const own = byService.get(one);
    const names = VARIABLES.filter(
      (name) =>
        own !== undefined && !own.has(name) && entries.has(name) && !told.has(name) && isNeededBy(name, one, view),
    );
    const [first] = names;
    if (first === undefined) return [];
    return [{ rule: 'workload', variable: one, outcome: lacking(one, names, fixFor(one, names, resolved, sources)) }];
  });
}

function isNeededBy(name: VariableName, service: Service, view: View): boolean {
  const { required, of } = CONTRACT[name];
  if (required === undefined || (of !== undefined && !(of as readonly Perspective[]).includes(service))) return false;
  return required === true || holds(required, view) === true;
}

function lacking(service: Service, names: readonly VariableName[], fix: Fix): Issue {
  const [first = '', ...others] = names;
  const rest = others.length === 0 ? '' : ` and ${plural(others.length, 'other variable')}`;
  return fail(`the ${service} does not have ${first}${rest}`, {
    detail: `Only other services have ${firstOf(names, MOST_NAMES)}; the ${service} requires ${others.length === 0 ? 'it' : 'them'} too.`,
    expected: `every variable that the ${service} requires, in its own container`,
    fix,
    docs: DOCS.general,
    evidence: { service, variables: names },
  });
}

/** From the object that holds them, if there is one. */
function fixFor(service: Service, names: readonly string[], { entries }: Resolved, sources: readonly Source[]): Fix {
  const held = [
    ...sources.flatMap((source) => source.ignored ?? []),
    ...names.flatMap((name) => entries.get(name) ?? []),
  ];
  const object = held.find(
    (entry) => names.includes(entry.name) && isInObject(entry) && !isOfAnother(entry, service),
  )?.location;
  return object === undefined
    ? advice`set ${firstOf(names, MOST_NAMES)} for the ${service} too`
    : advice`add ${`${object.kind} ${object.name}`} to envFrom in the container of the ${service}`;
}

const isInObject = ({ location }: Entry): boolean => location?.kind !== undefined && location.container === undefined;

/** Whether an object is named for another service, whose other variables are not for this one. */
function isOfAnother({ location }: Entry, service: Service): boolean {
  const of = serviceInName(location?.name ?? '');
  return of !== undefined && of !== service;
}
