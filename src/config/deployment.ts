/** Combines the contract and the sources into what the checks read. */

import { advice, type Fix } from '../outcome/fix.ts';
import type { Issue } from '../outcome/outcome.ts';
import { type AssumedRelease, assumeRelease, tagIn } from './assumed-release.ts';
import {
  type ChoiceName,
  type ChoiceOf,
  CONTRACT,
  isChoice,
  isChosen,
  isForSdk,
  type VariableName,
} from './contract.ts';
import { ENVIRONMENT, type Entry, partyOf as partyOfSource, type Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { withoutGateway } from './gateway.ts';
import { judgeConfiguration } from './judge.ts';
import { maskValue } from './logins.ts';
import type { Party, Perspective } from './options.ts';
import { originsOf, type VariableOrigin } from './origins.ts';
import { redactor } from './redact.ts';
import { RESOLVED_VALUE } from './references.ts';
import { type RegistryLogin, secretsIn } from './registry-logins.ts';
import type { Release } from './release.ts';
import { isOpenChoice, resolve } from './resolve.ts';
import { type Flaw, judgeSdkVariables } from './sdk-variables.ts';
import { secretsOf } from './secrets.ts';
import { reference } from './sources/quote.ts';
import { PlanView } from './terraform/view.ts';
import { decodeRootCertificates } from './types.ts';
import { UNSEEN } from './unseen.ts';
import { type PoolSecret, poolSecretIn } from './worker-pool.ts';

/** A value, and the party that supplied it. */
export interface Held {
  readonly value: string;
  readonly party: Party;
}

/** What is known about one variable. */
export type Lookup =
  | { readonly state: 'set'; readonly value: string; readonly origin: string }
  /** Unset: the contract's default applies. */
  | { readonly state: 'default'; readonly value: string }
  | { readonly state: 'unset' }
  /** Set where this run can't read it (ECS `valueFrom`, `environmentFiles`). */
  | { readonly state: 'unknown'; readonly origin: string; readonly fix: Fix }
  /** Already reported under `configuration` or `pairing`: nothing that depends on it is tested. */
  | { readonly state: 'unusable'; readonly outcome: Issue };

export interface Deployment {
  /** The single service to check, selected or implied by the sources; `undefined` for all services together. */
  readonly service: Perspective | undefined;
  /** The release that the rules are for. */
  readonly release: AssumedRelease;
  lookup(name: VariableName): Lookup;
  /** The effective value of a choice; `undefined` when it is not known here or invalid. */
  chosen<Name extends ChoiceName>(name: Name): ChoiceOf<Name> | undefined;
  /** The entry in the sources for any name; `undefined` when it is not set. */
  entry(name: string): Entry | undefined;
  /** The party that supplied the deployment as a whole: `process` only if all sources are the process's. */
  readonly party: Party;
  /** The party that supplied a variable: `config` if the config sets it, otherwise `process`. */
  partyOf(name: string): Party;
  /** The findings of `configuration`: everything that is wrong or unknown, without using the network. */
  readonly configuration: readonly ConfigurationFinding[];
  /** IoT Core without SQS. */
  readonly pairing: Issue | undefined;
  /** Whether variables may also be set in files that are not known here (ECS `environmentFiles`). */
  readonly incomplete: boolean;
  /** The config files as given, or "standard input"; none if the environment is the config. */
  readonly files: readonly string[];
  /** Whether a source is a task definition of ECS. */
  readonly hasTaskDefinition: boolean;
  /** The names of the variables that are set. */
  readonly set: readonly string[];
  /** Where the variables that Spacelift or an SDK reads are set, in the order of the sources. */
  readonly origins: readonly VariableOrigin[];
  /** A variable that an SDK reads itself: the config's value takes precedence over the process's. Empty counts as unset. */
  setting(name: string): Held | undefined;
  /** Like `setting`, but only from the caller: values that open files, start programs, or choose where the caller's credentials go. */
  own(name: string): string | undefined;
  /** What was left out of the config and why, for people. */
  readonly notes: readonly string[];
  /**
   * For a failure because none of these variables is set: if one is misspelled, that it is, and to rename it.
   * @param otherwise the fix if none is misspelled
   */
  fixForUnset(names: readonly VariableName[], otherwise: Fix): { readonly detail?: string; readonly fix: Fix };
  /** Variables with values that the SDKs refuse, already reported under `configuration`. */
  readonly flaws: readonly Flaw[];
  /** Additional certificate authorities (CAs) from `ADDITIONAL_ROOT_CAS`, PEM. */
  readonly authorities: { readonly pems: readonly string[]; readonly party: Party };
  /** The Terraform plans among the sources. */
  readonly plan: PlanView | undefined;
  /** The worker pool's Secret in the config. */
  readonly poolSecret: PoolSecret | undefined;
  /** Logins for container registries, from the pull Secrets in the config. */
  readonly registryLogins: readonly RegistryLogin[];
  /** The values known so far that must never be shown. */
  readonly secrets: readonly string[];
  /** Adds values that a library has obtained to the secrets. */
  conceal(...values: readonly (string | undefined)[]): void;
}

interface DeploymentOptions {
  readonly service?: Perspective | undefined;
  readonly release?: Release | undefined;
  readonly environment: Record<string, string | undefined>;
}

/**
 * @param environment the process environment, for variables that the cloud SDKs and the TLS stack read themselves
 * @param release the release that the caller named; by default, the one in the config
 */
export function makeDeployment(
  given: readonly Source[],
  { service, release: named, environment }: DeploymentOptions,
): Deployment {
  const { sources, notes } = withoutGateway(given, service);
  const resolved = resolve(sources, service);
  const release = assumeRelease(tagIn(resolved.entries, sources), named);
  const { findings, pairing, unusable, told, misspellings } = judgeConfiguration(resolved, sources, release);
  const lookup = (name: VariableName): Lookup => {
    const outcome = unusable.get(name);
    if (outcome !== undefined) return { state: 'unusable', outcome };
    const entry = resolved.entries.get(name);
    if (entry !== undefined) return known(name, entry);
    if (
      resolved.incomplete &&
      (CONTRACT[name].required !== undefined || (isChoice(name) && isOpenChoice(name, resolved)))
    ) {
      return resolved.unseen === 'environmentFiles'
        ? { state: 'unknown', origin: 'environmentFiles of the task definition', fix: UNSEEN.environmentFiles.fix }
        : { state: 'unknown', origin: UNSEEN[resolved.unseen].where, fix: UNSEEN[resolved.unseen].fix };
    }
    const value = CONTRACT[name].default;
    return value === undefined ? { state: 'unset' } : { state: 'default', value };
  };
  const parties = new Map(sources.flatMap((source) => source.entries.map((entry) => [entry, partyOfSource(source)])));
  const partyOf = (name: string): Party => {
    const entry = resolved.entries.get(name);
    return entry === undefined ? 'process' : (parties.get(entry) ?? 'config');
  };
  const setting = (name: string): Held | undefined => {
    const entry = resolved.entries.get(name);
    if (entry?.kind === 'known' && isForSdk(name)) return { value: entry.value, party: partyOf(name) };
    const value = environment[name] || undefined;
    return value === undefined ? undefined : { value, party: 'process' };
  };
  const registryLogins = sources.flatMap(({ logins = [] }) => logins);
  const secrets = [...secretsOf([...sources, fromProcess(environment)]), ...registryLogins.flatMap(secretsIn)];
  const chosen: Deployment['chosen'] = (name) => {
    const found = lookup(name);
    return 'value' in found && isChosen(name, found.value) ? found.value : undefined;
  };
  const sdk = judgeSdkVariables({
    entry: (name) => resolved.entries.get(name),
    partyOf,
    told,
    holds: (conditions) => conditions.some(({ variable, is }) => is.includes(chosen(variable) ?? '')),
    environment,
    redact: (value) => maskValue(redactor(secrets)(value)),
  });
  const plans = sources.flatMap(({ terraform }) => terraform ?? []);
  const rootCas = lookup('ADDITIONAL_ROOT_CAS');
  return {
    service: resolved.service,
    release,
    lookup,
    chosen,
    entry: (name) => resolved.entries.get(name),
    party: sources.every((source) => partyOfSource(source) === 'process') ? 'process' : 'config',
    partyOf,
    configuration: [...findings, ...sdk.findings],
    pairing,
    incomplete: resolved.incomplete,
    hasTaskDefinition: sources.some(({ taskDefinition }) => taskDefinition === true),
    files: given.flatMap(({ file }) => file ?? []),
    set: [...resolved.entries.keys()],
    origins: originsOf(sources, resolved),
    setting,
    own: (name) => {
      const held = setting(name);
      return held?.party === 'process' ? held.value : environment[name] || undefined;
    },
    notes: [...notes, ...ignoredNotes(sources), ...sources.flatMap((source) => source.notes ?? [])],
    fixForUnset: (names, otherwise) =>
      names.map((name) => misspellings.fixFor(name, otherwise)).find(({ detail }) => detail !== undefined) ?? {
        fix: otherwise,
      },
    flaws: sdk.flaws,
    plan: plans.length === 0 ? undefined : new PlanView(plans),
    authorities: {
      pems: rootCas.state === 'set' ? (decodeRootCertificates(rootCas.value) ?? []) : [],
      party: partyOf('ADDITIONAL_ROOT_CAS'),
    },
    poolSecret: poolSecretIn(sources, resolved.service),
    registryLogins,
    secrets,
    conceal: (...values) => {
      for (const value of values) if (value && !secrets.includes(value)) secrets.push(value);
    },
  };
}

/** A value that is not a string is already unusable; a value behind `valueFrom` is set but not known here. */
function known(name: VariableName, { kind, value, origin, unread, refersTo, unseen }: Entry): Lookup {
  if (kind === 'known') return { state: 'set', value, origin };
  if (unseen !== undefined)
    return { state: 'unknown', origin: `${UNSEEN[unseen].where}, in ${origin}`, fix: UNSEEN[unseen].fix };
  if (refersTo !== undefined)
    return { state: 'unknown', origin: `${refersTo}, referred to in ${origin}`, fix: RESOLVED_VALUE };
  return {
    state: 'unknown',
    origin: `${reference(value)}, in ${origin}`,
    fix:
      unread?.fix ??
      (CONTRACT[name].secret === true
        ? advice`read it with --resolve-secrets, or pass its value in an additional -f file (for example, a dotenv file)`
        : advice`pass its value in an additional -f file (for example, a dotenv file); --resolve-secrets reads only secrets`),
  };
}

/** Objects that no container reads; one that a finding suggests is not ignored silently. */
function ignoredNotes(sources: readonly Source[]): string[] {
  const suggested = sources.flatMap(({ unresolved = [] }) => unresolved.map(({ near }) => near));
  const ignored = sources.flatMap((source) => source.ignored ?? []);
  const origins = ignored.filter(({ location }) => !suggested.includes(location?.name)).map(({ origin }) => origin);
  return [...new Set(origins)].map((origin) => `${origin} is ignored: no container in the input refers to it`);
}

const fromProcess = (environment: Record<string, string | undefined>): Source => ({
  process: true,
  incomplete: false,
  entries: Object.entries(environment).map(([name, value]) => ({
    name,
    kind: 'known',
    value: value ?? '',
    service: 'all',
    origin: ENVIRONMENT,
  })),
});
