/** Moments of a run at which it can be ended: when a server has just seen a request. */
import { startProxy } from '../services/tcp.ts';
import { AKS, type Choice, EKS, type Estate, GKE, ONPREM } from '../support/estate.ts';
import type { Variables } from '../support/preflight.ts';

export interface Moment {
  readonly at: keyof typeof PLACES;
  readonly when: string;
  /** Calls `seen` at every such request. What is returned mends the server again. */
  readonly watch: (estate: Estate, seen: () => void, variables: Variables) => Watched | Promise<Watched>;
}

interface Watched {
  readonly variables?: Variables;
  readonly undo: () => unknown;
}

export const PLACES = { ONPREM, EKS, GKE, AKS } as const satisfies Record<string, Choice>;

interface Action {
  readonly action: string;
  readonly service?: string;
}
/** A server whose fault functions see every request. */
interface Server {
  faults: { statusFor?: (request: never) => undefined };
}

const watching =
  (serverOf: (estate: Estate) => unknown, action: string, service?: string): Moment['watch'] =>
  (estate, seen) => {
    const server = serverOf(estate) as Server;
    const { faults } = server;
    const statusFor = (request: Action): undefined => {
      if (request.action === action && (service === undefined || request.service === service)) seen();
    };
    server.faults = { ...faults, statusFor };
    return {
      undo: () => {
        server.faults = faults;
      },
    };
  };

/** The database's, which says nothing of what it is asked: a proxy in front of it reads along. */
const statement =
  (text: string): Moment['watch'] =>
  async ({ database }, seen, { DATABASE_URL = '' }) => {
    const proxy = await startProxy({
      target: { host: database.host, port: database.port },
      corrupt: (chunk, direction) => {
        if (direction === 'up' && chunk.includes(text)) seen();
        return chunk;
      },
    });
    const url = new URL(DATABASE_URL);
    url.port = String(proxy.port);
    return { variables: { DATABASE_URL: url.href }, undo: () => proxy.close() };
  };

const minio = (action: string) => watching(({ store }) => store, action);
const s3 = (action: string) => watching(({ eks }) => eks.s3, action);
const aws = (service: string, action: string) => watching(({ eks }) => eks.aws, action, service);
const gcs = (action: string) => watching(({ gcp }) => gcp.gcs, action);
const azure = (action: string) => watching((estate) => estate.azure.azure, action);

/** Requests that write, and some of those between. */
export const MOMENTS: readonly Moment[] = [
  { at: 'ONPREM', when: 'CREATE TABLE', watch: statement('CREATE TABLE') },
  { at: 'ONPREM', when: 'SKIP LOCKED', watch: statement('SKIP LOCKED') },
  { at: 'ONPREM', when: 'PutObject', watch: minio('PutObject') },
  { at: 'ONPREM', when: 'GetObject', watch: minio('GetObject') },
  { at: 'ONPREM', when: 'DeleteObject', watch: minio('DeleteObject') },
  { at: 'EKS', when: 'PutObject', watch: s3('PutObject') },
  { at: 'EKS', when: 'DeleteObject', watch: s3('DeleteObject') },
  { at: 'EKS', when: 'SendMessage', watch: aws('sqs', 'SendMessage') },
  { at: 'EKS', when: 'ReceiveMessage', watch: aws('sqs', 'ReceiveMessage') },
  { at: 'EKS', when: 'DeleteMessage', watch: aws('sqs', 'DeleteMessage') },
  { at: 'EKS', when: 'Publish', watch: aws('iotdata', 'Publish') },
  { at: 'GKE', when: 'storage.objects.insert', watch: gcs('storage.objects.insert') },
  { at: 'GKE', when: 'xml.PUT', watch: gcs('xml.PUT') },
  { at: 'GKE', when: 'storage.objects.delete', watch: gcs('storage.objects.delete') },
  { at: 'AKS', when: 'Put Blob', watch: azure('Put Blob') },
  { at: 'AKS', when: 'Delete Blob', watch: azure('Delete Blob') },
];
