import { BaseSequencer, defineConfig } from './test/vitest.ts';

/** Small, and three minutes long: it would come last, alone, because Vitest starts with large files. */
const FIRST = 'aws-cli.peer.ts';

class LongestFirst extends BaseSequencer {
  override async sort(...[files]: Parameters<BaseSequencer['sort']>) {
    const isFirst = ({ moduleId }: (typeof files)[number]) => moduleId.endsWith(FIRST);
    const sorted = await super.sort(files);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

/** The servers that others wrote (`npm run test:peers`): apart from `npm test`, which needs nothing but npm. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.peer.ts'],
    globalSetup: 'test/peers/install.ts',
    reporters: ['default', './test/failed.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
