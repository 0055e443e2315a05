/** YAML as Kubernetes reads it (sigs.k8s.io/yaml, with YAML 1.1 rules for unquoted scalars), with limits on aliases. */
import type { Composer, CST, ErrorCode, LineCounter, Node, YAMLMap } from 'yaml';
import { lookup } from '../../util/lookup.ts';
import { InputError } from '../entry.ts';
import { refuseLines } from './bounds.ts';
import { hasLine, type Replaced, withLines, withReplaced } from './lines.ts';
import { notValid } from './syntax.ts';
import { isList, isMap, type JsonType, Unquoted, type Value, type ValueMap } from './value.ts';

/** A hundred times the size of a typical config; each token takes half a kilobyte during parsing. */
const MOST_TOKENS = 100_000;
/** Four times the size limit of a value, for escapes and indentation; unescaping takes 32 bytes per character. */
const LONGEST_TOKEN_KIB = 512;
const MOST_ALIASES = 10_000;
const MOST_ALIASED_VALUES = 100_000;
const DEEPEST = 100;

/** Replacements for the library's messages, which quote the source and thus may contain a secret. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE: 'an unknown escape between double quotes',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  BAD_SCALAR_START: 'a value starts with a reserved character: quote it',
  BLOCK_AS_IMPLICIT_KEY: 'wrong indentation, or an unquoted value with ": " in it',
  BLOCK_IN_FLOW: 'wrong indentation, or a bracket that is not closed',
  MISSING_CHAR: 'a quote, comma, colon or bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'wrong indentation, or a colon is missing',
  TAB_AS_INDENT: 'a tab is used for indentation',
};

/** The types of unquoted scalars in YAML 1.1 as go-yaml reads it: dates and times stay strings. */
const TYPES: readonly (readonly [JsonType, RegExp])[] = [
  ['null', /^(?:~|null|Null|NULL)?$/],
  ['boolean', /^(?:[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    'number',
    /^[-+]?(?:0x[\da-fA-F_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.\d[\d_]*(?:[eE][-+]?\d+)?)$/,
  ],
  ['number', /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/],
];
/** Text with any other standard tag is a string; other tags, such as `!Ref`, are for a program that renders the file first. */
const STANDARD = 'tag:yaml.org,2002:';
const BINARY = `${STANDARD}binary`;
const TAGGED: Readonly<Record<string, JsonType>> = {
  '!': 'string',
  'tag:yaml.org,2002:str': 'string',
  'tag:yaml.org,2002:int': 'number',
  'tag:yaml.org,2002:float': 'number',
  'tag:yaml.org,2002:bool': 'boolean',
  'tag:yaml.org,2002:null': 'null',
};

let library: Promise<typeof import('yaml')> | undefined;

/** The library concatenates a scalar piece by piece; V8 keeps the 32-byte pieces until the string is flattened. */
function flattening(yaml: typeof import('yaml')): typeof import('yaml') {
  const { tags, knownTags } = new yaml.Schema({ schema: 'failsafe', resolveKnownTags: true });
  for (const tag of [...tags, ...Object.values(knownTags)]) {
    if (tag.collection !== undefined) continue;
    const { resolve } = tag;
    tag.resolve = (value, ...rest) => {
      /^/.test(value);
      return resolve(value, ...rest);
    };
  }
  return yaml;
}

/** Only the first error is reported, and every character of a value can produce another one of half a kilobyte. */
function keepFirstError(composer: Composer): void {
  const keep: (source: unknown, code: ErrorCode, message: string) => void = Reflect.get(composer, 'onError');
  let isFirst = true;
  const onError = (source: unknown, code: ErrorCode, message: string, warning?: boolean) => {
    if (warning || !isFirst) return;
    isFirst = false;
    keep(source, code, message);
  };
  Reflect.set(composer, 'onError', onError);
}

/** The same for errors from the parser. */
function* withFirstError(tokens: Iterable<CST.Token>): Iterable<CST.Token> {
  let isFirst = true;
  for (const token of tokens) {
    if (token.type !== 'error') yield token;
    else if (isFirst) {
      isFirst = false;
      yield token;
    }
  }
}

/**
 * All documents except empty ones.
 * @param isWhole whether the text is a whole file: then the lines of its variables are those of the file
 * @throws InputError with line and column
 */
export async function parseYaml(file: string, text: string, isWhole = false): Promise<Value[]> {
  library ??= import('yaml').then(flattening);
  const yaml = await library;
  refuseLines(file, text, 'YAML');
  refuseFlood(file, new yaml.Lexer().lex(text));
  const composer = new yaml.Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  keepFirstError(composer);
  const values: Value[] = [];
  const counter = isWhole ? new yaml.LineCounter() : undefined;
  // One at a time, so that the nodes of one document are freed before the next is read.
  for (const document of composer.compose(withFirstError(new yaml.Parser(counter?.addNewLine).parse(text)))) {
    const error = document.errors[0];
    if (error?.code === 'RESOURCE_EXHAUSTION') throw tooDeep(file);
    if (error) throw notValid(file, 'YAML', text, error.pos[0], WORDS[error.code]);
    const value = new Converter(yaml, file, text, counter).convert(document.contents, 0);
    if (!(value instanceof Unquoted && value.type === 'null')) values.push(value);
  }
  return values;
}

const number = (count: number) => count.toLocaleString('en');

const tooDeep = (file: string) => new InputError(`${file}: nested more than ${DEEPEST} levels deep`);

const tooLong = (file: string) =>
  new InputError(`${file}: a YAML token is longer than ${LONGEST_TOKEN_KIB} KiB; expected values of at most 128 KiB`);

/** Parsing excessive input takes minutes and gigabytes; counting its tokens is fast. */
function refuseFlood(file: string, tokens: Iterable<string>): void {
  let all = 0;
  let aliases = 0;
  for (const token of tokens) {
    all += 1;
    if (token.startsWith('*')) aliases += 1;
    if (aliases > MOST_ALIASES) throw new InputError(`${file}: more than ${number(MOST_ALIASES)} YAML aliases`);
    if (token.length > LONGEST_TOKEN_KIB * 1024) throw tooLong(file);
    if (all > MOST_TOKENS) throw new InputError(`${file}: more than ${number(MOST_TOKENS)} YAML tokens`);
  }
}

/** Converts the library's nodes to values. An alias shares its anchor's value but counts as much as a copy. */
class Converter {
  readonly #yaml: typeof import('yaml');
  readonly #file: string;
  readonly #text: string;
  readonly #counter: LineCounter | undefined;
  readonly #anchors = new Map<string, { value: Value; size: number }>();
  #size = 0;
  #aliased = 0;

  constructor(yaml: typeof import('yaml'), file: string, text: string, counter: LineCounter | undefined) {
    this.#yaml = yaml;
    this.#file = file;
    this.#text = text;
    this.#counter = counter;
  }

  convert(node: unknown, depth: number): Value {
    if (depth > DEEPEST) throw tooDeep(this.#file);
    if (!this.#yaml.isNode(node)) return new Unquoted('null', '');
    if (this.#yaml.isAlias(node)) return this.#alias(node.source, node);
    const before = this.#size;
    this.#size += 1;
    const value = this.#own(node, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { value, size: this.#size - before });
    return value;
  }

  #own(node: Node, depth: number): Value {
    if (this.#yaml.isMap(node)) return this.#map(node, depth);
    if (this.#yaml.isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1));
    if (!this.#yaml.isScalar(node)) return new Unquoted('null', '');
    const text = node.source ?? '';
    if (node.tag === BINARY) return Buffer.from(text, 'base64').toString();
    const type = node.tag
      ? (lookup(TAGGED, node.tag) ?? (node.tag.startsWith(STANDARD) ? 'string' : 'object'))
      : node.type === 'PLAIN'
        ? typeOfPlain(text)
        : 'string';
    return type === 'string' ? text : new Unquoted(type, text);
  }

  #alias(name: string, node: Node): Value {
    const anchor = this.#anchors.get(name);
    if (!anchor) throw this.#notValid('an alias without an anchor', node);
    this.#size += anchor.size;
    this.#aliased += anchor.size;
    if (this.#aliased > MOST_ALIASED_VALUES) {
      throw new InputError(`${this.#file}: its YAML aliases stand for more than ${number(MOST_ALIASED_VALUES)} values`);
    }
    return anchor.value;
  }

  /** Own keys override merged ones, regardless of order; the last duplicate wins, as in kubectl and Helm. */
  #map(node: YAMLMap, depth: number): ValueMap {
    const own = new Map<string, Value>();
    const merged = new Map<string, Value>();
    const lines = new Map<string, number>();
    const replaced: Replaced[] = [];
    for (const { key, value } of node.items) {
      const name = this.convert(key, depth + 1);
      const converted = this.convert(value, depth + 1);
      if (depth === 0 && name === 'kind' && own.has(name))
        throw this.#notValid('two objects without --- between them', node, key);
      if (typeof name === 'string' && hasLine(name)) {
        const before = own.get(name);
        if (before !== undefined) replaced.push({ key: name, value: before, line: lines.get(name) });
        const offset = this.#yaml.isNode(key) ? key.range?.[0] : undefined;
        if (this.#counter !== undefined && offset !== undefined) lines.set(name, this.#counter.linePos(offset).line);
      }
      if (name === '<<' && this.#yaml.isScalar(key) && key.type === 'PLAIN') this.#merge(merged, converted, node);
      else if (typeof name === 'string') own.set(name, converted);
      else if (name instanceof Unquoted && name.type !== 'object') own.set(name.text, converted);
      else throw this.#notValid('a key is not a string', node, key);
    }
    // Unlike assignment, `fromEntries` can define a key such as `__proto__`.
    return withReplaced(withLines(Object.fromEntries([...merged, ...own]), lines), replaced);
  }

  #merge(into: Map<string, Value>, value: Value, node: Node): void {
    for (const source of isList(value) ? value : [value]) {
      if (!isMap(source)) throw this.#notValid('<< accepts only a map', node);
      for (const [name, inherited] of Object.entries(source)) if (!into.has(name)) into.set(name, inherited);
    }
  }

  #notValid(reason: string, node: Node, at: unknown = node): InputError {
    const [offset = 0] = (this.#yaml.isNode(at) ? at : node).range ?? [];
    return notValid(this.#file, 'YAML', this.#text, offset, reason);
  }
}

function typeOfPlain(text: string): JsonType {
  const type = TYPES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'string';
  // Beyond the range of a float, Go keeps the text.
  return type === 'number' && /^[-+]?[\d_.]+[eE]/.test(text) && !Number.isFinite(Number(text.replaceAll('_', '')))
    ? 'string'
    : type;
}
