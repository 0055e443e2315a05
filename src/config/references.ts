/** References to secrets: values that a platform replaces when it starts a program, and that Spacelift itself does not resolve. */
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { fail, type Issue, type Skip, skip } from '../outcome/outcome.ts';
import { DOCS, isKnown } from './contract.ts';
import { type Entry, placeOf } from './entry.ts';
import { partsOf } from './placeholders.ts';
import { UNSEEN } from './unseen.ts';

interface Store {
  /** Completes "a reference to …". */
  readonly name: string;
  readonly pattern: RegExp;
}

/** In this order; a pattern matches the whole value. Sources: the documentation of each product. */
const STORES: readonly Store[] = [
  { name: 'HashiCorp Vault (Bank-Vaults)', pattern: /^(?:>>)?vault:(?:\/\/)?[\w.-]+[/#]\S*$/ },
  { name: '1Password', pattern: /^op:\/\/[^/]+\/.+$/ },
  { name: 'a secret store (vals)', pattern: /^(?:secret)?ref\+[a-z][a-z0-9-]*:\/\/\S+$/ },
  { name: 'HashiCorp Vault (Argo CD Vault Plugin)', pattern: /^<(?:path|vault):[^<>]+>$/ },
  { name: 'AWS Secrets Manager', pattern: /^arn:aws[a-z-]*:secretsmanager:[\w-]*:\d*:secret:\S+$/ },
  { name: 'AWS Systems Manager Parameter Store', pattern: /^arn:aws[a-z-]*:ssm:[\w-]*:\d*:parameter\/\S+$/ },
  { name: 'a secret store (CloudFormation)', pattern: /^\{\{resolve:[a-z-]+:[^{}]+\}\}$/ },
  {
    name: 'Google Cloud Secret Manager',
    pattern:
      /^(?:(?:gcp:secretmanager:|gsm:(?:\/\/)?|\/\/secretmanager\.googleapis\.com\/)?projects\/[\w:.-]+(?:\/locations\/[\w-]+)?\/secrets\/[\w-]+(?:\/versions\/\w+)?|sm:\/\/\S+)$/,
  },
  {
    name: 'Azure Key Vault',
    pattern:
      /^https:\/\/[\w-]+\.(?:vault|managedhsm)\.(?:azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de)(?::443)?\/(?:secrets|keys|certificates)\/\S+$/i,
  },
  { name: 'Azure Key Vault', pattern: /^@Microsoft\.(?:KeyVault|AppConfiguration)\(.+\)$/i },
  { name: 'Azure Key Vault', pattern: /^(?:azure:keyvault:|azurekeyvault:\/\/|akvs?:\/\/|azkv:\/\/)\S+$/ },
  // A file that SOPS encrypted as a whole is refused before.
  { name: 'a value that SOPS encrypted', pattern: /^ENC\[AES256_GCM,[^\]]+\]$/ },
  { name: 'a value that Sealed Secrets encrypted', pattern: /^Ag[A-D][A-Za-z0-9+/]{690,}={0,2}$/ },
  { name: 'a value that dotenvx encrypted', pattern: /^encrypted:[A-Za-z0-9+/]{80,}={0,2}$/ },
  { name: 'Conjur (Summon)', pattern: /^!var(?::\w+)* \S+$/ },
  {
    name: 'a secret store',
    pattern:
      /^(?:aws-?sm|aws-?ssm|aws-?secretsmanager|aws-?secrets|aws-?ps|ssm|secretsmanager|gcp-?sm|gcp-?secrets|gcpsecretmanager|berglas|infisical|doppler|keeper|bws|bitwarden|akeyless|conjur|lastpass|lpass|passbolt|pass|dashlane|dl|proton|psst|hcvault|hashivault|vaultsecret|k8s|kubernetes|secret|secrets|keyring|tss|dvls|onepassword):\/\/\S+$/i,
  },
  {
    name: 'a secret store',
    pattern: /^(?:aws:(?:secretsmanager|ssm|sm):|ssm:\/|resolve:ssm:|awssm:|akeyless:\/|doppler:|infisical:)\S+$/,
  },
  // As the Serverless Framework, Spring and Bank-Vaults write it; `${A:-b}` is a default value of a shell.
  { name: 'a secret store', pattern: /^(?:>>)?\$\{[A-Za-z][\w.-]*:(?![-+?=])[^{}]+\}$/ },
];

/** No reference is longer, apart from a sealed value. */
const LONGEST = 8192;

/** The store that a value refers to, as a whole or with a credential of a URL; `undefined` for any other value. */
export function storeBehind(value: string): string | undefined {
  if (value.length > LONGEST) return undefined;
  const texts = [value, ...partsOf(value).credentials].map((text) => text.trim());
  return STORES.find(({ pattern }) => texts.some((text) => pattern.test(text)))?.name;
}

/**
 * The entry of a file, whose platform may resolve the reference: set, but not known here. The agents of Datadog resolve
 * references themselves.
 */
export function withReference(entry: Entry): Entry {
  if (entry.kind !== 'known' || !isKnown(entry.name) || entry.name.startsWith('DD_')) return entry;
  const store = storeBehind(entry.value);
  return store === undefined ? entry : { ...entry, kind: 'secret', value: '', refersTo: store };
}

/** How a value behind a reference can be tested. */
export const RESOLVED_VALUE = advice`pass its value in an additional -f file, or run this tool where the reference is resolved; if nothing resolves it there, set the value itself`;

/** In a file, a reference is a value that is not known here; in the environment of a process, nothing will resolve it. */
export function judgeReference(entry: Entry): { rule: 'reference'; outcome: Issue | Skip } | undefined {
  const { name, kind, value, origin } = entry;
  const unseen = judgeUnseen(entry);
  if (unseen !== undefined) return unseen;
  const incomplete = kind === 'secret' ? judgeSecretArn(entry) : undefined;
  if (incomplete !== undefined) return incomplete;
  const store = kind === 'known' && !name.startsWith('DD_') ? storeBehind(value) : undefined;
  if (store === undefined) return undefined;
  const outcome = fail(`${name} is a reference that was not resolved`, {
    detail: `The value in ${origin} refers to ${store}; Spacelift does not resolve references.`,
    expected: 'the value itself, or a platform that resolves the reference before the start',
    fix: advice`set ${name} to the value itself, from a Secret of Kubernetes or with valueFrom on ECS`,
    docs: DOCS.general,
    evidence: { variable: name, origin },
    cause: cause.variable(name),
  });
  return { rule: 'reference', outcome };
}

/** The finding for a value that is set but can't be known here; none for `valueFrom` of ECS, which is not reported by itself. */
export function judgeUnseen(entry: Entry): { rule: 'reference'; outcome: Skip } | undefined {
  const { name, origin, refersTo, unseen } = entry;
  if (refersTo !== undefined) return referenceTo(entry, refersTo);
  if (unseen === undefined) return undefined;
  const { where, fix } = UNSEEN[unseen];
  const outcome = skip(`${name} is set ${where}`, {
    detail: `It is set in ${placeOf(entry)}.`,
    fix,
    evidence: { variable: name, origin, known: false },
    unknownVariable: name,
  });
  return { rule: 'reference', outcome };
}

/** The finding for an entry that `withReference` has marked. */
function referenceTo(entry: Entry, store: string): { rule: 'reference'; outcome: Skip } {
  const outcome = skip(`${entry.name} is a reference that only the platform resolves`, {
    detail: `The value in ${placeOf(entry)} refers to ${store}.`,
    fix: RESOLVED_VALUE,
    evidence: { variable: entry.name, origin: entry.origin, known: false },
    unknownVariable: entry.name,
  });
  return { rule: 'reference', outcome };
}

/** The ARN of a secret, and what can follow its name: a key of its JSON, a version stage and a version ID, all or none of them. */
const SECRET_ARN = /^(arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[\w/+=.@-]+)((?::[^:]*)*)$/;
const PARTS_AFTER_NAME = [0, 3];

/**
 * An ARN with a key in a `valueFrom` of ECS must have the colons of what is left out (ECS developer guide, "Pass Secrets
 * Manager secrets"): the agent stops with "unexpected ARN format with parameters".
 */
function judgeSecretArn({ name, value, origin }: Entry): { rule: 'reference'; outcome: Issue } | undefined {
  const [, arn = '', rest = ''] = SECRET_ARN.exec(value) ?? [];
  const parts = rest.split(':').slice(1);
  if (arn === '' || PARTS_AFTER_NAME.includes(parts.length)) return undefined;
  const complete = `${arn}:${[...parts, '', '', ''].slice(0, 3).join(':')}`;
  const outcome = fail(`${name} is set with valueFrom to an ARN that ECS can’t read a value from`, {
    detail: `After the name of a secret, ECS requires three parts or none: the key, the version stage and the version ID, which can be empty. ${origin} has ${parts.length}.`,
    expected: complete,
    fix: advice`set valueFrom of ${name} to ${complete}`,
    ...(isKnown(name) && { docs: DOCS.general }),
    evidence: { variable: name, origin, valueFrom: value },
    cause: cause.variable(name),
  });
  return { rule: 'reference', outcome };
}
