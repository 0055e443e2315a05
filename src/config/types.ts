/** The types of the contract's values: the accepted input and its description in reports. */
import * as v from 'valibot';
import { parseGoDuration } from './go-duration.ts';

export interface ValueType {
  readonly schema: v.GenericSchema<string>;
  /** Completes "expected …". */
  readonly expected: string;
  /** Whether the value is used verbatim, so that surrounding whitespace or quotes break it. */
  readonly exact: boolean;
  /** Why a value does not match, as a sentence that quotes nothing of it; `undefined` if `expected` says enough. */
  readonly whyNot?: (value: string) => string | undefined;
  /** What was probably meant by a value that does not match; it need not match, either. */
  readonly meant?: (value: string) => string | undefined;
}

const type = (expected: string, schema: v.GenericSchema<string>, exact = true): ValueType => ({
  schema,
  expected,
  exact,
});
export const matching = (expected: string, pattern: RegExp) => type(expected, v.pipe(v.string(), v.regex(pattern)));

const LABEL = '[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?';
const HOST = `(${LABEL}(\\.${LABEL})*\\.?|\\[[0-9a-fA-F:.]+\\])`;
const PORT = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';

/** Any text in the user name and password that Go decodes; a path is ignored. */
const LOGIN = `([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*@`;
const PROXY = new RegExp(`^(?:https?|socks5h?)://(?:${LOGIN})?${HOST}(:${PORT})?(?:/[^@]*)?$`, 'i');

/** Go tries a value without a scheme once more as an http:// URL, but the vendor's services can fail to start. */
function whyNoProxy(value: string): string | undefined {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(value) ?? [];
  if (scheme === undefined) return 'It has no scheme: Spacelift’s services can fail to start.';
  if (!/^(https?|socks5h?)$/i.test(scheme)) return `Go has no proxies of the type ${scheme}.`;
  const [login, host] = [rest.slice(0, rest.lastIndexOf('@') + 1), rest.slice(rest.lastIndexOf('@') + 1)];
  if (login !== '' && !new RegExp(`^${LOGIN}$`).test(login))
    return 'Special characters in the user name or password must be percent-encoded.';
  return new RegExp(`^${HOST}:`).test(host) ? 'Its port is not a number from 1 to 65535.' : undefined;
}

const url = (protocols: readonly string[], expected: string) =>
  type(
    expected,
    v.pipe(
      v.string(),
      // Unlike Go, the parser removes control characters at both ends.
      v.check((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol) && !/[\s\p{Cc}]/u.test(text)),
    ),
  );

/** One of several values that are known to the compiler. */
export interface ChoiceType<Value extends string> extends ValueType {
  readonly values: readonly Value[];
}

export const choice = <const Value extends string>(...values: readonly Value[]): ChoiceType<Value> => ({
  ...type(`one of ${values.join(', ')}`, v.picklist(values)),
  meant: (value) => values.find((one) => one.toLowerCase() === value.toLowerCase()),
  values,
});

export const text = type('text', v.string(), false);
/** Text that is used verbatim, such as a user name, a key or a token. */
export const exactText = type('text without surrounding whitespace', v.string());
/** Characters that no key, token or name consists of, in the order in which they are reported. */
const STRAY: readonly (readonly [RegExp, string])[] = [
  [/[\n\r]/, 'a line break'],
  [/\s/, 'a space'],
  [/[\p{Cc}\p{Cf}]/u, 'an invisible character'],
  [/[^\x20-\x7e]/, 'a character that is not ASCII'],
  [/["'`“”‘’]/, 'a quote'],
];

/** A key, token or name of visible ASCII characters: clients send it as part of a header or path. */
export const token = (expected: string, pattern = /^[!#-&(-_a-~]+$/): ValueType => ({
  ...matching(expected, pattern),
  whyNot: (value) => {
    const stray = STRAY.find(([characters]) => characters.test(value))?.[1];
    return stray === undefined ? undefined : `It contains ${stray}.`;
  },
});
/** Text of any characters that can be typed in one line: keys of MinIO, secrets. */
export const oneLine = (expected: string): ValueType => token(expected, /^[^\p{Cc}]+$/u);
/** Validated by the check that uses it, not here. */
export const judgedElsewhere = type('text', v.string(), false);
export const brokerEndpoint: ValueType = {
  ...judgedElsewhere,
  expected: 'host:port of the built-in broker, or the host name of IoT Core',
};
export const rsaKey: ValueType = { ...judgedElsewhere, expected: 'base64 of the PEM file of an RSA private key' };

/** Without the scheme or the start of an ARN, and the slashes at the end. */
const bare = (value: string) => value.replace(/^(?:[a-z][a-z0-9]*:\/\/|arn:[a-z-]+:s3:::)/i, '').replace(/\/+$/, '');

const bareName = (expected: string, pattern: RegExp): ValueType => ({ ...matching(expected, pattern), meant: bare });

export const host = bareName('a bare host name, without a scheme, port or path', new RegExp(`^${HOST}$`));
export const hostPort = bareName('host:port', new RegExp(`^${HOST}:${PORT}$`));
export const hostMaybePort = bareName(
  'host or host:port, without a scheme or path',
  new RegExp(`^${HOST}(:${PORT})?$`),
);
export const httpUrl = url(['http:', 'https:'], 'an http:// or https:// URL');
export const httpsUrl = url(['https:'], 'an https:// URL');
/** A proxy, as Go's `net/http` reads it; with a scheme, which Spacelift requires. */
export const proxyUrl: ValueType = {
  ...matching('a proxy URL (with its scheme: http://host:port, https://host:port or socks5://host:port)', PROXY),
  whyNot: whyNoProxy,
};
/** Of OpenID Connect (Discovery 1.0, section 3). */
export const issuer = type(
  'an https:// URL without a login, query or fragment',
  v.pipe(httpsUrl.schema, v.regex(/^[^?#@]+$/)),
);
/** The database check validates its parts. */
export const postgresUrl = matching('a postgres:// or postgresql:// URL', /^postgres(ql)?:\/\/\S/);
/** `ADDITIONAL_ROOT_CAS`: base64 of `{"caCertificates": ["<base64 PEM>", …]}`; newlines in the base64 are allowed. */
export const rootCertificates = type(
  'base64 of {"caCertificates": ["<base64 of a PEM certificate>", …]}',
  v.pipe(
    v.string(),
    v.check((value) => decodeRootCertificates(value) !== undefined),
  ),
  false,
);
export const accountId = matching(
  '12 digits (in quotes in YAML: an unquoted number loses its leading zero)',
  /^\d{12}$/,
);
export const region = matching('an AWS region such as eu-west-1', /^[a-z]{2,}(-[a-z]+)+-\d+$/);
export const port = matching('a port, 1 to 65535', new RegExp(`^${PORT}$`));
export const integer = matching('a whole number', /^\d{1,9}$/);
/** What Go's `time.ParseDuration` accepts. */
export const duration: ValueType = {
  ...type(
    'a duration with a unit, such as 30s or 2m',
    v.pipe(
      v.string(),
      v.check((value) => parseGoDuration(value) !== undefined),
    ),
  ),
  whyNot: (value) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) && Number(value) !== 0 ? 'It has no unit.' : undefined),
};
/** A duration after which something is given up. */
export const timeout: ValueType = {
  ...type(
    'a duration above zero with a unit, such as 30s or 2m',
    v.pipe(
      v.string(),
      v.check((value) => (parseGoDuration(value) ?? 0n) > 0n),
    ),
  ),
  whyNot: (value) =>
    parseGoDuration(value) === undefined ? duration.whyNot?.(value) : 'Every evaluation would be over at once.',
};
const WORDS = new Map([
  ['true', /^(true|yes|on|y)$/i],
  ['false', /^(false|no|off|n)$/i],
]);
/** What Go's `strconv.ParseBool` accepts. */
export const boolean: ValueType = {
  ...matching('true or false', /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/),
  meant: (value) => [...WORDS].find(([, words]) => words.test(value))?.[0],
};
export const bucket = bareName(
  'a bare bucket name, without s3://, slashes or spaces',
  /^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/,
);
export const kmsKey = matching(
  'a KMS key ID, key ARN, alias/name or alias ARN',
  /^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[A-Za-z0-9/_-]+|alias\/[A-Za-z0-9/_-]+|(mrk-)?[A-Za-z0-9-]+)$/,
);
export const sqsUrl = matching(
  'a queue URL or a bare queue name',
  new RegExp(`^(https?://${HOST}(:${PORT})?/\\d{12}/)?[A-Za-z0-9_-]{1,80}(\\.fifo)?$`),
);

/** The PEM certificates in `ADDITIONAL_ROOT_CAS`, or `undefined` when it has the wrong format. */
export function decodeRootCertificates(value: string): string[] | undefined {
  try {
    const decoded = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    const { caCertificates } = v.parse(v.object({ caCertificates: v.array(v.string()) }), decoded);
    const pems = caCertificates.map((certificate) => Buffer.from(certificate, 'base64').toString('utf8'));
    return pems.every((pem) => pem.includes('-----BEGIN CERTIFICATE-----')) ? pems : undefined;
  } catch {
    return undefined;
  }
}

/** Whether Go parses the value as true. */
export const isTrue = (value: string | undefined): boolean => value !== undefined && /^(1|t|true)$/i.test(value);
