import { expect, test } from 'vitest';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { removeAllLeftovers } from '../../../src/app/leftovers.ts';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { DEFAULTS, type Service } from '../../../src/config/options.ts';
import { type AwsUser, administrator } from '../../services/aws/index.ts';
import { source } from '../../support/preflight.ts';
import { useDatabases } from './databases.ts';
import { nameOf, roleOf, startWorld, type World } from './sqs-world.ts';

const ID = '0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21';
const LEFT = `spacelift-preflight ${ID} MESSAGE_QUEUE_SQS_ASYNC_URL`;
const DELIVERED = JSON.stringify({ preflight: ID, timestamp: 1, worker_pool_ulid: 'preflight', worker_ulid: ID });

const databases = useDatabases();

async function sweep(
  { aws, variables }: World,
  { as = administrator, service }: { as?: AwsUser; service?: Service } = {},
) {
  aws.users = [administrator, as];
  const environment = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: as.accessKeyId,
    AWS_SECRET_ACCESS_KEY: as.secretAccessKey,
  };
  const deployment = makeDeployment([source(variables)], { service, environment });
  const [swept] = await removeAllLeftovers([messageQueues], deployment, DEFAULTS, new AbortController().signal);
  return swept?.places ?? [];
}

test('removes messages from earlier runs, and puts back those of others', async () => {
  const world = await startWorld(databases.empty);
  world.queue('async').send({ sender: 'AKIAKILLED', body: LEFT });
  world.queue('async').send({ sender: 'AKIAKILLED', body: 'somebody’s' });
  world.queue('async').send({ sender: 'AKIAKILLED', body: LEFT.replace('0b7d', '1b7d') });
  world.queue('iot').send({ sender: 'AKIAKILLED', body: Buffer.from(DELIVERED).toString('base64') });
  world.queue('webhooks').send({ sender: 'AKIAKILLED', body: 'about spacelift-preflight' });
  const places = await sweep(world);
  const removed = places.filter((place) => place.removed.length > 0);
  expect(removed.map(({ place, removed: what }) => [place, ...what])).toEqual([
    [nameOf('async'), '2 messages from earlier runs'],
    [nameOf('iot'), '1 message from earlier runs'],
  ]);
  expect(places.flatMap(({ issue: trouble }) => trouble ?? [])).toEqual([]);
  const bodies = (queue: 'async' | 'iot' | 'webhooks') => world.queue(queue).messages.map(({ body }) => body);
  expect([bodies('async'), bodies('iot'), bodies('webhooks')]).toEqual([
    ['somebody’s'],
    [],
    ['about spacelift-preflight'],
  ]);
  // Receiving counts towards the dead letters, so an empty queue is not received from.
  const received = world.aws.requests.filter(({ action }) => action === 'ReceiveMessage').map(({ target }) => target);
  expect(new Set(received.map((url) => url?.split('/').at(-1)))).toEqual(
    new Set([nameOf('async'), nameOf('iot'), nameOf('webhooks')]),
  );
});

test('what somebody else has received is waited for as long as a run would hide it, and told', async () => {
  const world = await startWorld(databases.empty);
  const message = world.queue('async').send({ sender: 'AKIASOMEBODY', body: 'somebody’s' });
  message.visibleAt = Date.now() + 60_000;
  const before = world.aws.snapshot();
  const places = await sweep(world);
  expect(places.flatMap(({ issue: trouble }) => trouble ?? [])).toMatchObject([
    { status: 'skip', title: `1 message is hidden in ${nameOf('async')} and could not be checked` },
  ]);
  expect(world.aws.snapshot()).toEqual(before);
});

test('nothing is received on a live installation', async () => {
  const world = await startWorld(databases.installed);
  world.queue('async').send({ sender: 'AKIAKILLED', body: LEFT });
  expect(await sweep(world)).toMatchObject([{ place: 'SQS', removed: [], issue: { status: 'skip' } }]);
  expect(world.asked()).toEqual([]);
});

test('a service that may not receive is told so', async () => {
  const world = await startWorld(databases.empty);
  const places = await sweep(world, { as: roleOf('server'), service: 'server' });
  expect(places.map(({ issue: trouble }) => trouble?.status)).toEqual(Array(5).fill('skip'));
});
