/** What a bucket policy opens to everyone, as `mc anonymous set` writes it, which can take back only that. */

/** The actions of its levels: download, upload, public. */
const ACTIONS: readonly string[] = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:GetBucketLocation',
  's3:GetObject',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

/** The prefixes that are open, empty for the whole bucket; `undefined` if another client wrote what opens it. */
export function openPrefixes(policy: unknown, bucket: string): string[] | undefined {
  const { Statement: statements = [] } = (policy ?? {}) as { Statement?: Statement | readonly Statement[] };
  const prefixes = new Set<string>();
  for (const { Effect, Principal, Action, Resource, Condition } of [statements].flat()) {
    if (Effect !== 'Allow' || !isEveryone(Principal)) continue;
    if (![Action].flat().every((action) => ACTIONS.includes(String(action)))) return undefined;
    for (const resource of [Resource].flat()) {
      const [, of, prefix] = /^arn:aws:s3:::([^/]+)(?:\/(.*)\*)?$/.exec(String(resource)) ?? [];
      if (of !== bucket) return undefined;
      // The listing of a prefix has a condition; that of objects has none.
      if (prefix === undefined) continue;
      if (Condition !== undefined) return undefined;
      prefixes.add(prefix);
    }
  }
  return prefixes.size === 0 ? undefined : [...prefixes];
}

function isEveryone(principal: unknown): boolean {
  if (typeof principal !== 'object' || principal === null) return principal === '*';
  return [(principal as { AWS?: unknown }).AWS].flat().includes('*');
}
