import { PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { NAMES, real } from '../checks/object-storage/storage.ts';
import { setVersioning } from './buckets.ts';
import { startRclone, startVersity } from './gateways.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

const VERSIONED = ['modules', 'run-logs', 'states', 'uploads', 'user-uploaded-workspaces', 'workspace'];
const EXPIRING = NAMES.filter((bucket) => bucket !== 'modules' && bucket !== 'states');
const id = (rule: string) => (bucket: string) => `object-storage/${bucket}/${rule}`;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test('rclone: what it lacks is told, and every object that was written is removed by its name', async () => {
  const rclone = await startRclone();
  onTestFinished(rclone.stop);
  for (let run = 0; run < 2; run++) {
    const result = await world.check(rclone.variables);
    expect(result.ids('fail')).toEqual(['object-storage/states/versioning']);
    const warnings = [
      ...VERSIONED.filter((bucket) => bucket !== 'states').map(id('versioning')),
      ...EXPIRING.map(id('retention')),
    ];
    expect(result.ids('warn').sort()).toEqual(warnings.sort());
    for (const bucket of NAMES) expect(result.finding(id('access')(bucket)).status).toBe('pass');
    expect(result.run.leftovers).toEqual([]);
    expect(await rclone.contents()).toEqual([]);
  }
});

test('versitygw: all that it has is checked, and its missing lifecycle rules are skips', async () => {
  const versity = await startVersity();
  onTestFinished(versity.stop);
  for (const bucket of VERSIONED) await setVersioning(versity.client, bucket, true);
  const rule = { AllowedOrigins: ['https://localhost'], AllowedMethods: ['PUT', 'POST'], AllowedHeaders: ['*'] };
  const cors = new PutBucketCorsCommand({ Bucket: real('uploads'), CORSConfiguration: { CORSRules: [rule] } });
  await versity.client.send(cors);
  for (let run = 0; run < 2; run++) {
    const result = await world.check(versity.variables);
    expect(judged(result)).toEqual(HEALTHY);
    const skipped = result.findings.filter(({ id, status }) => id.startsWith('object-storage/') && status === 'skip');
    expect(skipped.map((finding) => finding.id)).toEqual(NAMES.map(id('retention')));
    expect(skipped.map(({ title }) => title).join()).toContain('does not support reading the lifecycle rules');
    expect(result.run.leftovers).toEqual([]);
    expect(await versity.contents()).toEqual([]);
  }
});
