/** Signs executables for macOS without a Mac and without a certificate: Apple silicon starts none that is not signed. */
import { dirname, join } from 'node:path';
import { cached } from '../cache.ts';
import { run } from '../run.ts';

/** https://crates.io/crates/apple-codesign */
const VERSION = '0.29.0';

/** The path of `rcodesign`, built once (5 minutes on 2 cores). */
export async function rcodesign(): Promise<string> {
  const folder = await cached(`rcodesign-${VERSION}`, async (directory) => {
    const features = '--no-default-features';
    await run(
      'cargo',
      ['install', '--quiet', '--locked', features, '--root', directory, `apple-codesign@${VERSION}`],
      directory,
    );
  });
  return join(folder, 'bin/rcodesign');
}

/** @param file the path of an executable, which is changed @param identifier of what it is */
export async function signAdHoc(file: string, identifier: string): Promise<void> {
  await run(await rcodesign(), ['sign', '--binary-identifier', identifier, file], dirname(file));
}
