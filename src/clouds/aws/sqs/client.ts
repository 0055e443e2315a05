/** SQS through the AWS SDK: the five operations that Spacelift performs, and no others. */
import type { Run } from '../../../engine/check.ts';
import { withTimeout } from '../../../engine/timeouts.ts';
import { makeHttpClient } from '../../../net/http.ts';
import type { Target } from '../../../net/messages.ts';
import { timedOut } from '../../../net/network-error.ts';
import { checkProxy } from '../../../net/proxy-tunnel.ts';
import { withOwnersNetwork } from '../../credentials.ts';
import { AwsError, ask, isErrorResponse } from '../call.ts';
import { awsSettings } from '../client.ts';
import { findCredentials } from '../credentials.ts';
import { targetOf } from '../messages.ts';
import { ownerOfAws } from '../owner.ts';

export interface Received {
  readonly body: string;
  readonly receipt: string;
}

export interface Sending {
  readonly body: string;
  /** FIFO queues have groups and deduplication; standard queues reject both. */
  readonly fifo?: { readonly group: string; readonly deduplication: string };
}

/** The attributes from `GetQueueAttributes`; those that are absent are not set. */
export type Attributes = Readonly<Record<string, string>>;

/** The run, with operations that end by another signal: cleanup continues after the run has ended. */
export const until = (run: Run, signal: AbortSignal): Run => ({
  ...run,
  signal,
  withTimeout: (ms, operation) => withTimeout(signal, ms, operation, timedOut),
});

/** Every operation throws CredentialError, AwsError or NetworkError. */
export interface Sqs {
  readonly target: Target;
  /** Checks that there are credentials and that SQS responds, for services without read permission. @throws CredentialError, NetworkError */
  reach(run: Run): Promise<void>;
  attributes(run: Run, url: string): Promise<Attributes>;
  /** Sends once, even if the response is lost. */
  send(run: Run, url: string, sending: Sending): Promise<void>;
  /** @param wait how long to wait for a message, @param visibility how long it is hidden then; both in seconds */
  receive(run: Run, url: string, how: { wait: number; visibility: number }): Promise<Received[]>;
  delete(run: Run, url: string, receipt: string): Promise<void>;
  /** Hides a message for so many seconds from now; 0 puts it back. */
  postpone(run: Run, url: string, receipt: string, seconds: number): Promise<void>;
}

/** For a connection and a response without content. */
const REACH_MS = 10_000;

/** @throws CheckStopped when the region is not known */
export async function openSqs(run: Run): Promise<Sqs> {
  const settings = awsSettings(run, 'SQS', isErrorResponse);
  const sdk = await import('@aws-sdk/client-sqs');
  // Like Spacelift's own SDK: the region's endpoint, regardless of the host in a queue's URL.
  const client = new sdk.SQSClient({ ...settings.config, useQueueUrlAsEndpoint: false, md5: false });
  const target = targetOf('SQS', settings, client);
  const url = settings.endpoint?.url ?? new URL(`https://${target.host}`);
  const owner = ownerOfAws(run);
  const plain = makeHttpClient(withOwnersNetwork(run, owner));
  let reached: Promise<unknown> | undefined;
  return {
    target,
    reach: (under) => {
      const knock = async () => {
        await checkProxy(withOwnersNetwork(under, owner), url, REACH_MS);
        await plain.send({ method: 'GET', url, deadlineMs: REACH_MS });
      };
      reached ??= Promise.all([findCredentials(under, client), knock()]);
      return reached.then(() => {});
    },

    attributes: async (under, QueueUrl) => {
      // A standard queue rejects the names of attributes that only FIFO queues have.
      const command = new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
      const { Attributes: found = {} } = await ask(under, client, (how) => client.send(command, how));
      return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, String(value)]));
    },

    send: async (under, QueueUrl, { body, fifo }) => {
      const command = new sdk.SendMessageCommand({
        QueueUrl,
        MessageBody: body,
        ...(fifo === undefined
          ? { DelaySeconds: 0 }
          : { MessageGroupId: fifo.group, MessageDeduplicationId: fifo.deduplication }),
      });
      let sent: Promise<unknown> | undefined;
      // A message that a busy service refused may have been sent nevertheless: only the caller can decide to send it again.
      const once = (how: { abortSignal: AbortSignal }) => {
        sent ??= client.send(command, how);
        return sent;
      };
      await ask(under, client, once);
    },

    receive: async (under, QueueUrl, { wait, visibility }) => {
      const command = new sdk.ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: wait,
        VisibilityTimeout: visibility,
      });
      const { Messages = [] } = await ask(under, client, (how) => client.send(command, how), { mayBeEmpty: true });
      return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
    },

    delete: async (under, QueueUrl, ReceiptHandle) => {
      const command = new sdk.DeleteMessageCommand({ QueueUrl, ReceiptHandle });
      await ask(under, client, (how) => client.send(command, how), { mayBeEmpty: true });
    },

    postpone: async (under, QueueUrl, ReceiptHandle, VisibilityTimeout) => {
      const command = new sdk.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout });
      await ask(under, client, (how) => client.send(command, how), { mayBeEmpty: true });
    },
  };
}

/** The code in the current protocol, and in the older one. */
const MISSING = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];

export const isMissing = (error: unknown): boolean => error instanceof AwsError && MISSING.includes(error.code ?? '');
