/** What to change in a URL that versions of Spacelift's driver read differently. */
import type { VariableName } from '../../src/config/contract.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Issue, warn } from '../../src/outcome/outcome.ts';
import type { Driver } from './drivers.ts';
import { isLater } from './parameters.ts';
import { hasUnassigned } from './unicode-3-2.ts';

/** The parts of a URL as they are written; the login ends at the last `@`. */
interface Written {
  readonly login: string;
  readonly hosts: string;
  readonly query: string;
  readonly names: readonly string[];
}

function partsOf(text: string): Written {
  const rest = text.replace(/^postgres(ql)?:\/\//, '');
  const at = rest.split('/')[0]?.lastIndexOf('@') ?? -1;
  const after = rest.slice(at + 1);
  const [before = '', ...query] = after.split('?');
  const pairs = query.join('?').split('&');
  return {
    login: rest.slice(0, Math.max(at, 0)),
    hosts: before.split('/')[0] ?? '',
    query: query.join('?'),
    names: pairs.map((pair) => pair.split('=')[0] ?? '').filter((name) => name !== ''),
  };
}

const repeated = ({ names }: Written): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) < index)),
];

/** A form that all versions read alike, by what they read differently. */
const FORMS: readonly (readonly [(parts: Written, text: string) => boolean, (parts: Written) => string])[] = [
  [({ login }) => login.includes('@'), () => 'write @ in the user and password as %40'],
  [
    ({ login, names }) => /[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(login) && !names.includes('password'),
    () => 'percent-encode the special characters in the user and password',
  ],
  [(_, text) => text.includes('#'), () => 'write # as %23'],
  [({ query }) => query.includes('+'), () => 'write a space in a parameter as %20, and + as %2B'],
  [({ query }) => query.includes(';'), () => 'write ; in a parameter as %3B'],
  [({ query }) => / /.test(query), () => 'write a space in a parameter as %20'],
  [
    ({ query }) => query.split('&').some((pair) => pair !== '' && pair.split('=').length !== 2),
    () => 'write each parameter as name=value, and = in a value as %3D',
  ],
  [({ query }) => /%(?![0-9A-Fa-f]{2})/.test(query), () => 'write % in a parameter as %25'],
  [(parts) => repeated(parts).length > 0, (parts) => `give ${repeated(parts).join(', ')} once`],
  [({ names }) => names.includes('ssl'), () => 'replace ssl with sslmode=require'],
  [
    ({ names }) => names.some(isLater),
    ({ names }) => `remove ${names.filter(isLater).join(', ')}, which only later versions know`,
  ],
  [
    ({ hosts, names }) => hosts.includes('%') && !hosts.includes('%25') && !names.includes('host'),
    () => 'give the directory of a socket as a parameter: ?host=/directory',
  ],
  [({ hosts }) => /^[0-9a-fA-F]*:[0-9a-fA-F:.]*:/.test(hosts), () => 'write an IPv6 address in brackets: [::1]:5432'],
  [
    ({ hosts, names }) => hosts.includes(',') || names.includes('port'),
    () => 'give each host its port, without empty entries: host1:5432,host2:5432',
  ],
];

/** @param password as it is read, for characters that only one version prepares */
export function differenceOf(
  { text, password = '', variable }: { text: string; password: string | undefined; variable: VariableName },
  title: string,
  detail: string,
): Issue {
  const parts = partsOf(text);
  const forms = FORMS.filter(([applies]) => applies(parts, text)).map(([, form]) => form(parts));
  if (hasUnassigned(password)) forms.push('use a password of ASCII characters');
  if (forms.length === 0) forms.push('percent-encode all special characters, and remove PG… variables next to it');
  return warn(title, {
    detail,
    expected: 'a URL that all versions of the driver read alike',
    fix: advice`change ${variable}: ${forms.join('; ')}`,
    evidence: { variable },
  });
}

export const worksOnlyWith = (variable: VariableName, works: Driver, fails: Driver): string =>
  `${variable} works with the driver ${works.name}, but not with ${fails.name}`;
