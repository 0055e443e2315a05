/** How much is generated, and from which seed. */

/** `ORACLES=quick` tries a fifth of the inputs, as the checks of every change do. */
const SHARE = process.env.ORACLES === 'quick' ? 0.2 : 1;

/**
 * Parameters for fast-check: `total` inputs, or the fifth of them; the same ones in every run, unless `ORACLES_SEED` is set.
 * A failure prints the shrunk input, which then becomes a unit test.
 */
export const generated = (total: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: Math.ceil(total * SHARE),
  seed: Number(process.env.ORACLES_SEED ?? 20261129),
});
