/** Unknown variables whose names are almost those of variables that Spacelift reads. */
import { advice, type Fix } from '../outcome/fix.ts';
import { warn } from '../outcome/outcome.ts';
import { editDistance } from '../util/edit-distance.ts';
import {
  CONTRACT,
  isForSdk,
  isKnown,
  isVariable,
  VARIABLES,
  type VariableName,
  variableBehindPrefix,
  variableSpelled,
} from './contract.ts';
import { type Entry, placeOf, type Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { isPublicVariable } from './public-variables.ts';

/** The most typing errors in a name. */
const MOST = 2;
/** One more where the prefix already says that it is meant for Spacelift. */
const MOST_WITH_PREFIX = 3;
const PREFIX = /^(OBJECT_STORAGE|MESSAGE_QUEUE|MQTT_BROKER|ENCRYPTION|DATABASE|LICENSE|SERVER|DRAIN_CONCURRENCY)_/;
/** A shorter name is close to common names by accident: SSL_CERT to SAML_CERT. */
const SHORT = 10;
const MOST_IN_SHORT = 1;
/** A variable that is not set is more likely meant than one that is. */
const IS_SET = 1.5;

/** The credentials of the cloud SDKs, which are worth a warning too: without them, other credentials would be used. */
const CREDENTIALS = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ...['AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE'],
  'GOOGLE_APPLICATION_CREDENTIALS',
];
const CANDIDATES: readonly string[] = [...VARIABLES, ...CREDENTIALS];

/** Variables that other programs read and that are close to a candidate: Datadog's agent, Terraform, Ansible. */
const OTHERS = ['DD_AGENT_PORT', 'GCE_PROJECT', 'GCS_PROJECT', 'GKE_PROJECT'];

/** Too far for a typing error: the drain's names for its queues are not those of the queues' URLs. */
const CONFUSED: ReadonlyMap<string, VariableName> = new Map([
  ['DRAIN_CONCURRENCY_ASYNC', 'DRAIN_CONCURRENCY_ASYNC_JOBS'],
  ['DRAIN_CONCURRENCY_ASYNC_FIFO', 'DRAIN_CONCURRENCY_ASYNC_JOBS_FIFO'],
  ['DRAIN_CONCURRENCY_EVENTS_INBOX', 'DRAIN_CONCURRENCY_EVENTS'],
]);

interface Misspelling {
  readonly entry: Entry;
  readonly meant: string;
  /** It can be for another program, unless the variable is missing. */
  readonly isVague?: boolean;
}

/** The misspelled names in a config. */
export class Misspellings {
  readonly #found: readonly Misspelling[];
  readonly #reported = new Set<Misspelling>();

  /** The job's environment is never searched: it is full of unrelated variables. */
  constructor(sources: readonly Source[], isSet: (name: string) => boolean) {
    const entries = sources.filter((source) => !source.process).flatMap((source) => source.entries);
    const unknown = new Map(entries.filter(({ name }) => isUnknown(name)).map((entry) => [entry.name, entry]));
    this.#found = [...unknown.values()].flatMap((entry): Misspelling[] => {
      const meant = meantBy(entry.name, isSet);
      if (meant !== undefined) return [{ entry, meant, isVague: isKey(entry) || isSpelledForSdk(entry.name) }];
      const behind = variableBehindPrefix(entry.name);
      return behind === undefined ? [] : [{ entry, meant: behind, isVague: true }];
    });
  }

  /**
   * For a finding about a variable that is not set: if it is misspelled, the finding says so, and the misspelling gets no
   * other finding.
   * @param otherwise the fix if it is not misspelled
   */
  fixFor(name: VariableName, otherwise: Fix): { readonly detail?: string; readonly fix: Fix } {
    const [first] = this.#found
      .filter(({ meant }) => meant === name)
      .sort((a, b) => distanceOf(a.entry.name, name) - distanceOf(b.entry.name, name));
    if (first === undefined) return { fix: otherwise };
    this.#reported.add(first);
    const { entry } = first;
    return {
      detail: `${entry.name} is set in ${placeOf(entry)}, did you mean ${name}?`,
      fix: advice`rename ${entry.name} to ${name}${isKey(entry) ? ', or pass the workload too that sets the variable from it' : ''}`,
    };
  }

  /** One warning for each that no other finding names. */
  findings(): ConfigurationFinding[] {
    return this.#found
      .filter((one) => !this.#reported.has(one) && one.isVague !== true)
      .map(({ entry, meant }) => ({
        rule: 'unknown',
        variable: entry.name,
        outcome: warn(`unknown variable ${entry.name}, did you mean ${meant}?`, {
          detail: `It is in ${placeOf(entry)}.`,
          expected: meant,
          fix: advice`rename it to ${meant}, or remove it`,
          ...(isVariable(meant) && { docs: CONTRACT[meant].docs }),
          evidence: { variable: entry.name, suggestion: meant },
        }),
      }));
  }
}

/** Whether it is a key of a Secret or ConfigMap that is no variable by itself. */
const isKey = ({ name, location }: Entry): boolean =>
  location?.kind !== undefined && variableSpelled(name) !== undefined;

const isSpelledForSdk = (name: string): boolean => isForSdk(variableSpelled(name) ?? '');

/** In neither the contract nor the lists of variables that the cloud SDKs read. */
function isUnknown(name: string): boolean {
  if (!isKnown(name)) return true;
  const isListed = isVariable(name) || isPublicVariable(name) || CANDIDATES.includes(name) || OTHERS.includes(name);
  return isForSdk(name) && !isListed;
}

function meantBy(name: string, isSet: (name: string) => boolean): string | undefined {
  const confused = CONFUSED.get(name);
  if (confused !== undefined) return confused;
  const spelled = variableSpelled(name);
  // If both are set, one is for another program.
  if (spelled !== undefined) return isSet(spelled) ? undefined : spelled;
  let best: { readonly candidate: string; readonly score: number } | undefined;
  for (const candidate of CANDIDATES) {
    if (Math.abs(candidate.length - name.length) > MOST_WITH_PREFIX) continue;
    const distance = distanceOf(name, candidate);
    if (distance > mostIn(name, candidate)) continue;
    const score = distance + (isSet(candidate) ? IS_SET : 0);
    if (best === undefined || score < best.score) best = { candidate, score };
  }
  return best?.candidate;
}

const distanceOf = (name: string, candidate: string): number => editDistance(name, candidate, MOST_WITH_PREFIX);

function mostIn(name: string, candidate: string): number {
  if (candidate.length < SHORT) return MOST_IN_SHORT;
  return PREFIX.test(name) && PREFIX.test(candidate) ? MOST_WITH_PREFIX : MOST;
}
