import { describe, expect, test } from 'vitest';
import { compareSql, readSql, wantedSql } from '../../../checks/mqtt-broker/iotcore/topic-sql.ts';

const compare = (sql: string) => compareSql(sql, 'spacelift');

describe('the same by meaning', () => {
  test.each([
    wantedSql('spacelift'),
    "select * , timestamp( ) AS timestamp,topic( 3 ) As worker_pool_ulid,\n\ttopic(4) as worker_ulid from 'spacelift/writeonly/#'",
    "SELECT topic(4) as worker_ulid, topic(3) as worker_pool_ulid, TIMESTAMP() as timestamp, * FROM 'spacelift/writeonly/#'",
    'SELECT *, Timestamp() as `timestamp`, TOPIC(3) as worker_pool_ulid, topic(4) as worker_ulid FROM "spacelift/writeonly/#"  ',
  ])('%s', (sql) => {
    expect(compare(sql)).toEqual({ faults: [], besides: [] });
  });
});

describe('what deviates is named', () => {
  const selected = 'Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid';
  const from = "FROM 'spacelift/writeonly/#'";
  test.each([
    [`SELECT ${selected} ${from}`, 'does not select *'],
    [
      `SELECT *, topic(3) as worker_pool_ulid, topic(4) as worker_ulid ${from}`,
      'does not select timestamp() as timestamp',
    ],
    [
      `SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid ${from}`,
      'does not select topic(4) as worker_ulid',
    ],
    [
      `SELECT *, Timestamp() as timestamp, topic(2) as worker_pool_ulid, topic(4) as worker_ulid ${from}`,
      'selects topic(2) as worker_pool_ulid, not topic(3)',
    ],
    [
      `SELECT *, Timestamp() as Timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid ${from}`,
      'does not select timestamp() as timestamp',
    ],
    [
      `SELECT *, ${selected} FROM 'spacelift/readonly/#'`,
      "selects from 'spacelift/readonly/#', not 'spacelift/writeonly/#'",
    ],
    [
      `SELECT *, ${selected} FROM 'Spacelift/writeonly/#'`,
      "selects from 'Spacelift/writeonly/#', not 'spacelift/writeonly/#'",
    ],
    [`SELECT *, ${selected} ${from} WHERE kind = 'log'`, "selects only some messages: WHERE kind='log'"],
    ['SET @a = 1 SELECT *', 'has SQL that does not have the form SELECT … FROM …'],
    ["SELECT 'unclosed", 'has SQL that does not have the form SELECT … FROM …'],
    ['', 'has SQL that does not have the form SELECT … FROM …'],
  ])('%s', (sql, fault) => {
    expect(compare(sql).faults).toEqual([fault]);
  });

  test('several at once, and what is selected besides', () => {
    expect(compare("SELECT concat(a, ',', b) as c, get({'x': [1, 2]}, 'x') as d, e, clientid() FROM 'a/#'")).toEqual({
      faults: [
        'does not select *',
        'does not select timestamp() as timestamp',
        'does not select topic(3) as worker_pool_ulid',
        'does not select topic(4) as worker_ulid',
        "selects from 'a/#', not 'spacelift/writeonly/#'",
      ],
      besides: ["concat(a,',',b) as c", "get({'x':[1,2]},'x') as d", 'clientid()'],
    });
  });
});

test('strings keep their case and their white space', () => {
  expect(readSql("SELECT 'A  b''c' as D FROM 'X y'")).toEqual({
    select: [{ expression: "'A  b'c'", as: 'D' }],
    from: 'X y',
    rest: undefined,
  });
});
