/** Finds the parts of a JSON text without parsing it: a Terraform plan has megabytes of which a config needs kilobytes. */
import type { Json } from './json.ts';

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_MAP, CLOSE_MAP, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where a value is, in bytes: from its first to behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a value starts: enough to look into it. */
export type Start = Pick<Span, 'start'>;

/** The text is not JSON, as far as it was looked at. */
export class ScanError extends Error {
  /** In bytes. */
  readonly at: number;
  constructor(at: number) {
    super(`not JSON at byte ${at}`);
    this.name = 'ScanError';
    this.at = at;
  }
}

/** Deeper than any document of a real program, and little enough for `JSON.parse`. */
const DEEPEST = 1_000;

/** Of the objects in one array. */
const MOST_ENDS = 100_000;

/**
 * A UTF-8 text in which values are looked up. The inside of a value that nothing asks for is not validated.
 * Reading a value twice costs twice; of the values, nothing is kept.
 */
export class JsonScan {
  readonly #bytes: Uint8Array;
  /** By the start of an array in the root: the ends of the objects in it, so that most of them need not be read again. */
  readonly #ends = new Map<number, number[]>();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The members of the text, which is a single object.
   * @throws ScanError if it is not
   */
  root(): Map<string, Span> {
    const start = this.#skipSpace(this.#bytes[0] === 0xef ? 3 : 0);
    if (this.#bytes[start] !== OPEN_MAP) throw new ScanError(start);
    const found = new Map<string, Span>();
    const end = this.#readMembers(start, found, (list) => {
      const ends: number[] = [];
      this.#ends.set(list, ends);
      return ends;
    });
    if (this.#skipSpace(end) < this.#bytes.length) throw new ScanError(end);
    return found;
  }

  /**
   * The members of an object, by key; the last of several with the same key. None for any other value.
   * @throws ScanError
   */
  members(span: Start | undefined): Map<string, Span> {
    const found = new Map<string, Span>();
    if (span !== undefined && this.#bytes[span.start] === OPEN_MAP) this.#readMembers(span.start, found);
    return found;
  }

  /**
   * The first member of an object with a key. Nothing behind its start is read, which is most of a large value.
   * @throws ScanError
   */
  member(span: Start | undefined, key: string): Start | undefined {
    if (span === undefined || this.#bytes[span.start] !== OPEN_MAP) return undefined;
    let at = this.#skipSpace(span.start + 1);
    while (this.#bytes[at] !== CLOSE_MAP) {
      const { name, start } = this.#readKey(at);
      if (name === key) return { start };
      at = this.#next(this.#endOf(start), CLOSE_MAP);
    }
    return undefined;
  }

  /**
   * The members of the objects in an array, one object at a time; none for any other value.
   * @param isWanted what is not is left out, and not read
   * @throws ScanError
   */
  *objects(span: Start | undefined, isWanted: (object: Start) => boolean = () => true): Generator<Map<string, Span>> {
    if (span === undefined || this.#bytes[span.start] !== OPEN_LIST) return;
    const ends = this.#ends.get(span.start) ?? [];
    let nth = 0;
    let start = this.#skipSpace(span.start + 1);
    while (this.#bytes[start] !== CLOSE_LIST) {
      let end: number | undefined;
      if (this.#bytes[start] === OPEN_MAP && isWanted({ start })) {
        const members = new Map<string, Span>();
        end = this.#readMembers(start, members);
        yield members;
      } else {
        while ((ends[nth] ?? Number.POSITIVE_INFINITY) <= start) nth++;
        end = this.#bytes[start] === OPEN_MAP ? (ends[nth] ?? this.#endOf(start)) : this.#endOf(start);
      }
      start = this.#next(end, CLOSE_LIST);
    }
  }

  /**
   * The elements of an array, one at a time; none for any other value.
   * @throws ScanError
   */
  *elements(
    span: Start | undefined,
  ): Generator<{ readonly span: Span; readonly members: Map<string, Span> | undefined }> {
    if (span === undefined || this.#bytes[span.start] !== OPEN_LIST) return;
    let start = this.#skipSpace(span.start + 1);
    while (this.#bytes[start] !== CLOSE_LIST) {
      const members = this.#bytes[start] === OPEN_MAP ? new Map<string, Span>() : undefined;
      const end = members === undefined ? this.#endOf(start) : this.#readMembers(start, members);
      yield { span: { start, end }, members };
      start = this.#next(end, CLOSE_LIST);
    }
  }

  /**
   * The text of a value.
   * @throws ScanError if it is not UTF-8
   */
  text({ start, end }: Span): string {
    try {
      return this.#decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      throw new ScanError(start);
    }
  }

  /** @throws ScanError */
  parse(span: Span): Json {
    try {
      return JSON.parse(this.text(span));
    } catch {
      throw new ScanError(span.start);
    }
  }

  /** @throws ScanError */
  parseAt({ start }: Start): Json {
    return this.parse({ start, end: this.#endOf(start) });
  }

  /** A string; `undefined` for any other value. */
  string(span: Start | undefined): string | undefined {
    if (span === undefined || this.#bytes[span.start] !== QUOTE) return undefined;
    return this.#plain(span.start, this.#endOf(span.start));
  }

  /**
   * Returns the end of the object.
   * @param endsIn where to keep the ends of the objects in an array
   */
  #readMembers(open: number, found: Map<string, Span>, endsIn?: (list: number) => number[]): number {
    let at = this.#skipSpace(open + 1);
    while (this.#bytes[at] !== CLOSE_MAP) {
      const { name, start } = this.#readKey(at);
      const ends = endsIn !== undefined && this.#bytes[start] === OPEN_LIST ? endsIn(start) : undefined;
      const end = this.#endOf(start, ends);
      found.set(name, { start, end });
      at = this.#next(end, CLOSE_MAP);
    }
    return at + 1;
  }

  #readKey(at: number): { readonly name: string; readonly start: number } {
    if (this.#bytes[at] !== QUOTE) throw new ScanError(at);
    const end = this.#endOf(at);
    const colon = this.#skipSpace(end);
    if (this.#bytes[colon] !== COLON) throw new ScanError(colon);
    return { name: this.#plain(at, end), start: this.#skipSpace(colon + 1) };
  }

  /** A string in quotes. Nearly all are short ASCII without escapes, and need no parser. */
  #plain(start: number, end: number): string {
    let text = '';
    for (let at = start + 1; at < end - 1; at++) {
      const code = this.#bytes[at] ?? 0;
      if (code === BACKSLASH || code > 0x7e || code < 0x20) return String(this.parse({ start, end }));
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** Behind a comma, or at the closing bracket. */
  #next(end: number, close: number): number {
    const at = this.#skipSpace(end);
    if (this.#bytes[at] === close) return at;
    if (this.#bytes[at] !== COMMA) throw new ScanError(at);
    const next = this.#skipSpace(at + 1);
    if (this.#bytes[next] === close) throw new ScanError(next);
    return next;
  }

  #skipSpace(from: number): number {
    let at = from;
    for (let code = this.#bytes[at]; code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; )
      code = this.#bytes[++at];
    return at;
  }

  /**
   * The one loop over everything, so it compares as little as possible: bit 5 is all that `[` and `{` differ in.
   * @param ends gets the ends of the objects and arrays directly in the value
   */
  #endOf(start: number, ends?: number[]): number {
    const bytes = this.#bytes;
    const first = bytes[start];
    if (first !== QUOTE && first !== OPEN_MAP && first !== OPEN_LIST) return this.#endOfScalar(start);
    let depth = 0;
    for (let at = start; ; ) {
      const code = bytes[at++];
      if (code === QUOTE) {
        for (let inside = bytes[at++]; inside !== QUOTE; inside = bytes[at++]) {
          if (inside === BACKSLASH) at++;
          else if (inside === undefined) throw new ScanError(bytes.length);
        }
        if (depth === 0) return at;
      } else if (code === undefined) throw new ScanError(bytes.length);
      else if ((code | 0x20) === OPEN_MAP) {
        if (++depth > DEEPEST) throw new ScanError(at);
      } else if ((code | 0x20) === CLOSE_MAP && --depth <= 1) {
        if (depth <= 0) return at;
        if (ends !== undefined && ends.length < MOST_ENDS) ends.push(at);
      }
    }
  }

  /** Numbers, `true`, `false` and `null`. */
  #endOfScalar(start: number): number {
    let at = start;
    for (
      let code = this.#bytes[at] ?? 0;
      (code > 0x60 && code < 0x7b) || (code > 0x2a && code !== COMMA && code < 0x3a) || code === 0x45;
    )
      code = this.#bytes[++at] ?? 0;
    if (at === start) throw new ScanError(start);
    return at;
  }
}
