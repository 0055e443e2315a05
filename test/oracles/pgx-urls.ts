/** Database URLs, and variables next to them, of all the kinds that are found in the field. */
import fc from 'fast-check';
import { parameters, variables } from './pgx-parameters.ts';
import type { Question } from './pgx-program.ts';
import { ROLES, type Servers } from './pgx-servers.ts';

/** How a part of a URL is written. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  // Every byte, in lower case.
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  // As it is.
  (text) => text,
  // As it is, but for what ends the part.
  (text) => text.replace(/[%:/?#[\]@]/g, encodeURIComponent),
  encodeURI,
  // As in a form.
  (text) => new URLSearchParams({ text }).toString().slice('text='.length),
];
const encoding = fc.oneof(
  { weight: 12, arbitrary: fc.constant(encodeURIComponent) },
  { weight: 1, arbitrary: fc.constantFrom(...ENCODINGS) },
);

const mostly = <T>(usual: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 16, arbitrary: usual }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));

const login = fc
  .record({
    role: fc.oneof(
      { weight: 2, arbitrary: fc.constant('spacelift' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(ROLES) as (keyof typeof ROLES)[])) },
    ),
    password: mostly(
      fc.constant<string | undefined>('right'),
      fc.constantFrom(undefined, '', 'wrong', 'x2', '😀2', 'a b', 'éä', 'p@s:s/w?o#r d%', '%zz', 'a+b', 'a%b'),
    ),
    encode: encoding,
  })
  .map(({ role, password, encode }) => {
    const given = password === 'right' ? ROLES[role] : password;
    return `${encode(role)}${given === undefined ? '' : `:${encode(given)}`}`;
  });

function hosts({ ports, socketDirectory }: Servers): fc.Arbitrary<{ authority: string; parameters: string[] }> {
  const { plain, tls, other, pooler } = ports;
  const port = fc.constantFrom(plain, tls, tls, tls, other, other, pooler);
  const good = fc.tuple(fc.constantFrom('127.0.0.1', 'localhost'), port).map(([host, on]) => `${host}:${on}`);
  const odd = fc.constantFrom(
    `[::1]:${ports.plain}`,
    `::1:${ports.plain}`,
    '::1',
    '[::1]',
    `[127.0.0.1]:${ports.plain}`,
    '127.0.0.1:1',
    '127.0.0.1',
    'localhost:',
    '127.0.0.1:x',
    '127.0.0.1:99999',
    `127.0.0.1:0${ports.plain}`,
    `127.0.0.1:+${ports.plain}`,
    '',
    `:${ports.plain}`,
    `LOCALHOST:${ports.tls}`,
    `localhost.:${ports.plain}`,
    `${encodeURIComponent(socketDirectory)}:${ports.plain}`,
    `127.0.0.1%3A${ports.plain}`,
    `%6cocalhost:${ports.plain}`,
    'bad host:1',
    ' localhost:1',
  );
  const list = fc.array(mostly(good, odd), { minLength: 1, maxLength: 3 }).map((each) => each.join());
  const written = mostly(good, odd, list).map((authority) => ({ authority, parameters: [] as string[] }));
  const asParameters = fc
    .record({
      authority: mostly(fc.constant(''), fc.constantFrom('127.0.0.1:1', 'localhost')),
      host: fc.constantFrom(
        '127.0.0.1',
        'localhost',
        socketDirectory,
        '127.0.0.1,localhost',
        '',
        ',127.0.0.1',
        '::1',
        '[::1]',
      ),
      port: fc.constantFrom<string | undefined>(
        `${ports.plain}`,
        `${ports.tls}`,
        undefined,
        `1,${ports.plain}`,
        '',
        `${ports.plain},1,2`,
      ),
    })
    .map(({ authority, host, port: on }) => ({
      authority,
      parameters: [`host=${host}`, ...(on === undefined ? [] : [`port=${on}`])],
    }));
  return mostly(written, asParameters);
}

const oneOfAll = (table: Record<string, readonly string[]>): fc.Arbitrary<readonly [string, string]> =>
  fc.constantFrom(...Object.entries(table).flatMap(([name, values]) => values.map((value) => [name, value] as const)));

/** With `sslmode` much more often than anything else, in several spellings, and with what can go wrong between the parts. */
function query(servers: Servers): fc.Arbitrary<string[]> {
  const { files } = servers;
  const pair = fc
    .tuple(oneOfAll(parameters(servers)), fc.constantFrom(encodeURIComponent, encodeURIComponent, ...ENCODINGS))
    .map(([[name, value], encode]) => `${name}=${encode(value).replaceAll('&', '%26').replaceAll('@', '%40')}`);
  const mode = fc
    .constantFrom('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full')
    .map((each) => [`sslmode=${each}`]);
  const verified = mode.map(([first = '']) => [first, `sslrootcert=${files.authority}`]);
  const certified = mode.map(([first = '']) => [first, `sslcert=${files.certificate}`, `sslkey=${files.key}`]);
  const half = fc.constantFrom<string[]>(
    [`sslcert=${files.certificate}`],
    [`sslkey=${files.key}`],
    [`sslcert=${files.key}`, `sslkey=${files.key}`],
  );
  const odd = fc.constantFrom(
    'a',
    '=',
    'a=b=c',
    '',
    'x=%zz',
    'application_name=a;b',
    'a%20b=c',
    'sslmode=disable',
    'sslmode=require',
    ' sslmode=require',
    'ssl%6dode=disable',
  );
  const weighted: readonly [number, fc.Arbitrary<string[]>][] = [
    [4, fc.constant([])],
    [5, mode],
    [4, verified],
    [2, certified],
    [1, half],
  ];
  const tls = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  // Older versions of pgx take either at random.
  const both = (pairs: readonly string[]) =>
    ['dbname=', 'database='].every((name) => pairs.some((each) => each.startsWith(name)));
  return fc
    .tuple(
      tls,
      fc.oneof(
        { weight: 2, arbitrary: fc.constant<string[]>([]) },
        { weight: 3, arbitrary: fc.array(mostly(pair, odd), { minLength: 1, maxLength: 2 }) },
      ),
    )
    .map(([first, more]) => [...first, ...more])
    .filter((pairs) => !both(pairs));
}

/** Variables of the process that reads the URL. */
const environment = (servers: Servers): fc.Arbitrary<Record<string, string>> => {
  const some = fc
    .array(oneOfAll(variables(servers)), { minLength: 1, maxLength: 2 })
    .map((pairs) => Object.fromEntries(pairs));
  return mostly(fc.constant({}), some);
};

/** PgBouncer rejects version 3.2 of the protocol depending on its own version, which a session does not show. */
const isModeled = ({ url, environment: beside }: Question, pooler: number): boolean => {
  const text = `${url}${JSON.stringify(beside)}`;
  return !(text.includes(String(pooler)) && /m(in|ax)_?protocol_?version/i.test(text));
};

/** A URL and its surroundings. */
export function questions(servers: Servers): fc.Arbitrary<Question> {
  return fc
    .record({
      scheme: mostly(fc.constant('postgres://'), fc.constantFrom('postgresql://')),
      login: mostly(
        login.map((each) => `${each}@`),
        fc.constantFrom('', '@', ':@', 'spacelift@', ':x@'),
      ),
      hosts: hosts(servers),
      database: mostly(
        fc.constant('/spacelift'),
        fc.constantFrom(
          '',
          '/',
          '//spacelift',
          '/digest',
          '/nowhere',
          '/space%6Cift',
          '/name%20with%20%C3%BC',
          '/a b',
          '/%zz',
        ),
      ),
      query: query(servers),
      end: mostly(fc.constant(''), fc.constantFrom('#', '&', '&&')),
      environment: environment(servers),
    })
    .map(
      ({
        scheme,
        login: user,
        hosts: { authority, parameters: fixed },
        database,
        query: pairs,
        end,
        environment: beside,
      }) => {
        const all = [...fixed, ...pairs];
        return {
          url: `${scheme}${user}${authority}${database}${all.length > 0 ? '?' : ''}${all.join('&')}${end}`,
          environment: beside,
        };
      },
    )
    .filter((question) => isModeled(question, servers.ports.pooler));
}
