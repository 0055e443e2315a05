/** Registries of the clouds, where nodes log in with their own identity, which is not part of any config. */

export interface CloudRegistry {
  /** "Amazon ECR". */
  readonly name: string;
  /** "the IAM role of the nodes": what logs in there. */
  readonly identity: string;
  /** What that identity needs. */
  readonly permission: string;
  readonly host: RegExp;
  /** Whether its passwords are tokens that expire within hours. */
  readonly shortLived?: true;
}

const CLOUDS: readonly CloudRegistry[] = [
  {
    name: 'Amazon ECR',
    identity: 'the IAM role of the nodes (on ECS, the task execution role)',
    permission: 'ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer',
    host: /^\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov)$/,
    shortLived: true,
  },
  {
    name: 'Artifact Registry',
    identity: 'the service account of the nodes',
    permission: 'roles/artifactregistry.reader',
    host: /^([a-z0-9-]+-docker\.pkg\.dev|([a-z0-9-]+\.)?gcr\.io)$/,
  },
  {
    name: 'Azure Container Registry',
    identity: 'the kubelet identity of the nodes',
    permission: 'AcrPull',
    host: /^[a-z0-9-]+(\.[a-z0-9-]+)*\.azurecr\.(io|us|cn)$/,
  },
];

/** @param registry a host, with its port if there is one */
export const cloudOf = (registry: string): CloudRegistry | undefined =>
  CLOUDS.find(({ host }) => host.test(registry.toLowerCase()));
