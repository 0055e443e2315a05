/** Has the image, and all that runs it, ready before the first test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { PEERS } from '../peers/catalog.ts';
import { install } from '../peers/install.ts';
import { buildImage } from './image.ts';
import { PARTS } from './parts.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the image's archive, its digest and its SBOMs. */
    readonly image: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-cluster-image-'));
  await install({ ...PARTS, helm: PEERS.helm });
  await buildImage(folder);
  provide('image', folder);
  return () => rm(folder, { recursive: true });
}
