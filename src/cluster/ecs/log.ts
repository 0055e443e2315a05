/** Where the output of our container goes, and where it is read: CloudWatch Logs, by the driver `awslogs`. */
import { InputError } from '../../config/input-error.ts';
import { type JsonMap, mapIn, textIn, without } from '../../util/json.ts';
import { PREFIX } from '../names.ts';
import type { TaskSettings } from './settings.ts';
import type { EcsWorkload } from './workloads.ts';

/** The log streams of one container; the last part of a stream's name is the ID of the task. */
export interface LogStream {
  readonly group: string;
  readonly region: string;
  /** Ends with a slash. */
  readonly prefix: string;
}

/** Options that put several lines into one event, or lose some when there are many. */
const NOT_KEPT = ['awslogs-datetime-format', 'awslogs-multiline-pattern', 'max-buffer-size'];

/** As AWS names regions: it becomes part of a host name. */
export const isRegion = (text: string): boolean => /^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(text);

/** @throws InputError if the log could not be read */
export function logOf(
  { container, label }: EcsWorkload,
  { logGroup, region }: Pick<TaskSettings, 'logGroup' | 'region'>,
): { readonly configuration: JsonMap; readonly stream: LogStream } {
  const own = mapIn(container, 'logConfiguration');
  const isOwn = own.logDriver === 'awslogs' && logGroup === undefined;
  const options = isOwn ? without(mapIn(own, 'options'), NOT_KEPT) : {};
  const group = logGroup ?? textIn(options, 'awslogs-group');
  if (group === undefined) {
    const driver = textIn(own, 'logDriver');
    throw new InputError(
      `${label} ${driver === undefined ? 'has no log configuration' : `logs with ${/^[a-z]{1,20}$/.test(driver) ? driver : 'another driver'}`}, from which no report can be read; name a log group in CloudWatch Logs with --log-group`,
    );
  }
  if (!/^[\w./#-]{1,512}$/.test(group)) throw new InputError(`${label}: awslogs-group is not the name of a log group`);
  const at = textIn(options, 'awslogs-region') ?? region;
  if (at === undefined) throw new InputError('no AWS region; name it with --region, or in AWS_REGION');
  if (!isRegion(at)) throw new InputError(`${label}: awslogs-region is not an AWS region`);
  const prefix = textIn(options, 'awslogs-stream-prefix') ?? PREFIX;
  const configuration: JsonMap = {
    logDriver: 'awslogs',
    options: {
      ...options,
      'awslogs-group': group,
      'awslogs-region': at,
      'awslogs-stream-prefix': prefix,
      // ECS loses lines otherwise, if there are many at once.
      mode: 'blocking',
    },
    ...(isOwn && Array.isArray(own.secretOptions) && { secretOptions: own.secretOptions }),
  };
  return { configuration, stream: { group, region: at, prefix: `${prefix}/${textIn(container, 'name') ?? ''}/` } };
}
