/**
 * The Job that owns what a run creates. It has nothing to do (no completions), so it is complete at once, and its TTL counts from then:
 * whatever became of the run, Kubernetes removes the Job with everything that it owns.
 */
import type { JsonMap } from '../util/json.ts';
import { ENDS_BY, jobName, PREFIX, RUN_LABEL } from './names.ts';
import type { Resources } from './resources.ts';
import { CONTAINER_SECURITY, POD_SECURITY } from './security.ts';

export interface JobSettings {
  readonly run: string;
  readonly image: string;
  readonly resources: Resources;
  /** Longer than any run can take, s. */
  readonly ttl: number;
  /** When the run has ended at the latest. */
  readonly endsBy: Date;
}

export function jobOf({ run, image, resources, ttl, endsBy }: JobSettings): JsonMap {
  const labels = { [RUN_LABEL]: run };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(run), labels, annotations: { [ENDS_BY]: endsBy.toISOString() } },
    spec: {
      completions: 0,
      parallelism: 0,
      backoffLimit: 0,
      ttlSecondsAfterFinished: ttl,
      // Nothing starts from it, but policies read it.
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          restartPolicy: 'Never',
          securityContext: POD_SECURITY,
          containers: [
            {
              name: PREFIX,
              image,
              args: ['--version'],
              resources: { requests: resources.requests, limits: resources.limits },
              securityContext: CONTAINER_SECURITY,
            },
          ],
        },
      },
    },
  };
}
