/** Runs without a report, by what the kubelet or the scheduler says. */
import { advice, type Fix } from '../outcome/fix.ts';
import { lookup } from '../util/lookup.ts';
import type { Lost } from './refusal.ts';

interface Words {
  readonly reason: string;
  readonly message: string;
}

interface Kind {
  readonly title: string;
  readonly fix: Fix;
}

const IMAGE: Kind = {
  title: 'the image could not be pulled',
  fix: advice`pass an image that the nodes can pull with --image, preferably by digest, and its pull Secret with --image-pull-secret`,
};
const MEMORY: Kind = {
  title: 'the container ran out of memory',
  fix: advice`give it more memory, such as --resources memory=1Gi`,
};
const NODE: Kind = {
  title: 'its node gave up the Pod',
  fix: advice`run it again when the node has recovered, or after its maintenance`,
};
const START: Kind = {
  title: 'the container could not be started',
  fix: advice`correct what the message says; an image for another architecture is the usual cause`,
};

/** By the reason in the status of the container or the Pod. */
const KINDS: Readonly<Record<string, Kind>> = {
  ErrImagePull: IMAGE,
  ImagePullBackOff: IMAGE,
  InvalidImageName: IMAGE,
  ErrImageNeverPull: IMAGE,
  ImageInspectError: IMAGE,
  RegistryUnavailable: IMAGE,
  SignatureValidationFailed: IMAGE,
  OOMKilled: MEMORY,
  Evicted: NODE,
  NodeLost: NODE,
  NodeShutdown: NODE,
  Terminated: NODE,
  Shutdown: NODE,
  EvictionByEvictionAPI: NODE,
  TerminationByKubelet: NODE,
  DeletionByTaintManager: NODE,
  DeletionByPodGC: NODE,
  ContainerStatusUnknown: NODE,
  Preempting: { title: 'the Pod was preempted', fix: NODE.fix },
  PreemptionByScheduler: { title: 'the Pod was preempted', fix: NODE.fix },
  DeadlineExceeded: {
    title: 'the Pod did not end before its deadline',
    fix: advice`increase --timeout or --start-timeout; a sidecar that keeps the container waiting is the usual cause`,
  },
  CreateContainerConfigError: {
    title: 'the container could not be configured',
    fix: advice`create the Secret or ConfigMap that the message names, with the key in it, as for the Deployment itself`,
  },
  Unschedulable: {
    title: 'no node has room for the Pod',
    fix: advice`free resources, request less with --resources, or wait for a new node with --start-timeout`,
  },
  StartError: START,
  ContainerCannotRun: START,
  CreateContainerError: START,
  RunContainerError: START,
  CrashLoopBackOff: {
    title: 'a sidecar does not start',
    fix: advice`see its log, and correct the sidecar in the Deployment`,
  },
};

const OTHER: Fix = advice`correct what the message says, and run it again`;

/** Never started before `--start-timeout`, for the reason that the status shows. */
export function neverStarted(words: Words, warnings: readonly string[], seconds: number): Lost {
  const { title, fix } = kindOf(words, warnings, 'the container was not started');
  return { title: `${title} within ${seconds} s`, detail: detailOf(words, warnings), fix };
}

export function failedWith(words: Words): Lost {
  const { title, fix } = kindOf(words, [], 'the Pod failed');
  return { title, detail: detailOf(words, []), fix };
}

/** A volume that can't be mounted, or a network that can't be set up, is told only by events. */
const IN_EVENTS: readonly (readonly [RegExp, Kind])[] = [
  [
    /^FailedMount: /,
    {
      title: 'a volume could not be mounted',
      fix: advice`create the Secret or ConfigMap that the message names, as for the Deployment itself`,
    },
  ],
  [/^FailedCreatePodSandBox: /, { title: 'the network of the Pod could not be set up', fix: OTHER }],
];

function kindOf({ reason }: Words, warnings: readonly string[], otherwise: string): Kind {
  const known = lookup(KINDS, reason);
  if (known !== undefined) return known;
  const told = IN_EVENTS.find(([says]) => warnings.some((warning) => says.test(warning)));
  return told?.[1] ?? { title: otherwise, fix: OTHER };
}

function detailOf({ reason, message }: Words, warnings: readonly string[]): string {
  const said = message === '' ? reason : message.includes(reason) ? message : `${reason}: ${message}`;
  const last = warnings.slice(-MOST_WARNINGS).filter((warning) => !warning.includes(message) || message === '');
  return [said, ...last].join('\n');
}

const MOST_WARNINGS = 3;

/** The log of a container that ended has no report. @param where its log is, after the run */
export const noReport = (detail: string, exitCode: number, where: string): Lost => ({
  title: `the container ended with exit code ${exitCode} and without a report`,
  detail,
  fix:
    exitCode === 2
      ? advice`correct what the message says: the run could not start`
      : advice`run it again; if its log is still incomplete, use --keep and see ${where}`,
});

export const neverEnded = (seconds: number): Lost => ({
  title: `the container did not end within ${seconds} s of its start`,
  detail: '',
  fix: advice`increase --timeout, or see its log with --keep`,
});

export const GONE: Lost = {
  title: 'the Pod was deleted during the run',
  detail: 'Its report was not read before.',
  fix: advice`run it again; a drained node, a clean-up job or another operator can delete Pods`,
};

export const STOPPED: Lost = {
  title: 'interrupted before it had a report',
  detail: '',
  fix: advice`run it again`,
};

export const unreachable = (words: string): Lost => ({
  title: 'the API server stopped responding during the run',
  detail: words,
  fix: advice`run it again when kubectl get pods works; what is left is removed with run kubernetes --cleanup`,
});

export const logUnread = (words: string): Lost => ({
  title: 'the log could not be read',
  detail: words,
  fix: advice`run it again; if the API server can’t reach the kubelet of the node, kubectl logs fails as well`,
});
