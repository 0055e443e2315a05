/** Checks a config without using the network: every `configuration/…` rule and the pairing rule (docs/checks.md). */
import { cause } from '../outcome/cause.ts';
import { advice, setting } from '../outcome/fix.ts';
import { fail, type Issue, type Skip, skip, warn } from '../outcome/outcome.ts';
import type { AssumedRelease } from './assumed-release.ts';
import { choiceOf, holds, judgeDefaults, judgeForeignChoices, judgePairing, type View } from './choices.ts';
import {
  CHOICES,
  CONTRACT,
  isChoice,
  isKnown,
  isVariable,
  mayDiffer,
  VARIABLES,
  type VariableName,
} from './contract.ts';
import { DOCS } from './docs.ts';
import { judgeEncoded } from './encoded.ts';
import type { Entry, Source } from './entry.ts';
import { judgeEnvFiles } from './env-file/judge.ts';
import type { ConfigurationFinding, ConfigurationRule } from './finding.ts';
import { judgeCombinations } from './judge-combinations.ts';
import { judgeNoProxy } from './judge-no-proxy.ts';
import { judgeRelease } from './judge-release.ts';
import { judgeScheduler } from './judge-scheduler.ts';
import { judgeTypes } from './judge-types.ts';
import { judgeWorkloads } from './judge-workloads.ts';
import { judgeLauncherImage } from './launcher-image.ts';
import { maskValue } from './logins.ts';
import { Misspellings } from './misspelled.ts';
import { judgeNewlines } from './newlines.ts';
import { judgeOverlaps } from './origins.ts';
import { judgeQuoted } from './quoted.ts';
import { type Redact, redactor } from './redact.ts';
import { judgeReference, judgeUnseen } from './references.ts';
import { isNeeded, isOpenChoice, type Resolved } from './resolve.ts';
import { secretsOf } from './secrets.ts';
import { judgeShortLived } from './short-lived.ts';
import { UNSEEN } from './unseen.ts';
import { judgeValue } from './values.ts';

export interface Judgement {
  readonly findings: readonly ConfigurationFinding[];
  readonly pairing: Issue | undefined;
  /** Invalid variables: everything that depends on one gets its outcome. */
  readonly unusable: ReadonlyMap<VariableName, Issue>;
  /** Any variables that findings about many at once name. */
  readonly told: ReadonlyMap<string, Issue>;
  readonly misspellings: Misspellings;
}

/** Variables that Spacelift's docs require to be set together. */
const ALL_OR_NONE: readonly (readonly VariableName[])[] = [
  ['SLACK_APP_CLIENT_ID', 'SLACK_APP_CLIENT_SECRET', 'SLACK_SECRET'],
  ['SAML_CERT', 'SAML_KEY'],
];

export function judgeConfiguration(resolved: Resolved, sources: readonly Source[], release: AssumedRelease): Judgement {
  const findings: ConfigurationFinding[] = [];
  const unusable = new Map<VariableName, Issue>();
  const wrong = (rule: ConfigurationRule, name: VariableName, outcome: Issue) => {
    findings.push({ rule, variable: name, outcome });
    unusable.set(name, outcome);
  };
  const entry = (name: string): Entry | undefined => resolved.entries.get(name);
  const isSet = (name: string) => resolved.entries.has(name);
  const misspellings = new Misspellings(sources, isSet);
  const view: View = {
    isSet,
    misspellings,
    value: (name) => (entry(name)?.kind === 'known' ? entry(name)?.value : undefined),
    choice: (name) => (isOpenChoice(name, resolved) ? 'open' : choiceOf(name, entry(name), unusable.has(name))),
  };
  let known: Redact | undefined;
  const redact: Redact = (value) => {
    known ??= redactor(secretsOf(sources));
    return maskValue(known(value));
  };
  const types = judgeTypes(sources);
  for (const [variable, outcome] of types)
    findings.push({ rule: 'type', ...(variable !== undefined && { variable }), outcome });
  const quoted = judgeQuoted(resolved);
  const encoded = judgeEncoded(resolved);
  const ending = judgeNewlines(resolved, (name) => quoted.has(name) || encoded.has(name));
  // One for all variables from the same file, under the name of the first.
  for (const [outcome, [[variable] = ['']]] of Map.groupBy([...quoted, ...ending], ([, issue]) => issue))
    findings.push({ rule: 'whitespace', variable, outcome });
  for (const [outcome, [[variable] = ['']]] of Map.groupBy(encoded, ([, issue]) => issue))
    findings.push({ rule: 'value', variable, outcome });
  const judgeValueOf = (name: VariableName) => {
    const held = entry(name);
    if (held === undefined) return;
    const together = encoded.get(name) ?? quoted.get(name) ?? ending.get(name);
    const told = together ?? (held.kind === 'not-a-string' ? types.get(name) : undefined);
    if (told !== undefined) unusable.set(name, told);
    else judgeEntry(name, held);
  };
  const judgeEntry = (name: VariableName, held: Entry) => {
    const unread = held.unread && { rule: 'required' as const, outcome: held.unread };
    const found = unread ?? judgeReference(held) ?? judgeValue(name, held, redact);
    if (found?.outcome.status === 'fail') wrong(found.rule, name, found.outcome);
    else if (found !== undefined) findings.push({ ...found, variable: name });
  };

  // The choices first: variables that depend on an invalid choice are not checked.
  for (const name of CHOICES) judgeValueOf(name);
  const pairing = resolved.service === 'worker' ? undefined : judgePairing(view);
  if (pairing !== undefined) unusable.set('MQTT_BROKER_TYPE', pairing);
  if (resolved.service !== 'worker') {
    for (const [name, outcome] of judgeDefaults(view)) wrong('default', name, outcome);
    if (!resolved.incomplete)
      for (const [name, outcome] of judgeForeignChoices(view)) wrong('combination', name, outcome);
  }

  const workloads = judgeWorkloads(resolved, sources, view);
  findings.push(...workloads);
  for (const name of VARIABLES.filter((candidate) => !isChoice(candidate))) {
    const { required } = CONTRACT[name];
    const inUse = required === undefined || required === true || holds(required, view);
    if (view.isSet(name)) {
      if (inUse !== false) judgeValueOf(name);
    } else if (required !== undefined && inUse === true && isNeeded(name, resolved.perspectives)) {
      const told = workloads.find(({ variable, outcome }) => variable === name && outcome.status === 'fail')?.outcome;
      const outcome = told ?? missing(name, resolved, view);
      if (told === undefined) findings.push({ rule: 'required', variable: name, outcome });
      if (outcome.status === 'fail') unusable.set(name, outcome);
    }
  }

  for (const [name, held] of resolved.entries) {
    if (isVariable(name)) continue;
    if (held.unread !== undefined) findings.push({ rule: 'required', variable: name, outcome: held.unread });
    const skipped = isOfUse(name) ? judgeUnseen(held) : undefined;
    if (skipped !== undefined) findings.push({ ...skipped, variable: name });
  }
  findings.push(
    // Files that are not known here may set the others.
    ...(resolved.incomplete
      ? []
      : [
          ...judgeGroups(view),
          ...judgeLogin(view),
          ...judgeCombinations(view, resolved.service, (name) => !unusable.has(name)),
        ]),
    ...judgeRegions(view, unusable),
    ...judgeNoProxy(resolved, redact),
    ...judgeImage(view, unusable, resolved.incomplete),
    ...judgeConflicts(resolved, judgeOverlaps(sources, resolved)),
    ...misspellings.findings(),
    ...judgeEnvFiles(sources),
    ...judgeRelease(release, resolved),
    ...judgeScheduler(release.release, resolved, sources),
    ...judgeShortLived(resolved, sources),
  );
  const named = [...types].flatMap(([name, outcome]) => (name === undefined ? [] : [[name, outcome] as const]));
  return { findings, pairing, unusable, told: new Map([...named, ...quoted, ...ending, ...encoded]), misspellings };
}

/** Whether a variable outside the contract is used by any check; the name of the pod, for one, is not. */
const isOfUse = (name: string): boolean => isKnown(name) && !/^(DD_|OTEL_)/.test(name);

function missing(name: VariableName, resolved: Resolved, view: View): Issue | Skip {
  if (resolved.incomplete) {
    const { where, fix } = UNSEEN[resolved.unseen];
    return skip(`${name} may be set ${where}`, {
      fix,
      evidence: { variable: name, known: false },
      unknownVariable: name,
    });
  }
  return fail(`${name} is not set`, {
    expected: CONTRACT[name].type.expected,
    ...view.misspellings.fixFor(name, advice`set ${name}`),
    docs: CONTRACT[name].docs,
    evidence: { variable: name },
    cause: cause.variable(name),
  });
}

function judgeGroups(view: View): ConfigurationFinding[] {
  return ALL_OR_NONE.flatMap((group) => {
    const unset = group.filter((name) => !view.isSet(name));
    if (unset.length === 0 || unset.length === group.length) return [];
    const set = group.filter((name) => view.isSet(name));
    return unset.map(
      (name): ConfigurationFinding => ({
        rule: 'required',
        variable: name,
        outcome: fail(`${name} is not set, but ${set.join(' and ')} ${set.length === 1 ? 'is' : 'are'}`, {
          expected: 'all of these variables or none',
          ...view.misspellings.fixFor(name, advice`set ${name}, or remove ${set.join(' and ')}`),
          evidence: { variable: name },
          cause: cause.variable(name),
        }),
      }),
    );
  });
}

function judgeRegions(view: View, unusable: ReadonlyMap<VariableName, Issue>): ConfigurationFinding[] {
  const [region, fallback] = [view.value('AWS_REGION'), view.value('AWS_DEFAULT_REGION')];
  const isUsable = !unusable.has('AWS_REGION') && !unusable.has('AWS_DEFAULT_REGION');
  if (region === undefined || !isUsable) return [];
  if (fallback === undefined || region === fallback) return judgeSecondary(region, view.value('AWS_SECONDARY_REGION'));
  const outcome = fail(`AWS_REGION is ${region}, but AWS_DEFAULT_REGION is ${fallback}`, {
    expected: 'the region of the installation in both',
    fix: setting('AWS_DEFAULT_REGION', region),
    evidence: { AWS_REGION: region, AWS_DEFAULT_REGION: fallback },
  });
  return [{ rule: 'region', outcome }];
}

function judgeSecondary(region: string, secondary: string | undefined): ConfigurationFinding[] {
  if (secondary !== region) return [];
  const outcome = warn(`AWS_SECONDARY_REGION is ${secondary}, and so is AWS_REGION`, {
    expected: 'another region, for the case that the first one fails',
    fix: advice`set AWS_SECONDARY_REGION to the region of the failover, or remove it`,
    docs: DOCS.disasterRecovery,
    evidence: { AWS_REGION: region, AWS_SECONDARY_REGION: secondary },
  });
  return [{ rule: 'region', outcome }];
}

function judgeLogin(view: View): ConfigurationFinding[] {
  if (view.isSet('ADMIN_USERNAME') === view.isSet('ADMIN_PASSWORD')) return [];
  const [set, unset] = view.isSet('ADMIN_USERNAME')
    ? (['ADMIN_USERNAME', 'ADMIN_PASSWORD'] as const)
    : (['ADMIN_PASSWORD', 'ADMIN_USERNAME'] as const);
  const outcome = fail(`${set} is set without ${unset}`, {
    expected: 'both, or neither to disable the admin login',
    ...view.misspellings.fixFor(unset, advice`set ${unset}, or remove ${set}`),
    evidence: { set, unset },
    cause: cause.variable(unset),
  });
  return [{ rule: 'admin-login', outcome }];
}

function judgeImage(
  view: View,
  unusable: ReadonlyMap<VariableName, Issue>,
  incomplete: boolean,
): ConfigurationFinding[] {
  const image = unusable.has('LAUNCHER_IMAGE') ? undefined : view.value('LAUNCHER_IMAGE');
  if (image === undefined) return [];
  const isTagSet = incomplete || view.isSet('LAUNCHER_IMAGE_TAG');
  const outcome = judgeLauncherImage(image, view.value('LAUNCHER_IMAGE_TAG'), isTagSet);
  return outcome === undefined ? [] : [{ rule: 'launcher-image', outcome }];
}

/** @param overlaps findings about values for one service: of a variable, only this finding is reported */
function judgeConflicts(resolved: Resolved, overlaps: readonly ConfigurationFinding[]): ConfigurationFinding[] {
  const told = new Set(overlaps.map(({ variable }) => variable));
  const names = [...resolved.entries.keys()].filter((name) => isVariable(name) && !mayDiffer(name) && !told.has(name));
  const differing = names.flatMap((name): ConfigurationFinding[] => {
    const held = [...resolved.byService].flatMap(([service, entries]) => {
      const found = entries.get(name);
      return found?.kind === 'known' ? [{ service, found }] : [];
    });
    if (new Set(held.map(({ found }) => found.value)).size < 2) return [];
    return [
      {
        rule: 'conflict',
        variable: name,
        outcome: warn(`${name} differs between ${held.map(({ service }) => service).join(', ')}`, {
          detail: `Set in ${[...new Set(held.map(({ found }) => found.origin))].join(' and ')}.`,
          expected: 'one value for all services',
          fix: advice`set ${name} once, in a place that all services read`,
          evidence: { variable: name, services: held.map(({ service }) => service) },
        }),
      },
    ];
  });
  return [...overlaps, ...differing];
}
