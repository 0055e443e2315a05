/** Pages in Spacelift's docs. */
const SELF_HOSTED = 'https://docs.spacelift.io/self-hosted/latest';
const INSTALLING = `${SELF_HOSTED}/installing-spacelift`;
const REFERENCE = `${INSTALLING}/reference-architecture/reference`;

export const DOCS = {
  dependencies: `${INSTALLING}/reference-architecture/external-dependencies`,
  general: `${REFERENCE}/general-configuration`,
  storage: `${REFERENCE}/object-storage`,
  encryption: `${REFERENCE}/encryption`,
  queues: `${REFERENCE}/message-queues`,
  mqtt: `${REFERENCE}/mqtt-broker`,
  telemetry: `${REFERENCE}/telemetry`,
  networking: `${REFERENCE}/networking`,
  firstSetup: `${INSTALLING}/reference-architecture/guides/first-setup`,
  disasterRecovery: `${INSTALLING}/reference-architecture/guides/disaster-recovery`,
  privateVpc: `${INSTALLING}/cloudformation/advanced-installations`,
  workerPools: `${SELF_HOSTED}/concepts/worker-pools`,
  changelog: `${INSTALLING}/changelog`,
  policies: `${SELF_HOSTED}/concepts/policy`,
  oidc: `${SELF_HOSTED}/integrations/cloud-providers/oidc`,
} as const;
