import { expect, test } from 'vitest';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { ONPREM } from '../../support/onprem.ts';
import { preflight } from '../../support/preflight.ts';
import { check, postgres, remains, spacelift } from '../database/support.ts';

const REFUSE_DELETES = `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%\\_queue\\_%') THEN
      RAISE 'no queues today' USING ERRCODE = 'raise_exception'; END IF; END $$;
  CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()`;

test('a queue works, leaves nothing, and needs no other check', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  expect((await check(url)).finding('message-queues/postgres').status).toBe('pass');
  const alone = await preflight([messageQueues], { ...ONPREM, DATABASE_URL: url });
  expect(alone.ids('pass')).toEqual(['message-queues/postgres']);
  expect(await remains(server)).toEqual([]);
});

test('a queue that can’t be made', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  await server.query(REFUSE_DELETES, [], 'spacelift');
  const result = await check(url);
  expect(result.troubles).toEqual(['fail message-queues/postgres']);
  expect(result.finding('message-queues/postgres').title).toBe(
    'role "spacelift" could not create a queue (SQLSTATE P0001)',
  );
  expect(await remains(server)).toEqual([]);
});

test('--read-only writes nothing', async () => {
  const server = await postgres();
  const alone = await preflight(
    [messageQueues],
    { ...ONPREM, DATABASE_URL: await spacelift(server) },
    { readOnly: true },
  );
  expect(alone.ids('skip')).toEqual(['message-queues/postgres']);
});

test('a database that can’t be reached is the database’s failure; without its check, the queue’s', async () => {
  const url = 'postgres://u:p@127.0.0.1:1/d';
  const both = await check(url);
  expect(both.ids('fail')).toEqual(['database/connect']);
  expect(both.finding('message-queues/postgres').dependsOn).toBe('database/connect');
  const alone = await preflight([messageQueues], { ...ONPREM, DATABASE_URL: url });
  expect(alone.ids('fail')).toEqual(['message-queues/postgres']);
});

test('a worker has no queue, and a wrong type is the configuration’s failure', async () => {
  expect((await preflight([messageQueues], ONPREM, { service: 'worker' })).findings).toEqual([]);
  expect((await preflight([messageQueues], { ...ONPREM, MESSAGE_QUEUE_TYPE: 'kafka' })).ids('fail')).toEqual([]);
});
