/** `mc` as a fix calls it, as requests to the store that its alias `minio` names. */
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';

/** The alias: an address and an administrator's credentials. */
export interface McAlias {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** By the words up to the bucket, without options. */
const COMMANDS: Readonly<Record<string, (client: S3Client, Bucket: string, options: Options) => Promise<unknown>>> = {
  mb: (client, Bucket) => client.send(new CreateBucketCommand({ Bucket })),
  'version enable': (client, Bucket) =>
    client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  'anonymous set none': (client, Bucket) => client.send(new DeleteBucketPolicyCommand({ Bucket })),
  'ilm rule add': async (client, Bucket, { 'expire-days': days }) => {
    const Rules: LifecycleRule[] = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).then(
      (found) => found.Rules ?? [],
      () => [],
    );
    const rule: LifecycleRule = {
      ID: 'added-by-mc',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Expiration: { Days: Number(days) },
    };
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules, rule] } }),
    );
  },
};

type Options = Readonly<Record<string, string>>;

/** @throws Error of the store, or if there is no such command here */
export async function runMc(args: readonly string[], { url, credentials }: McAlias): Promise<string> {
  const options: Record<string, string> = {};
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word.startsWith('--')) options[word.slice(2)] = args[++at] ?? '';
    else words.push(word);
  }
  const [, bucket] = /^minio\/([^/]+)$/.exec(words.at(-1) ?? '') ?? [];
  const run = COMMANDS[words.slice(0, -1).join(' ')];
  if (run === undefined || bucket === undefined) throw new Error(`mc: no command here: mc ${args.join(' ')}`);
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
  });
  try {
    await run(client, bucket, options);
    return '';
  } finally {
    client.destroy();
  }
}
