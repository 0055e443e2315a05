/** A store that has another page after each: the listing ends, and says so. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { boundPages, MOST_PAGES } from '../../../src/net/limits.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { command } from '../../cli/host.ts';
import { dotenv } from '../../cli/spawned.ts';

const BUCKETS = 10;

let server: Server;
let folder: string;
let config: string;
let entries = 0;
let asked = 0;
beforeAll(async () => {
  server = createServer((message, response) => {
    asked++;
    const { searchParams } = new URL(message.url ?? '/', 'http://store');
    response.setHeader('content-type', 'application/xml').end(searchParams.has('versions') ? versions() : objects());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'preflight-endless-'));
  config = join(folder, 'spacelift.env');
  await writeFile(config, dotenv({ database: 1, store: (server.address() as AddressInfo).port, broker: 1 }));
});
beforeEach(() => {
  asked = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const keys = () => Array.from({ length: entries }, (_, index) => `<Key>spacelift-preflight/${asked}-${index}</Key>`);
const objects = () =>
  `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${asked}</NextContinuationToken>${keys()
    .map((key) => `<Contents>${key}<ETag>x</ETag><Size>1</Size></Contents>`)
    .join('')}</ListBucketResult>`;
const versions = () =>
  `<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>${asked}</NextKeyMarker><NextVersionIdMarker>${asked}</NextVersionIdMarker>${keys()
    .map((key) => `<Version>${key}<VersionId>v</VersionId><IsLatest>true</IsLatest><Size>1</Size></Version>`)
    .join('')}</ListVersionsResult>`;

it.each([
  ['empty', 0],
  ['of one', 1],
  ['full', 1000],
])(
  'pages that are %s',
  async (_, count) => {
    entries = count;
    const { code, stdout } = await command(['cleanup', '-o', 'json', '-f', config]);
    const places: { problem: { title: string } | null }[] = JSON.parse(stdout).places;
    expect(code).toBe(1);
    expect(places).toHaveLength(BUCKETS);
    for (const { problem } of places) expect(problem?.title).toMatch(/^127\.0\.0\.1:\d+ sends an endless response$/);
    expect(asked).toBeLessThanOrEqual(BUCKETS * 2 * (MOST_PAGES + 1));
  },
  60_000,
);

it('a listing has at most 100 pages, and 3000 entries', () => {
  const pages = (count: number, each: number) => () => {
    const another = boundPages();
    for (let page = 0; page < count; page++) another(each);
  };
  expect(pages(100, 30)).not.toThrow();
  expect(pages(101, 0)).toThrow(NetworkError);
  expect(pages(4, 1000)).toThrow(expect.objectContaining({ kind: 'flood' }));
});
