/** The SQL of topic rules, compared by meaning (IoT developer guide, "AWS IoT SQL reference"). */

export interface Statement {
  /** Normalized: keywords and functions in lower case, whitespace and quotes unified. */
  readonly select: readonly Item[];
  readonly from: string;
  /** The rest of the statement, such as a WHERE clause. */
  readonly rest: string | undefined;
}

interface Item {
  readonly expression: string;
  /** The member of the result; `undefined` for `*`, and for a member without an alias. */
  readonly as: string | undefined;
}

interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  readonly value: string;
}

const TOKEN = /\s*(?:'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([\w@$]+(?:\.\d+)?)|([^\s\w]))/gy;
const OPEN = ['(', '[', '{'];
const CLOSE = [')', ']', '}'];

/** The statement that Spacelift's documentation requires. */
export const wantedSql = (namespace: string): string =>
  `SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid FROM '${namespace}/writeonly/#'`;

/** The parsed statement; `undefined` if it does not have the form SELECT … FROM '…'. */
export function readSql(sql: string): Statement | undefined {
  const tokens = tokensIn(sql.trim());
  if (tokens === undefined || !isWord(tokens[0], 'select')) return undefined;
  const from = tokens.findIndex((token, at) => at > 0 && isWord(token, 'from'));
  const filter = tokens[from + 1];
  if (from === -1 || filter?.kind !== 'text') return undefined;
  const rest = tokens.slice(from + 2);
  return {
    select: itemsIn(tokens.slice(1, from)),
    from: filter.value,
    rest: rest.length === 0 ? undefined : textOf(rest),
  };
}

export interface Comparison {
  /** The faults that keep Spacelift from reading the messages: "does not select topic(4) as worker_ulid". */
  readonly faults: readonly string[];
  /** Additional members, which are harmless unless a message has a member with that name. */
  readonly besides: readonly string[];
}

/** Compares a statement with the one that Spacelift needs. */
export function compareSql(sql: string, namespace: string): Comparison {
  const [found, wanted] = [readSql(sql), readSql(wantedSql(namespace))];
  if (found === undefined || wanted === undefined) {
    return { faults: ['has SQL that does not have the form SELECT … FROM …'], besides: [] };
  }
  const faults: string[] = [];
  for (const item of wanted.select) {
    if (found.select.some((other) => textIn(other) === textIn(item))) continue;
    const other = found.select.find(({ as }) => as !== undefined && as === item.as);
    faults.push(
      other === undefined ? `does not select ${textIn(item)}` : `selects ${textIn(other)}, not ${item.expression}`,
    );
  }
  if (found.from !== wanted.from) faults.push(`selects from '${found.from}', not '${wanted.from}'`);
  if (found.rest !== undefined) faults.push(`selects only some messages: ${found.rest}`);
  const known = wanted.select.map(({ as }) => as);
  // `*` already includes a member without an alias.
  const besides = found.select.filter(({ as, expression }) =>
    as === undefined ? !/^(\*|\w+)$/.test(expression) : !known.includes(as),
  );
  return { faults, besides: besides.map(textIn) };
}

function tokensIn(sql: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const [, single, double, quoted, word, sign] = TOKEN.exec(sql) ?? [];
    const text = single?.replaceAll("''", "'") ?? double;
    if (text !== undefined) tokens.push({ kind: 'text', value: text });
    else if (quoted !== undefined || word !== undefined) tokens.push({ kind: 'word', value: quoted ?? word ?? '' });
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign });
    else return undefined;
  }
  return tokens;
}

/** Split at the commas outside brackets. */
function itemsIn(tokens: readonly Token[]): Item[] {
  const items: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'sign') depth += Number(OPEN.includes(token.value)) - Number(CLOSE.includes(token.value));
    if (depth === 0 && token.kind === 'sign' && token.value === ',') items.push([]);
    else items.at(-1)?.push(token);
  }
  return items.map((item) => {
    const named = isWord(item.at(-2), 'as');
    return {
      expression: textOf(named ? item.slice(0, -2) : item),
      as: named ? item.at(-1)?.value : undefined,
    };
  });
}

/** Function names in lower case, member names unchanged. */
function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, value }, at) => {
      if (kind === 'text') return `'${value}'`;
      const isFunction = kind === 'word' && tokens[at + 1]?.value === '(' && tokens[at + 1]?.kind === 'sign';
      const spaced = at > 0 && kind === 'word' && tokens[at - 1]?.kind === 'word';
      return `${spaced ? ' ' : ''}${isFunction ? value.toLowerCase() : value}`;
    })
    .join('');
}

const textIn = ({ expression, as }: Item): string => (as === undefined ? expression : `${expression} as ${as}`);
const isWord = (token: Token | undefined, word: string): boolean =>
  token?.kind === 'word' && token.value.toLowerCase() === word;
