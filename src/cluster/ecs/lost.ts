/**
 * Runs without a report, by what ECS says ("Amazon ECS stopped task error messages" and "Amazon ECS API failure reasons" in its
 * developer guide).
 */
import { advice, type Fix } from '../../outcome/fix.ts';
import type { Lost } from '../refusal.ts';
import type { StopWords } from './task-state.ts';

interface Kind {
  /** Matches the code, or the message. */
  readonly says: RegExp;
  readonly title: string;
  readonly fix: Fix;
}

const IMAGE = 'the image could not be pulled';
const SECRET = 'a secret of the task could not be read';
const CAPACITY = 'the cluster has no capacity for the task';
const OTHER: Fix = advice`correct what the message says, and run it again`;

/** The first that matches counts, so the specific ones are first. */
const KINDS: readonly Kind[] = [
  {
    says: /descriptor matching platform|exec format error/i,
    title: 'the image is not for the architecture of the task',
    fix: advice`pass an image for linux/amd64 and linux/arm64 with --image; runtimePlatform in the task definition decides which is used`,
  },
  {
    says: /CannotPull(?:ECR)?Container|pull image manifest|retrieve ecr registry auth/i,
    title: IMAGE,
    fix: advice`pass an image that the task can pull with --image: its execution role needs permission for the repository, and its subnets a route to the registry (NAT or VPC endpoints; --assign-public-ip in a public subnet)`,
  },
  {
    says: /log group does not exist|ResourceNotFoundException: The specified log group|failed to (?:validate|initialize) logg|CreateLogStream|failed to create Cloudwatch log/i,
    title: 'the log of the task could not be created',
    fix: advice`create the log group, give the execution role logs:CreateLogStream and logs:PutLogEvents, and the subnets a route to CloudWatch Logs; --log-group names another group`,
  },
  {
    says: /\bEFS\b|CannotCreateVolume|failed to mount|mount\.nfs/i,
    title: 'a volume could not be mounted',
    fix: advice`create the file system that the message names, with mount targets in these subnets, as for the service itself`,
  },
  {
    says: /unable to pull secrets|secretsmanager|Secrets Manager|retrieve secret|invalid ssm parameters|GetParameters|environment file/i,
    title: SECRET,
    fix: advice`create the secret or parameter that the message names, and give the execution role permission to read it, as for the service itself`,
  },
  {
    says: /OutOfMemory/i,
    title: 'the container ran out of memory',
    fix: advice`give the task of the service at least 512 MiB: the copy has the memory of its task definition`,
  },
  {
    says: /RESOURCE:|Capacity is unavailable|No Container Instances|limit on the number of vCPUs|Insufficient/,
    title: CAPACITY,
    fix: advice`wait longer with --start-timeout, or add capacity to the cluster as the message says`,
  },
  {
    says: /placement constraint|ATTRIBUTE|DistinctInstance/i,
    title: 'no instance of the cluster meets the requirements of the task',
    fix: advice`add an instance with the attributes that the task definition requires, as for the service itself`,
  },
  {
    says: /^AGENT\b|agent is not connected/i,
    title: 'the agent of the instance is not connected',
    fix: advice`repair or replace the instance, and run it again`,
  },
  {
    says: /Network ?Interface|ENI\b|security group|subnet|VPC/i,
    title: 'the network of the task could not be set up',
    fix: advice`correct the subnets and security groups of the service, or those in --subnets and --security-groups`,
  },
  {
    says: /Spot ?Interruption|TerminationNotice|Host EC2/i,
    title: 'its capacity was taken away during the run',
    fix: advice`run it again`,
  },
  {
    says: /UserInitiated/,
    title: 'somebody stopped the task during the run',
    fix: advice`run it again`,
  },
  {
    says: /PassRole|Role is not valid|assume the role|ECS was unable to assume/i,
    title: 'ECS can’t assume a role of the task',
    fix: advice`create the role, and let ecs-tasks.amazonaws.com assume it in its trust policy`,
  },
  {
    says: /Cannot(?:Start|Create|Inspect)Container|ContainerRuntime|DockerTimeout|InternalError/i,
    title: 'the container could not be started',
    fix: OTHER,
  },
  {
    says: /essential container/i,
    title: 'the task ended before its container started',
    fix: advice`see the log of the sidecar that ended, and correct it in the task definition`,
  },
];

function kindOf({ code, message }: StopWords, otherwise: string): Pick<Kind, 'title' | 'fix'> {
  return KINDS.find(({ says }) => says.test(code) || says.test(message)) ?? { title: otherwise, fix: OTHER };
}

function detailOf({ code, message }: StopWords): string {
  if (message === '') return code;
  return message.includes(code) ? message : `${code}: ${message}`;
}

/** The task stopped without an exit code of our container. */
export function failedWith(words: StopWords): Lost {
  return { ...kindOf(words, 'the task stopped before it had a result'), detail: detailOf(words) };
}

/** ECS did not register the copy, or did not run it. @param words its error, or the reason in `failures` */
export function refusedWith(words: StopWords): Lost {
  return { ...kindOf(words, 'ECS did not start the task'), detail: detailOf(words) };
}

/** Whether RunTask can succeed later: capacity that is missing for the moment. */
export const canPass = ({ code, message }: StopWords): boolean =>
  /^(?:RESOURCE:|AGENT\b)|Capacity is unavailable|limit on the number of vCPUs/i.test(code) ||
  /Capacity is unavailable|limit on the number of vCPUs/i.test(message);

/** Not started before `--start-timeout`. */
export function neverStarted(words: StopWords, seconds: number): Lost {
  const { title, fix } = kindOf(words, 'the task was not started');
  return {
    title: `${title} within ${seconds} s`,
    detail: detailOf(words),
    fix: fix === OTHER ? advice`wait longer with --start-timeout, or see the events of the service` : fix,
  };
}

export const noLogStream = (stream: string, exitCode: number): Lost => ({
  title: `the container ended with exit code ${exitCode}, but has no log stream`,
  detail: `Expected the stream ${stream}.`,
  fix: advice`check that the log driver can reach CloudWatch Logs, and that --image is an image of spacelift-preflight`,
});

export const GONE: Lost = {
  title: 'ECS does not know the task anymore',
  detail: 'Its report was not read before.',
  fix: advice`run it again`,
};

export const unreachable = (words: string): Lost => ({
  title: 'ECS stopped responding during the run',
  detail: words,
  fix: advice`run it again; what is left is removed with run ecs --cleanup`,
});

export const logUnread = (words: string): Lost => ({
  title: 'the log could not be read',
  detail: words,
  fix: advice`run it again when CloudWatch Logs responds`,
});
