/** Rows of the contract that belong to one service, or to one feature of it: none is required. */
import { DOCS } from './docs.ts';
import * as type from './types.ts';

/** How many messages of each queue the drain processes at once. Its names for the queues are not those of the URLs. */
const CONCURRENCY = { type: type.integer, of: ['drain'], docs: DOCS.general } as const;
/** How long the evaluation of policies can take. */
const TIMEOUT = { type: type.timeout, of: ['server', 'drain'], docs: DOCS.policies } as const;
/** The identity provider that verifies the tokens of runs sees this instead of `https://<SERVER_DOMAIN>`. */
const FEDERATION = { of: ['server', 'drain'], docs: DOCS.oidc } as const;

export const DRAIN_VARIABLES = {
  LAUNCHER_IMAGE: { type: type.exactText, of: ['drain'], docs: DOCS.general },
  LAUNCHER_IMAGE_TAG: { type: type.exactText, of: ['drain'], docs: DOCS.general },
  DRAIN_CONCURRENCY_ASYNC_JOBS: CONCURRENCY,
  DRAIN_CONCURRENCY_ASYNC_JOBS_FIFO: CONCURRENCY,
  DRAIN_CONCURRENCY_CRONJOBS: CONCURRENCY,
  DRAIN_CONCURRENCY_DLQ: CONCURRENCY,
  DRAIN_CONCURRENCY_DLQ_FIFO: CONCURRENCY,
  DRAIN_CONCURRENCY_EVENTS: CONCURRENCY,
  DRAIN_CONCURRENCY_IOT: CONCURRENCY,
  DRAIN_CONCURRENCY_WEBHOOKS: CONCURRENCY,
  DRAIN_SCHEDULER_ENABLED: { type: type.boolean, of: ['drain'], docs: DOCS.general },
  MESSAGE_PROCESSING_TIMEOUT_SECONDS: { type: type.integer, of: ['drain'], docs: DOCS.general },
  BITBUCKET_AFFECTED_CHANGES_PER_PAGE_FILES: { type: type.integer, of: ['drain'], docs: DOCS.changelog },
} as const;

export const POLICY_VARIABLES = {
  POLICY_REGO_TIMEOUT_PLAN: TIMEOUT,
  POLICY_REGO_TIMEOUT_LOGIN: TIMEOUT,
  POLICY_REGO_TIMEOUT_PUSH: TIMEOUT,
  POLICY_REGO_TIMEOUT_APPROVAL: TIMEOUT,
  POLICY_REGO_TIMEOUT_TRIGGER: TIMEOUT,
  POLICY_REGO_TIMEOUT_NOTIFICATION: TIMEOUT,
  POLICY_REGO_TIMEOUT_INTENT: TIMEOUT,
  POLICY_REGO_EVALUATION_COMBINED_TIMEOUT: TIMEOUT,
} as const;

export const FEDERATION_VARIABLES = {
  FEDERATION_CUSTOM_ISSUER: { type: type.issuer, ...FEDERATION },
  FEDERATION_CUSTOM_JWKS_URI: { type: type.httpsUrl, ...FEDERATION },
} as const;

export const GATEWAY_VARIABLES = {
  VCS_GATEWAY_ENDPOINT: { type: type.hostPort, docs: DOCS.networking },
  GATEWAY_GRPC_PORT: { type: type.port, docs: DOCS.networking },
  GATEWAY_HTTP_PORT: { type: type.port, docs: DOCS.networking },
  /** Its values are not documented. */
  VCS_GATEWAY_FORCE_IP: { type: type.text, docs: DOCS.networking },
} as const;
