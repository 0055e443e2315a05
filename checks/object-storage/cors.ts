/** Whether browsers may upload from Spacelift's pages: what a browser asks first, and who answers it. */

import type { HttpAnswer } from '../../src/net/http.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass } from '../../src/outcome/outcome.ts';
import { PROBE_KEY } from './content.ts';
import type { BucketProbe } from './probe.ts';
import { S3_HEADERS } from './store.ts';

const METHODS = ['PUT', 'POST'] as const;
const ALLOW_ORIGIN = 'access-control-allow-origin';

export async function checkCors(probe: BucketProbe): Promise<Outcome> {
  const { run, store, bucket } = probe;
  const origin = `https://${run.require('SERVER_DOMAIN')}`;
  const { upload } = store.headers ?? S3_HEADERS;
  const asking = METHODS.map((method) =>
    probe.send({
      method: 'OPTIONS',
      url: store.urlOf(bucket, PROBE_KEY),
      headers: {
        origin,
        'access-control-request-method': method,
        ...(upload !== undefined && { 'access-control-request-headers': upload }),
      },
    }),
  );
  const [placed, asked] = await Promise.allSettled([probe.reached(), Promise.all(asking)]);
  if (placed.status === 'rejected') throw placed.reason;
  if (asked.status === 'rejected') return probe.issue(asked.reason);
  const answers = asked.value;
  if (answers.some(isDoubled)) return doubled(probe);
  const refused = METHODS.filter((method, index) => !allows(answers[index], origin, method));
  if (refused.length === 0)
    return pass(`CORS allows uploads from ${origin} to ${bucket}`, { evidence: { bucket, origin } });
  const evidence = { bucket, origin, refused, status: answers.map(({ status }) => String(status)) };
  if (!answers.some((answer) => isByStore(probe, answer))) return answeredByProxy(probe, { origin, evidence });
  return fail(`CORS does not allow ${refused.join(' or ')} from ${origin} to ${bucket}`, {
    detail: 'The store’s response to a browser’s preflight request does not allow it.',
    expected: `CORS settings that allow PUT and POST from ${origin}`,
    fix: store.messages.allowOrigin(bucket, origin),
    evidence,
  });
}

/** The Fetch standard, "CORS-preflight fetch"; POST need not be listed. */
function allows(answer: HttpAnswer | undefined, origin: string, method: string): boolean {
  if (answer === undefined || answer.status < 200 || answer.status > 299) return false;
  const { headers } = answer;
  const origins = headers[ALLOW_ORIGIN];
  const methods = String(headers['access-control-allow-methods'] ?? '').split(/\s*,\s*/);
  return (
    (origins === '*' || origins === origin) && (method === 'POST' || methods.includes(method) || methods.includes('*'))
  );
}

/** Node joins headers of one name; no origin contains a comma (the Fetch standard, "CORS check"). */
export const isDoubled = ({ headers }: HttpAnswer): boolean => String(headers[ALLOW_ORIGIN] ?? '').includes(',');

export const doubled = ({ store, bucket }: BucketProbe): Issue =>
  fail(`responses from ${bucket} contain Access-Control-Allow-Origin more than once`, {
    detail: `Browsers accept exactly one. ${store.name} adds the header itself, and so does a proxy in front of it.`,
    expected: 'one Access-Control-Allow-Origin header, from the store',
    fix: advice`remove the header from the proxy’s configuration (nginx: add_header Access-Control-Allow-Origin)`,
    evidence: { bucket, header: 'Access-Control-Allow-Origin' },
    cause: cause.store('cors-doubled'),
  });

/** A store that evaluates the origin says so in `Vary`, even if it does not allow it (the Fetch standard, "CORS protocol and HTTP caches"). */
const isByStore = ({ store }: BucketProbe, answer: HttpAnswer): boolean =>
  store.isOwn(answer) || /\borigin\b/i.test(String(answer.headers.vary ?? ''));

function answeredByProxy(
  { store, bucket }: BucketProbe,
  { origin, evidence }: { origin: string; evidence: Readonly<Record<string, string | readonly string[]>> },
): Issue {
  const { status } = evidence;
  return fail(
    `a proxy in front of ${store.name} answers preflight requests for ${bucket} itself (HTTP ${[status].flat()[0]})`,
    {
      detail: `The response to OPTIONS is not from ${store.name}, and does not allow ${origin}.`,
      expected: `OPTIONS requests that reach ${store.name}`,
      fix: advice`configure the proxy to pass OPTIONS requests on to ${store.name} (nginx: remove the rule for $request_method = OPTIONS, and allow OPTIONS in limit_except)`,
      evidence,
    },
  );
}
