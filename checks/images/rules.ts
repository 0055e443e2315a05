/** The rules about container images. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';

export const RULES = {
  launcher: {
    title: 'the launcher image can be pulled',
    procedure:
      'If LAUNCHER_IMAGE is set, asks its registry for the manifest of the image (HEAD), without a login or with one from the pull Secrets in the config (types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg). Never downloads the image. A login is sent only to the registry that its Secret names and to the token server of that registry, over HTTPS. A private image in Amazon ECR, Artifact Registry or Azure Container Registry is skipped, because nodes log in there with their own identity. With --from outside, so is a registry that can’t be reached from here.',
    rationale: 'Workers in Kubernetes start from this image. If it can’t be pulled, no run starts.',
    permission: 'HTTPS from the nodes to the registry, and to pull (read) the image',
    fix: 'Correct LAUNCHER_IMAGE and LAUNCHER_IMAGE_TAG, push the image, or create a pull Secret and add it to imagePullSecrets. If the nodes pull it through a mirror that only they can reach, skip this rule.',
    example: {
      found: 'registry.corp.io/spacelift/launcher has no tag v4.3.1',
      fix: 'correct LAUNCHER_IMAGE and LAUNCHER_IMAGE_TAG, or push the image to registry.corp.io/spacelift/launcher',
    },
    docs: DOCS.networking,
  },
  pull: {
    title: 'an image given with --pull can be pulled',
    perVariable: true,
    procedure:
      'For each image given with --pull, does the same as for the launcher image. The name of the image is in brackets instead of a variable.',
    rationale:
      'The environment must be able to pull the images that no variable names: the backend image of Spacelift, and the runner images of stacks.',
    permission: 'HTTPS from the nodes to the registry, and to pull (read) the image',
    fix: 'Correct the name, push the image, or create a pull Secret and add it to imagePullSecrets.',
    example: {
      found: 'registry.corp.io/spacelift/backend:v4.3.0 can’t be pulled without a login',
      fix: 'create a pull Secret, add it to imagePullSecrets, and pass it to this tool with -f',
    },
    docs: DOCS.networking,
  },
} as const satisfies Record<string, Rule>;

export type ImageRule = keyof typeof RULES;
