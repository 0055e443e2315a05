/** Requests to Azure Blob Storage with a token, without Microsoft's client. */
import type { Run } from '../../../src/engine/check.ts';
import type { Agents } from '../../../src/net/agents.ts';
import { answerOf, type HttpAnswer } from '../../../src/net/http.ts';
import { boundPages } from '../../../src/net/limits.ts';
import { HttpErrorResponse, makeSender } from '../../../src/net/sender.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import type { StoreRequest } from '../request.ts';
import { type At, StoreError } from '../store.ts';
import { type Element, readXml } from '../xml.ts';
import type { StorageAccount } from './account.ts';
import { azureRefusal, isAzureRefusal } from './errors.ts';
import { SERVICE_VERSION } from './sas.ts';

/** The most entries of one page: a document of 500 is about as long as one of S3 with a thousand. */
const PAGE = '500';
/** The root of a list of containers or blobs. */
export const LISTING = 'EnumerationResults';

export interface Blob {
  readonly name: string;
  readonly versionId: string | undefined;
  readonly isCurrent: boolean;
}

export interface BlobRequests {
  /** @returns a success, with at most 256 KiB of its body. @throws StoreError, NetworkError */
  send(request: StoreRequest): Promise<HttpAnswer>;
  /** The document in a response. @throws like `send`; StoreError of kind `not-a-store` if it has another root, or is not XML */
  document(root: string, request: StoreRequest): Promise<Element>;
  /** @param query beyond the prefix. @param pages by default, as many as any run reads. @throws like `document` */
  list(at: At, query: Readonly<Record<string, string>>, signal: AbortSignal, pages?: 1): Promise<Blob[]>;
  urlOf(bucket: string, key: string): URL;
}

/** @param agents for connections to the store */
export function makeBlobRequests(
  run: Run,
  agents: Agents,
  account: StorageAccount,
  getToken: () => Promise<string>,
): BlobRequests {
  const sender = makeSender(run, isAzureRefusal, agents);
  const urlOf = (bucket: string, key?: string) => {
    const parts = [bucket, ...(key === undefined ? [] : key.split('/'))];
    return new URL(`${account.url}/${parts.map(encodeURIComponent).join('/')}`);
  };

  const opened = async ({ action, bucket, method, key, query = {}, headers, body, signal }: StoreRequest) => {
    const url = urlOf(bucket, key);
    url.search = new URLSearchParams(query).toString();
    const own = {
      authorization: `Bearer ${await getToken()}`,
      'x-ms-version': SERVICE_VERSION,
      'x-ms-date': new Date().toUTCString(),
    };
    const to = { secure: url.protocol === 'https:', ...addressOf(url) };
    const request = { method, path: `${url.pathname}${url.search}`, headers: { ...own, ...headers }, signal };
    try {
      return await sender.send(to, request, body);
    } catch (error) {
      if (!(error instanceof HttpErrorResponse)) throw error;
      throw azureRefusal(error.answer, { action, bucket }, account) ?? error;
    }
  };
  const document: BlobRequests['document'] = async (root, request) => {
    const answer = await opened(request);
    const found = await readXml(answer);
    if (found?.name === root) return found;
    const { action, bucket } = request;
    throw new StoreError('not-a-store', { action, bucket, status: answer.statusCode });
  };

  return {
    send: async (request) => answerOf(await opened(request)),
    document,
    list: async (at, query, signal, pages) => {
      const found: Blob[] = [];
      const another = boundPages();
      let marker = '';
      do {
        const asked = { restype: 'container', comp: 'list', maxresults: PAGE, ...query, ...(marker && { marker }) };
        const page = await document(LISTING, { ...at, method: 'GET', query: asked, signal });
        const blobs = page.all('Blobs').flatMap((all) => all.all('Blob'));
        another(blobs.length);
        found.push(...blobs.map(blobOf));
        marker = page.text('NextMarker') ?? '';
      } while (marker !== '' && pages === undefined);
      return found;
    },
    urlOf,
  };
}

const blobOf = (blob: Element): Blob => ({
  name: blob.text('Name') ?? '',
  versionId: blob.text('VersionId'),
  isCurrent: blob.text('IsCurrentVersion') === 'true',
});
