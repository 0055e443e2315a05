/** What the vendor's modules and guides write is clean, in each shape in which users hold it. */
import { describe, expect, it } from 'vitest';
import { makeDeployment } from '../../../src/config/deployment.ts';
import type { Perspective } from '../../../src/config/options.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { VENDOR_CONFIGS } from '../../support/vendor.ts';
import { SHAPES } from '../../support/vendor-shapes.ts';

const PERSPECTIVES: readonly (Perspective | undefined)[] = [
  undefined,
  'server',
  'drain',
  'scheduler',
  'vcs-gateway',
  'worker',
];

describe.each(Object.entries(VENDOR_CONFIGS))('%s', (_, config) => {
  it.each(Object.entries(SHAPES))('%s', async (shape, write) => {
    const source = await parseSource('x', write(config));
    for (const service of PERSPECTIVES) {
      const { configuration, pairing } = makeDeployment([source], { service, environment: {} });
      const found = configuration.filter(({ outcome }) => outcome.status === 'fail' || outcome.status === 'warn');
      expect({ service, found, pairing }, shape).toEqual({ service, found: [], pairing: undefined });
    }
  });
});
