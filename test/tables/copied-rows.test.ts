import { CopiedRows, shardPattern } from '../../scripts/tables/copied-rows';

describe('rows that arrive in shards', () => {
  test('count on once their copy has ended, partition after partition', () => {
    const copied = new CopiedRows();
    expect(copied.see([])).toBe(0);
    expect(copied.see([{ shard: '1 early_102008', rows: 40 }])).toBe(40);
    expect(
      copied.see([
        { shard: '1 early_102008', rows: 60 },
        { shard: '2 early_102009', rows: 5 },
      ]),
    ).toBe(65);
    // The first partition is done, and the next begins.
    expect(copied.see([{ shard: '1 late_102010', rows: 7 }])).toBe(72);
    expect(copied.see([])).toBe(72);
  });

  test('are found by the names of the table and of its partitions, and of no other', () => {
    const pattern = new RegExp(shardPattern(['payments', 'payments_p2022_08_08', 'odd na.me']));
    for (const shard of [
      'payments_102008',
      'payments_p2022_08_08_102012',
      'sales.payments_102008',
      '"Sales".payments_102008',
      '"odd na.me_102008"',
    ]) {
      expect(shard).toMatch(pattern);
    }
    for (const other of [
      'repayments_102008',
      'payments_p2022_08_09_102008',
      'payments',
      'payments_102008_pkey',
    ]) {
      expect(other).not.toMatch(pattern);
    }
  });
});
