import { withDefaults } from '../../scripts/rebalance/options';

test("defaults are Citus's own", () => {
  expect(withDefaults({})).toEqual({ strategy: 'by_disk_size', mode: 'auto' });
});
