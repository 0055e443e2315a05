/** The part of the rules' SQL that selects fields and topics (IoT Core developer guide, "AWS IoT SQL reference"). A WHERE
 * clause is not known. */
import { randomUUID } from 'node:crypto';

type Expression =
  | { kind: 'all' }
  | { kind: 'literal'; value: string | number }
  | { kind: 'path'; names: string[] }
  | { kind: 'call'; name: string; args: Expression[] };

interface Field {
  expression: Expression;
  as: string | undefined;
}

export interface Query {
  fields: Field[];
  filter: string;
}

export interface Published {
  topic: string;
  payload: Buffer;
  clientId: string;
  /** Milliseconds since the epoch. */
  at: number;
}

type Token = { type: 'word' | 'number' | 'string' | 'sign'; text: string };

/** @throws {SyntaxError} */
export function parse(sql: string): Query {
  const tokens = tokenize(sql);
  let at = 0;
  const peek = (text: string) => tokens[at]?.type !== 'string' && tokens[at]?.text.toLowerCase() === text;
  const accept = (text: string) => (peek(text) ? Boolean(++at) : false);
  const expect = (text: string) => {
    if (!accept(text)) throw new SyntaxError(`expected ${text} instead of ${tokens[at]?.text ?? 'the end'}`);
  };
  const next = (type: Token['type']) => {
    const token = tokens[at++];
    if (token?.type !== type) throw new SyntaxError(`expected a ${type} instead of ${token?.text ?? 'the end'}`);
    return token.text;
  };
  const expression = (): Expression => {
    if (accept('*')) return { kind: 'all' };
    const token = tokens[at];
    if (token?.type === 'string') return { kind: 'literal', value: next('string') };
    if (token?.type === 'number') return { kind: 'literal', value: Number(next('number')) };
    const word = next('word');
    if (accept('(')) {
      const args: Expression[] = [];
      while (!accept(')')) {
        if (args.length > 0) expect(',');
        args.push(expression());
      }
      return { kind: 'call', name: word.toLowerCase(), args };
    }
    const names = [word];
    while (accept('.')) names.push(next('word'));
    return { kind: 'path', names };
  };
  expect('select');
  const fields: Field[] = [];
  do {
    const value = expression();
    fields.push({ expression: value, as: accept('as') ? next('word') : undefined });
  } while (accept(','));
  expect('from');
  const filter = next('string');
  if (at < tokens.length) throw new SyntaxError(`unexpected ${tokens[at]?.text}`);
  return { fields, filter };
}

function tokenize(sql: string): Token[] {
  const pattern = /\s*(?:'([^']*)'|"([^"]*)"|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|([*,().]))/gy;
  const tokens: Token[] = [];
  const text = sql.trim();
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) throw new SyntaxError(`unexpected ${text.slice(from, from + 10)}`);
    const [, single, double, number, word, sign] = found;
    if (single !== undefined || double !== undefined) tokens.push({ type: 'string', text: single ?? double ?? '' });
    else if (number !== undefined) tokens.push({ type: 'number', text: number });
    else if (word !== undefined) tokens.push({ type: 'word', text: word });
    else tokens.push({ type: 'sign', text: sign ?? '' });
  }
  return tokens;
}

/** MQTT 3.1.1, section 4.7: `+` is one level, a last `#` any number; neither matches a topic that begins with `$`. */
export function matches(filter: string, topic: string): boolean {
  const [pattern, levels] = [filter.split('/'), topic.split('/')];
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [i, level] of pattern.entries()) {
    if (level === '#') return i === pattern.length - 1;
    if (levels[i] === undefined || (level !== '+' && level !== levels[i])) return false;
  }
  return pattern.length === levels.length;
}

/** What a rule's actions get; undefined when the statement fails on this payload: to a payload that is neither empty nor a
 * JSON object nothing can be added. */
export function select({ fields }: Query, message: Published): Buffer | undefined {
  const [first] = fields;
  if (fields.length === 1 && first?.expression.kind === 'all' && first.as === undefined) return message.payload;
  const payload = payloadOf(message.payload);
  const result: Record<string, unknown> = {};
  for (const { expression, as } of fields) {
    if (expression.kind === 'all') {
      if (payload === undefined) return undefined;
      Object.assign(result, payload);
      continue;
    }
    const value = evaluate(expression, message, payload ?? {});
    const name = as ?? (expression.kind === 'path' ? expression.names.at(-1) : undefined) ?? defaultName(expression);
    if (value !== undefined) result[name] = value;
  }
  return Buffer.from(JSON.stringify(result));
}

function payloadOf(payload: Buffer): Record<string, unknown> | undefined {
  if (payload.length === 0) return {};
  try {
    const value: unknown = JSON.parse(payload.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function evaluate(expression: Expression, message: Published, payload: Record<string, unknown>): unknown {
  switch (expression.kind) {
    case 'all':
      return payload;
    case 'literal':
      return expression.value;
    case 'path':
      return expression.names.reduce<unknown>(
        (value, name) =>
          typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
        payload,
      );
    case 'call':
      return functions[expression.name]?.(expression.args, message, payload);
  }
}

type Implementation = (args: Expression[], message: Published, payload: Record<string, unknown>) => unknown;

const functions: Record<string, Implementation> = {
  timestamp: (_, { at }) => at,
  clientid: (_, { clientId }) => clientId,
  newuuid: () => randomUUID(),
  topic: ([level], message, payload) =>
    level === undefined ? message.topic : message.topic.split('/')[Number(evaluate(level, message, payload)) - 1],
  concat: (args, message, payload) => args.map((arg) => evaluate(arg, message, payload) ?? '').join(''),
  lower: ([text], message, payload) => text && String(evaluate(text, message, payload)).toLowerCase(),
  upper: ([text], message, payload) => text && String(evaluate(text, message, payload)).toUpperCase(),
  encode: ([value], message, payload) => {
    if (value === undefined) return undefined;
    const data = value.kind === 'all' ? message.payload : Buffer.from(String(evaluate(value, message, payload)));
    return data.toString('base64');
  },
};

function defaultName(expression: Expression): string {
  return expression.kind === 'call' ? expression.name : '0';
}
