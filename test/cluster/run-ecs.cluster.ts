/** `run ecs` where each task runs the image. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { expectDrainWithoutSign } from '../support/ecs-installation.ts';
import type { PlatformImage } from '../support/oci-archive.ts';
import { platformsIn, runImage, unpackLayers } from './image.ts';

let folder: string;
let root: string;
let image: PlatformImage;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-ecs-image-'));
  ({ amd64: image } = await platformsIn(inject('image')));
  root = join(folder, 'root');
  await mkdir(root);
  await unpackLayers(image, root);
});
afterAll(() => rm(folder, { recursive: true }));

it('shows that the drain’s role lacks a grant which the others have', () =>
  expectDrainWithoutSign(async (args, env) => {
    const { code, stdout, stderr } = await runImage(root, image, { args, env, uid: 65532, gid: 65532 });
    return { exitCode: code, output: `${stdout}\n${stderr}` };
  }));
