/** Checks that need no network. The logic is in `src/config`. */

import { DOCS } from '../../src/config/contract.ts';
import type { Deployment } from '../../src/config/deployment.ts';
import type { ConfigurationRule } from '../../src/config/finding.ts';
import { hasScheduler } from '../../src/config/judge-scheduler.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';

export const configuration = defineCheck({
  id: 'configuration',
  title: 'Configuration',
  rules: {
    required: {
      perVariable: true,
      title: 'every required variable is set',
      procedure:
        'Checks that every variable required by the selected backends and services is set. An empty value counts as unset.',
      rationale: 'Spacelift does not start without its required variables.',
      fix: 'Set the variable. Variables that ECS reads with `valueFrom` count as set.',
      example: {
        found: 'OBJECT_STORAGE_BUCKET_STATES is not set',
        fix: 'rename OBJECT_STORAGE_BUKET_STATES to OBJECT_STORAGE_BUCKET_STATES',
      },
      docs: DOCS.dependencies,
    },
    value: {
      perVariable: true,
      title: 'every value has the correct type',
      procedure:
        'Compares each value with its type: enumeration, boolean, URL, host:port, integer, host name, account ID. Variables of the cloud SDKs that this deployment uses are compared with the values that the SDKs accept: AWS_ENDPOINT_URL must have a scheme, for example, and so must HTTP_PROXY and HTTPS_PROXY in the config. Without keys in the config, this includes your own environment.',
      rationale: 'Spacelift rejects the value at startup or behaves in an unintended way.',
      fix: 'Correct the value to the format that the finding states.',
      example: {
        found: 'SERVER_DOMAIN is not a bare host name: "https://spacelift.corp.io"',
        fix: 'set SERVER_DOMAIN=spacelift.corp.io',
      },
      docs: DOCS.general,
    },
    type: {
      perVariable: true,
      title: 'every Kubernetes and ECS value is a string',
      procedure:
        'Looks for values that YAML or JSON parses as a number, a boolean, an array or an object, and for data in a Secret that is not base64. Includes unused variables and the other objects in the file.',
      rationale: 'The API rejects the whole Secret, ConfigMap or task definition.',
      fix: 'Put the value in quotes; in `data`, encode it or move it to `stringData`.',
      example: {
        found: 'AWS_ACCOUNT_ID is a number, not a string, in shared.yaml (Secret spacelift-shared)',
        fix: 'put the value of AWS_ACCOUNT_ID in quotes',
      },
      docs: DOCS.general,
    },
    whitespace: {
      perVariable: true,
      title: 'no value has stray whitespace or quotes',
      procedure: 'Looks for leading and trailing whitespace, and for quotes that became part of the value.',
      rationale:
        'A key with a trailing newline is a different key, and the resulting error never mentions the newline.',
      fix: 'Encode Secrets with `printf %s … | base64`, not with `echo`.',
      example: {
        found: 'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY ends with a newline',
        fix: 'encode it again: printf %s "$SECRET" | base64',
      },
      docs: DOCS.general,
    },
    reference: {
      perVariable: true,
      title: 'no value is an unresolved reference',
      procedure:
        'Looks for references to secret stores in place of values: vault:…, op://…, ref+…, ${aws:…}, ARNs of secrets and parameters, Google Cloud secret versions, Azure Key Vault URLs. In a file, the value counts as set and unknown, because the platform may resolve it.',
      rationale: 'Spacelift uses the text of a reference as the value if nothing resolves it.',
      fix: 'Run where the platform has resolved the reference, or pass a file with the values.',
      example: {
        found: 'DATABASE_URL is a reference that was not resolved',
        fix: 'set DATABASE_URL to the value itself, from a Secret of Kubernetes or with valueFrom on ECS',
      },
      docs: DOCS.general,
    },
    placeholder: {
      perVariable: true,
      title: 'no value is still a placeholder',
      procedure:
        'Looks for CHANGEME, <…>, ${…}, {{…}}, and example.com as the domain. A password is a placeholder only as a whole.',
      rationale: 'A template was not filled in completely, so Spacelift would use a meaningless value.',
      fix: 'Fill in the value.',
      example: {
        found: 'LICENSE_TOKEN still contains a placeholder',
        fix: 'fill in LICENSE_TOKEN in shared.yaml (Secret spacelift-shared), line 12',
      },
      docs: DOCS.general,
    },
    'env-file': {
      title: 'every line of an env file has one meaning',
      procedure:
        'Compares what Docker Compose, bash, docker run --env-file, kubectl create --from-env-file and systemd read. Programs that reject the file, or would keep the quotes around its values, are left out. This tool reads the file like Docker Compose. Lines that are not NAME=value are listed.',
      rationale: 'Spacelift gets another value than this tool has tested, depending on the program that starts it.',
      fix: 'Write the value as the finding states, so that all programs read the same.',
      example: {
        found: 'ADMIN_PASSWORD is read differently by Docker Compose and docker run',
        fix: 'put the values of ADMIN_PASSWORD (line 3) in single quotes',
      },
      docs: DOCS.general,
    },
    unknown: {
      perVariable: true,
      title: 'no variable is misspelled',
      procedure:
        'Compares unknown variable names in files to the names that Spacelift and the cloud SDKs know. One or two typing errors are a misspelling, or three in a name that starts like Spacelift’s variables. If the intended variable is required, its failure names the misspelling instead.',
      rationale: 'Spacelift ignores the misspelled variable and uses the default of the intended one.',
      fix: 'Rename the variable as suggested, or remove it.',
      example: {
        found: 'unknown variable MESSAGE_QUEUE_TPYE, did you mean MESSAGE_QUEUE_TYPE?',
        fix: 'rename it to MESSAGE_QUEUE_TYPE, or remove it',
      },
      docs: DOCS.general,
    },
    default: {
      perVariable: true,
      title: 'no default contradicts other values',
      procedure:
        'Checks every backend type that is not set: whether the other values match its default or a different type.',
      rationale: 'Spacelift would use an unintended backend that is not configured.',
      fix: 'Set the type explicitly.',
      example: {
        found: 'OBJECT_STORAGE_TYPE is not set and defaults to aws, but OBJECT_STORAGE_MINIO_ENDPOINT is set',
        fix: 'set OBJECT_STORAGE_TYPE=minio',
      },
      docs: DOCS.dependencies,
    },
    conflict: {
      perVariable: true,
      title: 'shared variables have the same value in all services',
      procedure:
        'Compares the variables that more than one service has, and several values for one service: in objects or containers of one file, or in objects of several namespaces.',
      rationale:
        'Services with different values would work on different data; of several values for one service, Spacelift may read another one than this tool.',
      fix: 'Set the variable once, in a place that all services read.',
      example: {
        found: 'DATABASE_URL differs between server, drain',
        fix: 'set DATABASE_URL once, in a place that all services read: the Secret spacelift-shared',
      },
      docs: DOCS.general,
    },
    region: {
      title: 'AWS_REGION and AWS_DEFAULT_REGION match',
      procedure: 'Compares AWS_REGION with AWS_DEFAULT_REGION. Warns if AWS_SECONDARY_REGION is the same region, too.',
      rationale:
        'Parts of Spacelift would look for resources in the wrong region. If the secondary region is the first one, there is none to fail over to.',
      fix: 'Set both to the region of the installation, and AWS_SECONDARY_REGION to another region or to nothing.',
      example: {
        found: 'AWS_REGION is eu-west-1, but AWS_DEFAULT_REGION is us-east-1',
        fix: 'set AWS_DEFAULT_REGION=eu-west-1',
      },
      docs: DOCS.general,
    },
    'no-proxy': {
      perVariable: true,
      title: 'every entry of NO_PROXY has an effect',
      procedure:
        'If the config sets HTTP_PROXY or HTTPS_PROXY: reads NO_PROXY like Go does, and warns about entries that exempt nothing. Entries are separated by commas, and have no scheme and no path.',
      rationale:
        'Go ignores such an entry without a message, and sends the requests that it is meant for to the proxy.',
      fix: 'Correct the entry, or remove it.',
      example: {
        found: 'NO_PROXY contains "localhost .corp.io", which exempts nothing',
        fix: 'set NO_PROXY=localhost,.corp.io',
      },
      docs: DOCS.general,
    },
    combination: {
      perVariable: true,
      title: 'values do not contradict each other',
      procedure:
        'Fails if GATEWAY_GRPC_PORT and GATEWAY_HTTP_PORT are the same port, or if OBJECT_STORAGE_TYPE or ENCRYPTION_TYPE is set to its value for AWS while only the variables of another value are set. Warns if FEDERATION_CUSTOM_JWKS_URI is set without FEDERATION_CUSTOM_ISSUER.',
      rationale:
        'The VCS gateway does not start if it can’t open both ports. A choice for AWS needs the variables of AWS. The address of keys belongs to an issuer, which the tokens of runs name.',
      fix: 'Change one of the variables that the finding names.',
      example: {
        found: 'GATEWAY_HTTP_PORT is 1984, and so is GATEWAY_GRPC_PORT',
        fix: 'set GATEWAY_HTTP_PORT to another port',
      },
      docs: DOCS.general,
    },
    'admin-login': {
      title: 'the admin login is either complete or disabled',
      procedure: 'Checks that ADMIN_USERNAME and ADMIN_PASSWORD are either both set or both empty.',
      rationale: 'With only one of them, nobody can log in to configure single sign-on.',
      fix: 'Set both, or neither.',
      example: {
        found: 'ADMIN_USERNAME is set without ADMIN_PASSWORD',
        fix: 'set ADMIN_PASSWORD, or remove ADMIN_USERNAME',
      },
      docs: DOCS.general,
    },
    'launcher-image': {
      title: 'the launcher image has one tag',
      procedure:
        'Checks that LAUNCHER_IMAGE is the name of an image, and has no tag if LAUNCHER_IMAGE_TAG is set. Warns if neither has a tag. The port of a registry is not a tag.',
      rationale:
        'Workers would pull image:tag:tag, which is not a valid image reference, or without any tag, latest: an image that does not exist, or belongs to another release.',
      fix: 'Put the tag only in LAUNCHER_IMAGE_TAG.',
      example: {
        found: 'LAUNCHER_IMAGE already has a tag, and LAUNCHER_IMAGE_TAG adds another',
        fix: 'set LAUNCHER_IMAGE=registry.corp.io/spacelift/launcher',
      },
      docs: DOCS.general,
    },
    release: {
      perVariable: true,
      title: 'every variable that is set exists in this release',
      procedure:
        'If the release of Self-Hosted is known from `--release` or `LAUNCHER_IMAGE_TAG`: looks for variables that came with a later release, and for a `--release` that is older than the one in the config.',
      rationale: 'An older release ignores the variable. It does not know the tables of a newer one.',
      fix: 'Upgrade to the release that the finding names, or remove the variable.',
      example: {
        found: 'POLICY_REGO_TIMEOUT_PLAN came with release 4.0.0, and this is 3.8.0',
        fix: 'upgrade to 4.0.0 or later, or remove POLICY_REGO_TIMEOUT_PLAN',
      },
      docs: DOCS.changelog,
    },
    scheduler: {
      title: 'a service runs the scheduler',
      procedure:
        'Looks for a scheduler among the ECS task definitions, the Kubernetes workloads or the services of Docker Compose, or for a drain that runs it. Before release 6.2.0, the drain can’t; in 6.2.0 and 6.3.0, only with `DRAIN_SCHEDULER_ENABLED=true`; since 6.4.0, unless it is `false`. Skipped if the release is not known, or the config does not show what is deployed, like Kubernetes Secrets alone. A worker and the VCS gateway have no scheduler.',
      rationale: 'Without a scheduler, cron jobs never run: no drift detection, no scheduled runs.',
      fix: 'Deploy the scheduler, or set DRAIN_SCHEDULER_ENABLED=true for the drain.',
      example: { found: 'nothing runs the scheduler', fix: 'set DRAIN_SCHEDULER_ENABLED=true' },
      docs: DOCS.changelog,
    },
    workload: {
      perVariable: true,
      title: 'every container has the variables that its service needs',
      procedure:
        'If the config contains the containers (Kubernetes workloads, ECS task definitions, services of Docker Compose): looks for required variables that only other services have, for keys that a Secret or ConfigMap lacks, and for references to an object that is not in the input, while one with nearly the same name is.',
      rationale: 'A pod whose references can’t be resolved does not start, nor does a service without its variables.',
      fix: 'Correct the reference, or add the Secret to `envFrom`.',
      example: {
        found: 'Secret spacelift-shard is not in the input, did you mean spacelift-shared?',
        fix: 'refer to spacelift-shared, or rename Secret spacelift-shared to spacelift-shard',
      },
      docs: DOCS.general,
    },
    'short-lived': {
      perVariable: true,
      title: 'no credential is about to expire',
      procedure: 'Looks for session tokens, ASIA… access keys, and RDS IAM or Entra tokens used as database passwords.',
      rationale: 'Spacelift works at first and stops within hours, when the credential expires.',
      fix: 'Use a role or long-lived credentials.',
      example: {
        found: 'AWS_SESSION_TOKEN belongs to a temporary session that expires within hours',
        fix: 'remove the AWS_… credentials and give the service a role (IRSA, EKS Pod Identity, an ECS task role)',
      },
      docs: DOCS.general,
    },
  } satisfies Record<ConfigurationRule, unknown>,

  expects: ({ deployment }) => rulesOf(deployment),

  async run({ deployment, check }) {
    for (const { rule, variable, outcome } of deployment.configuration) await check(rule, () => outcome, variable);
    const judged = new Set(deployment.configuration.map(({ rule }) => rule));
    const services = deployment.service ?? 'all services';
    for (const rule of rulesOf(deployment).filter((candidate) => !judged.has(candidate))) {
      const title =
        rule === 'required'
          ? `${deployment.set.length} variables for ${services}, none missing`
          : configuration.rules[rule]?.title;
      await check(rule, () => pass(title ?? rule));
    }
  },
});

const rulesOf = ({ service }: Deployment): readonly ConfigurationRule[] =>
  hasScheduler(service) ? RULES : RULES.filter((rule) => rule !== 'scheduler');

const RULES = Object.keys(configuration.rules) as ConfigurationRule[];
