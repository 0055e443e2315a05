/** Determines which advisories are open, and describes them. */
import type { Exception } from './exceptions.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
}

export interface Advisory {
  /** `GHSA-…`, or another ID of the source. */
  readonly id: string;
  readonly package: string;
  /** The affected versions in the bundle. */
  readonly versions: readonly string[];
  readonly severity: string;
  readonly title: string;
}

/** The source could not be reached, or its response is not valid. */
export class NoAnswer extends Error {}

export interface Judgement {
  readonly open: readonly { readonly advisory: Advisory; readonly expired?: Exception }[];
  readonly excepted: readonly { readonly advisory: Advisory; readonly exception: Exception }[];
  /** Exceptions without an advisory. */
  readonly unused: readonly Exception[];
}

/** @param today as in an exception: `2027-01-31`; an exception holds through its last day */
export function judged(found: readonly Advisory[], exceptions: readonly Exception[], today: string): Judgement {
  const exceptionOf = (advisory: Advisory) =>
    exceptions.find((one) => one.id === advisory.id && one.package === advisory.package);
  const pairs = found.map((advisory) => ({ advisory, exception: exceptionOf(advisory) }));
  return {
    open: pairs.flatMap(({ advisory, exception }) => {
      if (exception === undefined) return [{ advisory }];
      return exception.until < today ? [{ advisory, expired: exception }] : [];
    }),
    excepted: pairs.flatMap(({ advisory, exception }) =>
      exception === undefined || exception.until < today ? [] : [{ advisory, exception }],
    ),
    unused: exceptions.filter((one) => !pairs.some(({ exception }) => exception === one)),
  };
}

export function said({ open, excepted, unused }: Judgement, bundled: number): string {
  const lines = [
    ...open.flatMap(({ advisory, expired }) => [
      `open      ${words(advisory)}`,
      ...(expired === undefined ? [] : [`          its exception expired on ${expired.until}: ${expired.reason}`]),
    ]),
    ...excepted.flatMap(({ advisory, exception: { until, reason } }) => [
      `excepted  ${words(advisory)}`,
      `          until ${until}: ${reason}`,
    ]),
    ...unused.map(
      ({ id, package: name, until }) => `unused    ${id} for ${name}, until ${until}: remove this exception`,
    ),
    `${open.length} open, ${excepted.length} excepted, for ${bundled} bundled packages`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const words = ({ id, package: name, versions, severity, title }: Advisory): string =>
  `${id}  ${severity}  ${name} ${versions.join(', ')}: ${title}`;

/** Text from a source on one line, without commands for a terminal or a CI runner. */
const printable = (text: string): string =>
  text.replace(/\p{C}/gu, ' ').replaceAll('::', ': :').replaceAll('##', '# #');
