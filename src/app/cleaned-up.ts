/** What `--cleanup` of `run` did. */
export interface CleanedUp {
  /** IDs of runs. */
  readonly removed: readonly string[];
  /** What stays, and why, each on one line. */
  readonly left: readonly string[];
}
