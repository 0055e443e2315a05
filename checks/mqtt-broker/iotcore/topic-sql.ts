/** The SQL of topic rules, compared by meaning (IoT developer guide, "AWS IoT SQL reference"). */

export interface Statement {
  /** Each in one form: keywords and functions in lower case, white space and quotes alike. */
  readonly select: readonly Item[];
  readonly from: string;
  /** The rest of the statement, such as a WHERE clause. */
  readonly rest: string | undefined;
}

interface Item {
  readonly expression: string;
  /** The member of the result; `undefined` for `*`, and for what is named by itself. */
  readonly as: string | undefined;
}

interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  readonly value: string;
}

const TOKEN = /\s*(?:'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([\w@$]+(?:\.\d+)?)|([^\s\w]))/gy;
const OPEN = ['(', '[', '{'];
const CLOSE = [')', ']', '}'];

/** What Spacelift needs: the vendor's own statement. */
export const wantedSql = (namespace: string): string =>
  `SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid FROM '${namespace}/writeonly/#'`;

/** The statement in parts; `undefined` when it is not of the form SELECT … FROM '…'. */
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
  /** What keeps messages from being what Spacelift reads: "does not select topic(4) as worker_ulid". */
  readonly faults: readonly string[];
  /** What is selected besides, harmless unless a message has a member of that name. */
  readonly besides: readonly string[];
}

/** A statement beside the one that Spacelift needs. */
export function compareSql(sql: string, namespace: string): Comparison {
  const [found, wanted] = [readSql(sql), readSql(wantedSql(namespace))];
  if (found === undefined || wanted === undefined) {
    return { faults: ['has SQL that is not of the form SELECT … FROM …'], besides: [] };
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
  if (found.rest !== undefined) faults.push(`takes only some messages: ${found.rest}`);
  const known = wanted.select.map(({ as }) => as);
  // A member by its own name is in `*` already.
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

/** Separated by the commas that are in no brackets. */
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

/** Names of functions are in lower case, names of members as they are. */
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
