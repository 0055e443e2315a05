/** V8's settings, for a process that ends before most of what V8 prepares for a long life pays. */
export const FLAGS: readonly string[] = [
  // Keeps the young generation small; fully grown, it alone uses 60 of the 200 MB that a run may use.
  '--semi-space-growth-factor=1',
  // Marks only once the heap is full: a usual run ends before that, and would mark all of it on the side shortly before its end.
  '--no-incremental-marking',
  // Optimizes only what a large config repeats ten thousands of times, not what a usual run does: a tenth of the processor time.
  '--invocation-count-for-maglev=20000',
  '--invocation-count-for-maglev-osr=2000',
  '--invocation-count-for-turbofan=60000',
  '--invocation-count-for-osr=5000',
];
