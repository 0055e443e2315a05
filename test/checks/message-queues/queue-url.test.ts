/** The host in a queue's URL becomes part of commands and of requests: it is a name or an address, and nothing else. */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { sqsUrl } from '../../../src/config/types.ts';
import { ONPREM } from '../../support/onprem.ts';
import { preflight } from '../../support/preflight.ts';

const at = (host: string) => `https://${host}/123456789012/spacelift-async`;

describe('a queue is a URL with a host, or a name', () => {
  test.for([
    'spacelift-async',
    'spacelift-async.fifo',
    at('sqs.eu-central-1.amazonaws.com'),
    at('eu-central-1.queue.amazonaws.com'),
    at('vpce-0a1b-2c3d.sqs.eu-central-1.vpce.amazonaws.com'),
    at('sqs.cn-north-1.amazonaws.com.cn'),
    at('sqs.eu-west-1.localhost.localstack.cloud:4566'),
    'http://127.0.0.1:9324/000000000000/queue',
    at('[::1]:4566'),
    at('my_sqs'),
  ])('%s', (value) => {
    expect(v.is(sqsUrl.schema, value)).toBe(true);
  });

  test.for([
    at('sqs$(touch x)'),
    at('sqs`id`'),
    at("sqs';id;'"),
    at('-osqs'),
    at('user:hunter22@sqs'),
    at('sqs:0'),
    at('sqs:99999'),
    at('sqs?x'),
    at('sqs#x'),
    at('sqs\\x'),
    at('sqs\u2028x'),
    at('%24(id)'),
    at(''),
  ])('not %s', async (value) => {
    expect(v.is(sqsUrl.schema, value)).toBe(false);
    const variables = {
      ...ONPREM,
      MESSAGE_QUEUE_TYPE: 'sqs',
      MESSAGE_QUEUE_SQS_ASYNC_URL: value,
      AWS_REGION: 'eu-central-1',
    };
    const result = await preflight([messageQueues], variables);
    expect(result.findings.filter(({ id, status }) => id.includes('/async/') && status === 'pass')).toEqual([]);
  });
});
