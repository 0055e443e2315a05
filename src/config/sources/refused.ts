/** Inputs that hold no config, with the command that prints one. */
import { isVariable } from '../contract.ts';
import { InputError } from '../entry.ts';
import { shellWord } from './quote.ts';
import { isMap, type Value } from './value.ts';

const SELF = '| spacelift-preflight -f -';
const SHOW_OUTPUT = `tofu output -raw kubernetes_secrets ${SELF}`;
const SHOW_PLAN = `tofu plan -out plan.out && tofu show -json plan.out ${SELF}`;
const SHOW_STATE = `tofu show -json ${SELF}`;

const TFVARS = 'variables of Terraform (tfvars), which describe infrastructure';

interface Refused {
  readonly is: (text: string) => boolean;
  readonly what: string;
  /** @param word the file in a command */
  readonly instead: (word: string) => string;
}

const startsWith = (pattern: RegExp) => (text: string) => pattern.test(text.slice(0, 4096));

/** Texts, in this order. */
const TEXTS: readonly Refused[] = [
  {
    is: (text) => /^[\w-]+\s+= <sensitive>$/m.test(text),
    what: 'the outputs of Terraform without sensitive values',
    instead: () => `tofu output -json ${SELF}`,
  },
  {
    is: startsWith(
      /^\s*(?:(?:#|\/\/)[^\n]*\n\s*)*(?:(?:resource|data)\s+"[\w-]+"\s+"[\w-]+"|(?:module|variable|output|provider)\s+"[\w-]+"|locals|terraform|moved|import)\s*\{/,
    ),
    what: 'Terraform code, which has no values yet',
    instead: () => SHOW_PLAN,
  },
  {
    is: isTfvars,
    what: TFVARS,
    instead: () => SHOW_OUTPUT,
  },
  {
    is: (text) =>
      /^(?:export )?(?:BINARIES_BUCKET_NAME|PRIVATE_ECR_LOGIN_URL|K8S_NAMESPACE|BACKEND_IMAGE)=/m.test(text) &&
      !/^(?:export )?(?:DATABASE_URL|OBJECT_STORAGE_\w+|MESSAGE_QUEUE_\w+|ENCRYPTION_\w+)=/m.test(text),
    what: 'the output shell, which describes infrastructure only',
    instead: () => SHOW_OUTPUT,
  },
  {
    is: startsWith(/^\s*\{"@level":/),
    what: 'the log of tofu plan -json',
    instead: () => SHOW_PLAN,
  },
  {
    is: startsWith(/^age-encryption\.org\/v1/),
    what: 'encrypted with age',
    instead: (word) => `age -d ${word} ${SELF}`,
  },
];

/** Assignments with lowercase names, of values with quotes or brackets, as `terraform fmt` writes them. */
function isTfvars(text: string): boolean {
  const names = [...text.slice(0, 65_536).matchAll(/^([A-Za-z_][\w-]*)\s*=\s*(?=["{[\d]|true|false|null|<<)/gm)].map(
    ([, name = '']) => name,
  );
  return names.length > 1 && names.every((name) => name === name.toLowerCase()) && !/^[A-Z][A-Z0-9_]*=/m.test(text);
}

/** @throws InputError */
export function refuseText(name: string, file: string, text: string): void {
  const found = TEXTS.find(({ is }) => is(text));
  if (found) throw new InputError(`${file}: ${found.what}; pass the config: ${found.instead(shellWord(name))}`);
}

/** Files that are not text, by their first bytes. */
const BINARIES: readonly {
  readonly bytes: string;
  readonly what: string;
  readonly instead: (word: string) => string;
}[] = [
  { bytes: '504b0304', what: 'a ZIP archive', instead: (word) => `if it is a plan: tofu show -json ${word} ${SELF}` },
  { bytes: '1f8b', what: 'compressed with gzip', instead: (word) => `gunzip -c ${word} ${SELF}` },
  { bytes: '28b52ffd', what: 'compressed with Zstandard', instead: (word) => `zstd -dc ${word} ${SELF}` },
  { bytes: '425a68', what: 'compressed with bzip2', instead: (word) => `bunzip2 -c ${word} ${SELF}` },
  { bytes: 'fd377a585a00', what: 'compressed with xz', instead: (word) => `xz -dc ${word} ${SELF}` },
];

/** @throws InputError */
export function refuseBinary(name: string, file: string, bytes: Buffer): void {
  const start = bytes.subarray(0, 8).toString('hex');
  const found = BINARIES.find(({ bytes: signature }) => start.startsWith(signature));
  if (found) throw new InputError(`${file}: ${found.what}, expected text; ${found.instead(shellWord(name))}`);
}

const has = (value: Value | undefined, ...keys: readonly string[]): boolean =>
  isMap(value) && keys.every((key) => Object.hasOwn(value, key));

/** Documents, in this order. */
const DOCUMENTS: readonly {
  readonly is: (value: Value) => boolean;
  readonly what: string;
  readonly instead: string;
}[] = [
  {
    is: (value) => has(value, 'encrypted_data', 'encryption_version'),
    what: 'a state that OpenTofu encrypted',
    instead: SHOW_STATE,
  },
  {
    is: (value) =>
      isMap(value) && ['shared', 'server', 'drain', 'scheduler'].some((key) => has(value[key], 'secretRef')),
    what: 'Helm values that name Secrets',
    instead: `kubectl get secrets spacelift-shared spacelift-server spacelift-drain -o yaml ${SELF}`,
  },
  {
    is: (value) => has(value, 'Resources') || has(value, 'AWSTemplateFormatVersion'),
    what: 'a CloudFormation template',
    instead: `aws ecs describe-task-definition --task-definition NAME ${SELF}`,
  },
  {
    is: (value) => has(value, 'SecretBinary', 'ARN'),
    what: 'a binary secret',
    instead: 'store the config as SecretString',
  },
  {
    is: (value) => has(value, 'ARN', 'Name', 'VersionIdsToStages') || has(value, 'SecretList'),
    what: 'the description of a secret without its value',
    instead: `aws secretsmanager get-secret-value --secret-id NAME ${SELF}`,
  },
  {
    is: (value) => has(value, 'taskDefinitionArns') || has(value, 'taskArns') || has(value, 'services', 'failures'),
    what: 'a list of ECS without variables',
    instead: `aws ecs describe-task-definition --task-definition NAME ${SELF}`,
  },
  {
    is: (value) => has(value, 'modules', 'serial'),
    what: 'a state of Terraform 0.11 or older',
    instead: SHOW_STATE,
  },
  {
    is: (value) =>
      isMap(value) &&
      Object.keys(value).length > 0 &&
      !Object.keys(value).some(isVariable) &&
      Object.keys(value).every((key) => /^[a-z][a-z0-9_]*$/.test(key)) &&
      ['aws_region', 'server_domain', 'region', 'license_token', 'unique_suffix'].some((key) =>
        Object.hasOwn(value, key),
      ),
    what: TFVARS,
    instead: SHOW_OUTPUT,
  },
];

/** The reason for a document that holds no config, if it is known; completes a sentence that starts with the file. */
export function reasonFor(value: Value): string | undefined {
  const found = DOCUMENTS.find(({ is }) => is(value));
  return found && `${found.what}; pass the config: ${found.instead}`;
}
