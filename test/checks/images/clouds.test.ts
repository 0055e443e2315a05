/** The clouds whose registries nodes log in to by themselves. */
import { expect, test } from 'vitest';
import { cloudOf } from '../../../checks/images/clouds.ts';

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'Amazon ECR'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'Amazon ECR'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'Amazon ECR'],
  ['123456789012.dkr-ecr.eu-west-1.on.aws', 'Amazon ECR'],
  ['europe-west1-docker.pkg.dev', 'Artifact Registry'],
  ['eu.gcr.io', 'Artifact Registry'],
  ['corp.azurecr.io', 'Azure Container Registry'],
  ['public.ecr.aws', undefined],
  ['docker.io', undefined],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.io', undefined],
  ['evil.io:5000', undefined],
])('%s: %s', (host, name) => expect(cloudOf(host)?.name).toBe(name));
