/** Inputs that hold no config, with the command that prints one. */
import { isVariable, variableSpelled } from '../contract.ts';
import { InputError } from '../entry.ts';
import { isOfConfig } from './choose.ts';
import { shellWord } from './quote.ts';
import { isList, isMap, type Value } from './value.ts';

/** What passes the output of a command. */
export const SELF = '| spacelift-preflight -f -';
/** @param options of kubectl */
export const getSecrets = (options = ''): string => `kubectl get secrets,configmaps${options} -o yaml ${SELF}`;
/** The same, with the workloads that read them. */
export const getAll = (options = ''): string => `kubectl get deployments,secrets,configmaps${options} -o yaml ${SELF}`;
const GET_SECRET_VALUE = `aws secretsmanager get-secret-value --secret-id NAME ${SELF}`;
const DESCRIBE_TASK = `aws ecs describe-task-definition --task-definition NAME ${SELF}`;
const GET_PARAMETERS = `aws ssm get-parameters-by-path --path /PATH --recursive --with-decryption ${SELF}`;
const VAULT_GET = `vault kv get -format=json -mount=MOUNT PATH ${SELF}`;
const SHOW_OUTPUT = `tofu output -raw kubernetes_secrets ${SELF}`;
export const SHOW_PLAN = `tofu plan -out plan.out && tofu show -json plan.out ${SELF}`;
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
    is: startsWith(/^\s*No resources found/),
    what: 'a message of kubectl, which found nothing',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*(?:Error from server|error: |Unable to connect to the server|The connection to the server)/),
    what: 'an error message of kubectl',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*(?:aws: \[?ERROR|An error occurred \(\w+\))/),
    what: 'an error message of the AWS CLI',
    instead: () => DESCRIBE_TASK,
  },
  {
    is: startsWith(/^\s*(?:TASKDEFINITION\t|-{8,}\s*\n\|\s+\w+)/),
    what: 'the output of the AWS CLI as text or a table',
    instead: () => DESCRIBE_TASK.replace(' |', ' --output json |'),
  },
  {
    is: startsWith(/^\s*(?:[╷│|]\s*)+(?:Error|Warning): /),
    what: 'a message of Terraform or OpenTofu',
    instead: () => SHOW_OUTPUT,
  },
  {
    is: startsWith(/^\s*(?:Warning|W\d{4} ).*\n(?:.*\n)*?(?:apiVersion|kind|items):/),
    what: 'warnings of kubectl in front of its output, because of 2>&1',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*(?:ERROR|Error|Warning): /),
    what: 'a message of a command',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*(?:NAME {2,}IMAGE|CONTAINER ID) {2,}/),
    what: 'a table of Docker, which has no values',
    instead: () => `docker inspect CONTAINER ${SELF}`,
  },
  {
    is: startsWith(/^\s*(?:NAMESPACE {2,})?NAME {2,}[A-Z]/),
    what: 'a table of kubectl, which has no values',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*Name:[ \t]+\S+\s+Namespace:/),
    what: 'a description by kubectl, which has no values',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*NAME: \S+\nLAST DEPLOYED: /),
    what: 'the status of a Helm release',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*(?:=+ (?:Secret Path|Metadata|Data) =+\n|Key {2,}Value\n-+ {2,}-+\n)/),
    what: 'a table of Vault',
    instead: () => VAULT_GET,
  },
  {
    is: startsWith(/^\s*# (?:[\w-]+\.)+[\w-]\S*:.*\n(?:#.*\n|[ \t]*\n)*(?:resource|data) "/),
    what: 'the text of tofu show, without sensitive values',
    instead: () => SHOW_STATE,
  },
  {
    is: startsWith(/(?:^|\n)(?:Terraform|OpenTofu) (?:used the selected providers|will perform the following)/),
    what: 'the text of a plan, without sensitive values',
    instead: () => SHOW_PLAN,
  },
  {
    is: startsWith(/^\s*(?:#[^\n]*\n\s*)*job "[^"\n]*" \{/),
    what: 'a Nomad job in HCL',
    instead: () => `nomad job inspect NAME ${SELF}`,
  },
  {
    is: startsWith(
      /^\s*(?:(?:#|::|rem\b)[^\n]*\n\s*)*(?:\$env:\w+\s*=|set (?:-\w+ )?"?[A-Za-z_]\w*[ =]|setx |setenv )/i,
    ),
    what: 'commands of another shell',
    instead: () => 'run them, and then spacelift-preflight without -f',
  },
  {
    is: startsWith(/^\s*declare -x /),
    what: 'the output of export -p',
    instead: () => `env ${SELF}`,
  },
  {
    is: startsWith(/^=+ \S+ Config Vars/),
    what: 'a table of Heroku',
    instead: () => `heroku config -s ${SELF}`,
  },
  {
    is: startsWith(/^\s*<(?:!doctype|html)\b/i),
    what: 'an HTML page, such as a login form',
    instead: () => getSecrets(' -n NAMESPACE'),
  },
  {
    is: startsWith(/^\s*\[[A-Za-z_]\w*=/),
    what: 'the variables of a container, between which Go prints only spaces',
    instead: () => `docker inspect CONTAINER ${SELF}`,
  },
  {
    is: startsWith(/^\s*\[(?!(?:Unit|Service|Install|Container|X-[\w-]+)\])[A-Za-z][\w.-]*\][ \t]*\r?\n/),
    what: 'an INI or TOML file with sections',
    instead: (word) => `sed '/^\\[/d' ${word} ${SELF}`,
  },
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
    is: (text) => isTfvars(text) || startsWith(/^\s*(?:#[^\n]*\n\s*)*(?:export )?TF_VAR_\w+=/)(text),
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

/** Assignments with lowercase names, of values with quotes or brackets, as `terraform fmt` writes them; an env file needs neither. */
function isTfvars(text: string): boolean {
  const all = [
    ...text.slice(0, 65_536).matchAll(/^([A-Za-z_][\w-]*)(\s*)=\s*(?=(["{[\d-]|true|false|null|<<)?)/gm),
  ].map(([, name = '', blanks, value]) => ({ name, isTight: blanks === '', isPlain: value === undefined }));
  const isEnvFile = all.some(({ name, isTight }) => isTight && isOfConfig(variableSpelled(name) ?? ''));
  const isHcl = text.includes('<<') || !all.some(({ isPlain }) => isPlain);
  const isList = /^[a-z_]\w*\s*=\s*[{[]\s*$/m.test(text.slice(0, 65_536));
  return (all.length > 1 || isList) && isHcl && !isEnvFile && all.every(({ name }) => name === name.toLowerCase());
}

/** The first line of a conflict that git has written into a file. */
function conflictIn(text: string): number | undefined {
  const start = /^<{7} /m.exec(text)?.index;
  if (start === undefined || !/^={7}\r?$/m.test(text) || !/^>{7} /m.test(text)) return undefined;
  return text.slice(0, start).split('\n').length;
}

/** @throws InputError */
export function refuseText(name: string, file: string, text: string): void {
  const conflict = conflictIn(text);
  if (conflict !== undefined)
    throw new InputError(
      `${file}: a merge conflict in line ${conflict}; resolve it, and remove the lines <<<<<<<, ======= and >>>>>>>`,
    );
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
  { bytes: '0047495443525950', what: 'encrypted with git-crypt', instead: () => 'decrypt it first: git-crypt unlock' },
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

const isKeyVaultId = (value: Value): boolean =>
  isMap(value) && typeof value.id === 'string' && /^https:\/\/[^/]+\/secrets\//.test(value.id);

const isDecision = ([key, value]: readonly [string, Value]): boolean =>
  ['accept', 'skip', 'require', 'options', 'profiles'].includes(key) && (isList(value) || isMap(value));

/** Documents, in this order. */
const DOCUMENTS: readonly {
  readonly is: (value: Value) => boolean;
  readonly what: string;
  readonly instead: string;
}[] = [
  {
    is: (value) => isMap(value) && Object.keys(value).length > 0 && Object.entries(value).every(isDecision),
    what: 'decisions of this tool, which --config names (by default, preflight.yaml)',
    instead: getSecrets(),
  },
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
    is: (value) => isMap(value) && value.data === null && isMap(value.metadata),
    what: 'a version of a Vault secret that was deleted',
    instead: VAULT_GET,
  },
  {
    is: (value) => isMap(value) && isList(value.Parameters),
    what: 'parameters without their values, or encrypted ones',
    instead: GET_PARAMETERS,
  },
  {
    is: (value) => isList(value) && value.some((item) => isKeyVaultId(item) && !has(item, 'value')),
    what: 'a list of Azure Key Vault without values',
    instead: `az keyvault secret show --vault-name VAULT --name NAME ${SELF}`,
  },
  {
    is: (value) => has(value, 'username', 'password') && (has(value, 'host') || has(value, 'engine')),
    what: 'the login of a database, without Spacelift’s variables',
    instead: getSecrets(),
  },
  {
    is: (value) => has(value, 'Resources') || has(value, 'AWSTemplateFormatVersion'),
    what: 'a CloudFormation template',
    instead: DESCRIBE_TASK,
  },
  {
    is: (value) => has(value, 'SecretBinary', 'ARN'),
    what: 'a binary secret',
    instead: 'store the config as SecretString',
  },
  {
    is: (value) => has(value, 'ARN', 'Name', 'VersionIdsToStages') || has(value, 'SecretList'),
    what: 'the description of a secret without its value',
    instead: GET_SECRET_VALUE,
  },
  {
    is: (value) =>
      has(value, 'taskDefinitionArns') ||
      has(value, 'taskArns') ||
      has(value, 'tasks', 'failures') ||
      has(value, 'services', 'failures'),
    what: 'a list of ECS without variables',
    instead: DESCRIBE_TASK,
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
