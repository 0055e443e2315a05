/** Why the API server did not create a Pod, in its own words, and what they mean for the run. */
import { named } from '../config/sources/quote.ts';
import { advice, type Fix } from '../outcome/fix.ts';

/** A run without a report. */
export interface Lost {
  /** One line. */
  readonly title: string;
  /** The cluster's own words. */
  readonly detail: string;
  readonly fix: Fix;
}

/** What RBAC refused. */
export interface Forbidden {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
}

/** RBAC's refusal; other refusals are about the object, not about the user. */
export function forbiddenIn(words: string): Forbidden | undefined {
  const [, user, verb, resource] = /User "([^"]*)" cannot (\w+) resource "([^"]+)"/.exec(words) ?? [];
  return user === undefined || verb === undefined || resource === undefined ? undefined : { user, verb, resource };
}

/** Whether it can be admitted later: a quota that is full for the moment. */
export const isQuotaFull = (words: string): boolean => /exceeded quota: /.test(words);

/** Whether a quota may admit the Pod with another priority class. */
export const isAboutQuota = (words: string): boolean =>
  /exceeded quota: |insufficient quota to match these scopes/.test(words);

/** A kind of refusal, by the words of Kubernetes 1.25 to 1.34. */
interface Kind {
  readonly says: RegExp;
  /** @param found the first group of `says` */
  title(found: string | undefined): string;
  fix(): Fix;
}

const DENIED = advice`change the Pod or the policy as the message says; --image, --resources and --image-pull-secret change the Pod`;

const KINDS: readonly Kind[] = [
  {
    says: /serviceaccount "([^"]+)" not found/,
    title: (name) => `service account ${named(name, 'object')} does not exist`,
    fix: () =>
      advice`create the service account first; if only the Helm release creates it, pass the output of helm template with -f and add --create-service-accounts`,
  },
  {
    says: /violates PodSecurity "([^"]+)"/,
    title: (level) => `PodSecurity "${level}" does not admit the Pod`,
    fix: () =>
      advice`check which webhook or policy changes Pods in this namespace: the Pod meets PodSecurity restricted when it is created`,
  },
  {
    says: /must specify ([\w.,-]+)/,
    title: (resources) => `a quota requires ${resources} for every container`,
    fix: () => advice`set requests and limits for the sidecars of the Deployment; for the run itself, use --resources`,
  },
  {
    says: /exceeded quota: ([\w.-]+)/,
    title: (name) => `quota ${name} is exceeded`,
    fix: () => advice`free or raise the quota, request less with --resources, or wait longer with --start-timeout`,
  },
  {
    says: /insufficient quota to match these scopes/,
    title: () => 'no quota admits the priority class of the Pod',
    fix: () => advice`add a ResourceQuota with a scope that matches the Pod, as it must for the Deployment`,
  },
  {
    says: /(?:maximum|minimum) (?:memory|cpu|ephemeral-storage) usage per (?:Container|Pod)|limit to request ratio/,
    title: () => 'a LimitRange does not admit the resources of the Pod',
    fix: () => advice`set resources within the LimitRange with --resources, such as cpu=250m,memory=256Mi`,
  },
  {
    says: /failed calling webhook "([^"]+)"/,
    title: (name) => `admission webhook ${named(name, 'object')} did not respond`,
    fix: () => advice`repair the webhook: while it does not respond, the Deployment can’t create Pods either`,
  },
  {
    says: /admission webhook "([^"]+)" denied the request/,
    title: (name) => `admission webhook ${named(name, 'object')} denied the Pod`,
    fix: () => DENIED,
  },
  {
    says: /ValidatingAdmissionPolicy '([^']+)'/,
    title: (name) => `admission policy ${named(name, 'object')} denied the Pod`,
    fix: () => DENIED,
  },
  {
    says: /^The (?:P|p)ods? "[^"]+" is invalid/,
    title: () => 'the API server rejects the Pod as invalid',
    fix: () => advice`correct the field of the Deployment that the message names`,
  },
];

export function refusalOf(words: string): Lost {
  for (const { says, title, fix } of KINDS) {
    const found = says.exec(words);
    if (found !== null) return { title: title(found[1]), detail: words, fix: fix() };
  }
  return { title: 'the API server did not create the Pod', detail: words, fix: advice`correct what the message says` };
}
