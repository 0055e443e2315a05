/** Why a database URL can't be used. */

export type UrlFaultKind =
  | 'scheme'
  | 'keywords'
  | 'unescaped'
  | 'percent'
  | 'query'
  | 'host'
  | 'host-name'
  | 'port'
  | 'ports'
  | 'user'
  | 'value'
  | 'pair';

/** Contains parameter names, never a part that could belong to the password. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
  readonly kind: UrlFaultKind;
  /** For `value`: the parameter and its valid values; for `pair`: the parameter that is set and the one that is missing. */
  readonly parameter: string | undefined;
  readonly expected: string | undefined;
  constructor(kind: UrlFaultKind, parameter?: string, expected?: string) {
    super(kind);
    this.kind = kind;
    this.parameter = parameter;
    this.expected = expected;
  }
}
