/** For the configs of Vitest, which lie where it looks for them: above the packages of the tests. */
export { defineConfig } from 'vitest/config';

export { BaseSequencer } from 'vitest/node';
