/** The words with which API servers refuse a Pod, and what they mean. */
import { describe, expect, it, test } from 'vitest';
import { wordsIn } from '../../src/cluster/kubectl.ts';
import { forbiddenIn, isAboutQuota, isQuotaFull, refusalOf } from '../../src/cluster/refusal.ts';

const NAME = 'spacelift-preflight-ab12cd34-drain';
const forbidden = (why: string) =>
  wordsIn(`Error from server (Forbidden): error when creating "STDIN": pods "${NAME}" is forbidden: ${why}\n`);

describe('a refusal', () => {
  test.each([
    [
      forbidden(
        'error looking up service account spacelift/spacelift-backend: serviceaccount "spacelift-backend" not found',
      ),
      'service account spacelift-backend does not exist',
      '--create-service-accounts',
    ],
    [
      forbidden(
        'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "istio-proxy")',
      ),
      'PodSecurity "restricted:latest" does not admit the Pod',
      'webhook or policy',
    ],
    [
      forbidden('failed quota: compute: must specify limits.memory for: proxy'),
      'a quota requires limits.memory for every container',
      '--resources',
    ],
    [
      forbidden('exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2'),
      'quota compute is exceeded',
      '--start-timeout',
    ],
    [
      forbidden('insufficient quota to match these scopes: [{PriorityClass In [high]}]'),
      'no quota admits the priority class of the Pod',
      'ResourceQuota',
    ],
    [
      forbidden('maximum memory usage per Container is 64Mi, but limit is 512Mi'),
      'a LimitRange does not admit the resources of the Pod',
      '--resources',
    ],
    [
      wordsIn(
        'Error from server: error when creating "STDIN": admission webhook "validation.gatekeeper.sh" denied the request: [tags] no digest',
      ),
      'admission webhook validation.gatekeeper.sh denied the Pod',
      '--image',
    ],
    [
      wordsIn(
        'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "mesh.example": timeout',
      ),
      'admission webhook mesh.example did not respond',
      'repair the webhook',
    ],
    [
      wordsIn(
        `The pods "${NAME}" is invalid: : ValidatingAdmissionPolicy 'digests' with binding 'all' denied request: no digest`,
      ),
      'admission policy digests denied the Pod',
      '--image',
    ],
    [
      wordsIn(`The Pod "${NAME}" is invalid: spec.containers[0].env[0].name: Invalid value`),
      'the API server rejects the Pod as invalid',
      'field of the Deployment',
    ],
    ['something new', 'the API server did not create the Pod', 'correct what the message says'],
  ])('%s', (words, title, fix) => {
    const lost = refusalOf(words);
    expect(lost).toMatchObject({ title, detail: words });
    expect(lost.fix.text).toContain(fix);
  });

  it('by a quota that is full can be tried again', () => {
    expect(isQuotaFull(forbidden('exceeded quota: x, requested: pods=1, used: pods=2, limited: pods=2'))).toBe(true);
    expect(isQuotaFull(forbidden('failed quota: x: must specify limits.cpu for: drain'))).toBe(false);
    expect(isAboutQuota(forbidden('insufficient quota to match these scopes: [{PriorityClass In [high]}]'))).toBe(true);
  });

  it('by RBAC names the user and the verb; others are not about the user', () => {
    const words = wordsIn(
      'Error from server (Forbidden): error when creating "STDIN": pods is forbidden: User "op" cannot create resource "pods" in API group "" in the namespace "spacelift"',
    );
    expect(forbiddenIn(words)).toEqual({ user: 'op', verb: 'create', resource: 'pods' });
    expect(forbiddenIn(forbidden('violates PodSecurity "restricted:latest": x'))).toBeUndefined();
  });
});

describe('the words of kubectl', () => {
  test.each([
    ['error: context "x" does not exist\n', 'context "x" does not exist'],
    [
      'E0131 10:00:00.000000   12 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"\nThe connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n',
      'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
    ],
    [
      'Warning: would violate PodSecurity\nError from server (NotFound): namespaces "x" not found',
      'namespaces "x" not found',
    ],
    ['E0131 only this\n', 'E0131 only this'],
    ['', ''],
  ])('%j', (stderr, words) => {
    expect(wordsIn(stderr)).toBe(words);
  });
});
