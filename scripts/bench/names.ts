/** Every figure that this project claims, by the name its documents use. */
export const BENCH_NAMES = [
  'synth',
  'copy',
  'simulate',
  'simulate-sample',
  'apply',
  'apply-compared',
  'apply-compared-whole',
  'compare',
  'apply-wide',
  'plan',
  'scale-first',
  'scale-first-online',
  'write-pause',
  'write-pause-small',
  'rebalance',
  'rebalance-compared',
  'rebalance-large',
  'rebalance-large-parallel',
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];
