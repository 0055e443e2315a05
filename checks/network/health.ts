/** Spacelift's server, asked like its load balancer does: GET /health returns 200. */
import type { Run } from '../../src/engine/check.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import type { HttpAnswer } from '../../src/net/http.ts';
import { redirectTarget } from '../../src/net/redirect.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import { getOf } from './get.ts';

export const healthUrl = (of: URL): URL => new URL('/health', of.origin);

const asked = oncePerRun(async () => new Map<string, Promise<HttpAnswer>>());

/** Asks each origin once per run. @throws NetworkError */
export async function askHealth(run: Run, of: URL): Promise<HttpAnswer> {
  const answers = await asked(run);
  const answer = answers.get(of.origin) ?? getOf(run, healthUrl(of));
  answers.set(of.origin, answer);
  return answer;
}

interface Found {
  readonly url: URL;
  /** The variable that names the host. */
  readonly setting: string;
  readonly answer: HttpAnswer;
}
interface Words {
  /** By default, the URL and the status. */
  readonly title?: string;
  readonly detail?: string;
  readonly fix: Fix;
}

/** The first that applies. */
const UNHEALTHY: readonly ((found: Found) => Words | undefined)[] = [
  ({ answer: { status } }) =>
    [502, 503, 504].includes(status)
      ? {
          detail: 'The response is from a load balancer or proxy without a healthy server behind it.',
          fix: advice`see the server log, and the health check of the load balancer: /health on the server’s port 1983 must return HTTP 200`,
        }
      : undefined,
  ({ url, setting, answer }) => {
    const to = redirectTarget(answer, url);
    if (to === undefined) return undefined;
    return {
      title: `${url.href} redirects to ${to.origin === url.origin ? 'another page' : to.origin}`,
      detail: 'A login page, or a redirect rule of the load balancer, responds instead of the server.',
      fix: advice`exempt ${url.hostname} from the login page or redirect, or set ${setting} to the name at which the server itself responds`,
    };
  },
  ({ url, setting, answer: { status } }) =>
    [404, 410, 421].includes(status)
      ? {
          detail: 'The response is from the default backend of an ingress, or from a server that is not Spacelift’s.',
          fix: advice`route ${url.hostname} at the load balancer or ingress to the server’s port 1983, or correct ${setting}`,
        }
      : undefined,
  ({ url, answer: { status } }) =>
    [401, 403, 407].includes(status)
      ? {
          detail: 'A login page, firewall (WAF) or authenticating proxy in front of the server rejects the request.',
          fix: advice`exempt ${url.hostname} from the login or firewall rule: Spacelift authenticates its users and workers itself`,
        }
      : undefined,
  ({ url, setting, answer }) =>
    answer.status === 200 && isPage(answer)
      ? {
          title: `${url.href} returns a web page, not the health of Spacelift’s server`,
          detail: 'Another web server responds, such as a parking page, a login page or a proxy.',
          fix: advice`point the DNS record of ${url.hostname} at the load balancer in front of the server, or correct ${setting}`,
        }
      : undefined,
  ({ answer: { status } }) =>
    status === 200 ? undefined : { fix: advice`see the log of the server, and of the load balancer in front of it` },
];

/** @returns the failure, or `undefined` for a healthy server @param of the URL whose origin was asked */
export function judgeHealth(of: URL, setting: string, answer: HttpAnswer): Issue | undefined {
  const url = healthUrl(of);
  const { status } = answer;
  const found = UNHEALTHY.map((row) => row({ url, setting, answer })).find((words) => words !== undefined);
  if (found === undefined) return undefined;
  const { title = `${url.href} returned HTTP ${status}`, ...words } = found;
  const { host, port } = addressOf(url);
  return fail(title, {
    ...words,
    expected: 'HTTP 200 from the server’s health check (/health)',
    evidence: { url: url.href, status },
    cause: cause.network(`${host}:${port}`, `health ${status}`),
  });
}

/** The content of the server's own response is not documented, but it is no page for people. */
function isPage({ headers: { 'content-type': type }, body }: HttpAnswer): boolean {
  if (type !== undefined) return /^(text\/html|application\/xhtml)/i.test(type);
  return /^\s*<(!doctype html|html)/i.test(body.toString('latin1', 0, 256));
}
