/** Recognizes what a proxy in front of a store does to its requests: it refuses some itself, or drops their signature. */

import { cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import type { BucketOperations } from './bucket.ts';
import { PROBE_KEY } from './content.ts';
import type { Store, StoreAction, StoreError } from './store.ts';

/** The HTTP method behind each action; the settings are read with GET. */
const METHODS: Partial<Readonly<Record<StoreAction, string>>> = { put: 'PUT', delete: 'DELETE' };

/** What each store has shown; asked once, and only after a request has failed. */
const answers = new WeakMap<Store, Promise<boolean>>();
const authorizations = new WeakMap<Store, Promise<boolean>>();

/** A Map or a WeakMap. */
interface Asked<Of, T> {
  get(of: Of): T | undefined;
  set(of: Of, asked: T): unknown;
}

function once<Of extends string | Store, T>(known: Asked<Of, T>, of: Of, ask: () => T): T {
  const asked = known.get(of) ?? ask();
  known.set(of, asked);
  return asked;
}

/** The failure if a proxy caused an error, and not the store. */
export async function proxyIssue(operations: BucketOperations, error: StoreError): Promise<Issue | undefined> {
  const { store } = operations;
  const { kind, status = 0, code } = error;
  if (kind === 'not-a-store' && status >= 400 && code === undefined) {
    if (!(await once(answers, store, () => storeAnswers(operations)))) return undefined;
    return refused(store, error, await rejectedParameter(operations, error));
  }
  const { seesAuthorization } = store;
  // Without a code that a store has, its denials tell nothing of who is denied.
  if (kind !== 'denied' || code === undefined || seesAuthorization === undefined) return undefined;
  const arrives = await once(authorizations, store, () => seesAuthorization().catch(() => true));
  return arrives ? undefined : unsigned(store);
}

/** Whether requests reach the store at all: a store answers an unsigned GET in its own way. */
async function storeAnswers({ store, bucket, send, hasWritten }: BucketOperations): Promise<boolean> {
  if (hasWritten) return true;
  try {
    return store.isOwn(await send({ method: 'GET', url: store.urlOf(bucket, PROBE_KEY) }));
  } catch {
    // The error that led here is reported instead.
    return false;
  }
}

/** Whether each store's proxy passes other requests with a method. */
const parameters = new WeakMap<Store, Map<string, Promise<boolean>>>();

/** The query parameter that a proxy rejects, if it passes other requests with this method. */
async function rejectedParameter(operations: BucketOperations, { sent }: StoreError): Promise<string | undefined> {
  const { store } = operations;
  if (sent?.parameter === undefined) return undefined;
  const methods = once(parameters, store, () => new Map());
  return (await once(methods, sent.method, () => passesOthers(operations, sent.method))) ? sent.parameter : undefined;
}

/** Whether a request without credentials and without effect reaches the store: one for an upload that never existed. */
async function passesOthers({ store, bucket, send }: BucketOperations, method: string): Promise<boolean> {
  const url = store.urlOf(bucket, PROBE_KEY);
  if (method !== 'GET') url.searchParams.set('uploadId', 'none');
  return send({ method, url }).then(
    (answer) => store.isOwn(answer),
    () => false,
  );
}

function refused({ name }: Store, { action, sent, status = 0 }: StoreError, parameter: string | undefined): Issue {
  const method = sent?.method ?? METHODS[action] ?? 'GET';
  const detail = `${name} answers other requests at this address, but this response does not come from it.`;
  if (parameter !== undefined) {
    return fail(`a proxy in front of ${name} rejects ${method} requests with ?${parameter} (HTTP ${status})`, {
      detail,
      expected: `a proxy that passes requests on to ${name}, whatever their query`,
      fix: advice`allow ${method} with the query parameter ${parameter} in the configuration of the proxy or firewall`,
      evidence: { method, parameter, status },
      cause: cause.store('proxy-method', method, parameter),
    });
  }
  return fail(`a proxy in front of ${name} rejects ${method} requests (HTTP ${status})`, {
    detail,
    expected: `a proxy that passes GET, HEAD, PUT, POST, DELETE, and OPTIONS on to ${name}`,
    fix: advice`allow ${method} in the configuration of the proxy or firewall (nginx: limit_except)`,
    evidence: { method, status },
    cause: cause.store('proxy-method', method),
  });
}

function unsigned({ name }: Store): Issue {
  return fail(`a proxy in front of ${name} drops the Authorization header`, {
    detail: `${name} treats signed requests as anonymous: it does not even notice an unknown access key.`,
    expected: `requests that reach ${name} with their Authorization header`,
    fix: advice`configure the proxy to pass the header on (nginx: remove proxy_set_header Authorization, or set it to $http_authorization)`,
    evidence: { header: 'Authorization' },
    cause: cause.store('proxy-authorization'),
  });
}
