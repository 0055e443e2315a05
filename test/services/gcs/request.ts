/** A request once its body has arrived: which API, which bucket, which object. */
import type { IncomingMessage } from 'node:http';

/** json: `/storage/v1/…` and uploads; xml: `/bucket/object`; auth: tokens and the IAM API; metadata: the instance's. */
export type Api = 'json' | 'xml' | 'auth' | 'metadata';

export class GcsRequest {
  readonly method: string;
  /** Without a port. */
  readonly host: string;
  /** As sent, still escaped. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly api: Api;
  readonly bucket: string | undefined;
  readonly object: string | undefined;
  /** JSON API: what follows the bucket's or the object's name, such as `iam`. */
  readonly rest: string;
  /** JSON API: a path under `/upload`. */
  readonly upload: boolean;
  /** The name that roles and logs use. */
  readonly action: string;
  /** The server's clock when the request came. */
  readonly now: Date;
  readonly secure: boolean;
  body: Buffer = Buffer.alloc(0);

  constructor(message: IncomingMessage, now: Date, secure: boolean) {
    const [path = '/', ...rest] = (message.url ?? '/').split('?');
    this.method = message.method ?? 'GET';
    this.headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(',') : (value ?? ''),
      ]),
    );
    this.host = (this.headers.host ?? '').replace(/:\d+$/, '');
    this.path = path;
    this.rawQuery = rest.join('?');
    this.query = new URLSearchParams(this.rawQuery);
    this.now = now;
    this.secure = secure;
    // An emulator's clients leave out `/storage/v1`.
    const json =
      /^(?:\/(?:(upload|download|resumable\/upload)\/)?storage\/v1)?\/b(?:\/([^/]*))?(?:\/(o)(?:\/([^/]*))?)?(\/.*)?$/.exec(
        path,
      );
    const auth = authActions.find(({ path: pattern }) => pattern.test(path));
    this.upload = json?.[1]?.endsWith('upload') === true;
    this.rest = (json?.[5] ?? '').slice(1);
    if (path.startsWith('/computeMetadata/') || (path === '/' && this.headers['metadata-flavor'] !== undefined)) {
      this.api = 'metadata';
      this.action = 'metadata';
    } else if (auth !== undefined) {
      this.api = 'auth';
      this.action = auth.action(path);
    } else if (json !== null) {
      this.api = 'json';
      this.bucket = json[2] === undefined ? undefined : decode(json[2]);
      this.object = json[4] === undefined ? undefined : decode(json[4]);
      this.action = this.#jsonAction(json[3] === 'o');
    } else {
      this.api = 'xml';
      this.action = `xml.${this.method}`;
      const virtual = /^(.+)\.storage\.googleapis\.com$/.exec(this.host)?.[1];
      const decoded = decode(path.slice(1));
      const slash = decoded.indexOf('/');
      const [first, second] = slash < 0 ? [decoded, ''] : [decoded.slice(0, slash), decoded.slice(slash + 1)];
      this.bucket = virtual ?? (first || undefined);
      this.object = (virtual === undefined ? second : decoded) || undefined;
    }
  }

  param(name: string): string | undefined {
    return this.query.get(name) ?? undefined;
  }

  /** The query without what would let a reader of the log use it. */
  get publicQuery(): string {
    return this.rawQuery.replace(/(X-Goog-Signature|upload_id|access_token)=[^&]*/gi, '$1=***');
  }

  #jsonAction(objects: boolean): string {
    const { method } = this;
    if (this.upload) return 'storage.objects.insert';
    if (this.rest === 'iam/testPermissions') return 'storage.buckets.testIamPermissions';
    if (this.rest === 'iam') return method === 'GET' ? 'storage.buckets.getIamPolicy' : 'storage.buckets.setIamPolicy';
    const single = (objects ? this.object : this.bucket) !== undefined;
    const verbs: Record<string, string> = {
      GET: single ? 'get' : 'list',
      DELETE: 'delete',
      POST: 'insert',
      PATCH: 'patch',
    };
    return `storage.${objects ? 'objects' : 'buckets'}.${verbs[method] ?? method}${this.rest === '' ? '' : `.${this.rest}`}`;
  }
}

const authActions: { path: RegExp; action: (path: string) => string }[] = [
  { path: /^\/token$/, action: () => 'oauth2.token' },
  { path: /^\/v1\/token$/, action: () => 'sts.token' },
  {
    path: /^\/v1\/projects\/-\/serviceAccounts\/[^/]+:\w+$/,
    action: (path) => `iamcredentials.${path.slice(path.lastIndexOf(':') + 1)}`,
  },
];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
