/** Reads log streams in CloudWatch Logs. The SDK is loaded with the first request. */
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { Run } from '../../engine/check.ts';
import { EcsError, type Opened, opened, refusalIn } from './requests.ts';

export interface LogPlace {
  readonly group: string;
  readonly stream: string;
  readonly region: string;
}

/** The events of a log stream, one per line; `undefined` if there is no such stream. @throws EcsError */
export type ReadLog = (place: LogPlace) => Promise<string | undefined>;

/** Of a log stream, each up to 1 MiB. */
const MOST_PAGES = 32;

/** Each stream is in the region that its log driver writes to. */
export function logsOf(run: Run): ReadLog {
  const clients = new Map<string, Promise<Opened<CloudWatchLogsClient>>>();
  return async ({ group, stream, region }) => {
    const sdk = await import('@aws-sdk/client-cloudwatch-logs');
    const inRegion: Run = { ...run, require: (name) => (name === 'AWS_REGION' ? region : run.require(name)) };
    const client =
      clients.get(region) ??
      opened(inRegion, 'CLOUDWATCH_LOGS', 'CloudWatch Logs', (config) => new sdk.CloudWatchLogsClient(config));
    clients.set(region, client);
    const { send } = await client;
    const lines: string[] = [];
    let nextToken: string | undefined;
    try {
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const input = { logGroupName: group, logStreamName: stream, startFromHead: true };
        const from = nextToken === undefined ? {} : { nextToken };
        const page = await send('logs:GetLogEvents', (logs, how) =>
          logs.send(new sdk.GetLogEventsCommand({ ...input, ...from }), how),
        );
        lines.push(...(page.events ?? []).map(({ message = '' }) => message));
        // At the end of the stream, the token stays the same. A page before it can be empty.
        if (page.nextForwardToken === undefined || page.nextForwardToken === nextToken) break;
        nextToken = page.nextForwardToken;
      }
    } catch (error) {
      if (error instanceof EcsError && refusalIn(error)?.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
    return lines.map((line) => `${line}\n`).join('');
  };
}
