import type { Distribution } from '../../../config/workload/distribution-types';
import type { JudgedFinding } from '../../../scripts/database/checks/allowances';
import { step } from '../../../scripts/database/model/step';
import type { ShownPlan } from '../../../scripts/tables/plan/plan-text';
import { describePlan } from '../../../scripts/tables/plan/plan-text';

const named = (name: string) => ({ schema: 'public', name });

/** As many tables, each with a foreign key that goes and comes back. */
function plan(tables: number): ShownPlan {
  const names = Array.from({ length: tables }, (_, index) => `t${String(index)}`);
  const expected: Distribution = {
    shardCount: 32,
    online: true,
    tables: [
      { kind: 'reference', table: named('kinds') },
      ...names.map((name) => ({
        kind: 'distributed' as const,
        table: named(name),
        distributeBy: 'tenant_id',
      })),
    ],
  };
  const steps = [
    ...names.map((name) =>
      step('drop-foreign-key', { ...named(name), foreignKey: `${name}_fkey` }, [`ALTER TABLE ${name} DROP`], {
        comment: `drops ${name}_fkey`,
        reversible: true,
      }),
    ),
    ...names.map((name, index) =>
      step('distribute', named(name), [`SELECT create_distributed_table('${name}')`], {
        comment: `distributes ${name}`,
        blocksWrites: index % 2 === 0,
        transaction: index % 2 === 0,
        reversible: true,
        rows: index * 1_000_000,
      }),
    ),
    step('truncate-local-copy', named('t1'), ['SELECT truncate_local'], { comment: 'truncates' }),
  ];
  const sizes = Object.fromEntries(names.map((name, index) => [name, { rows: index * 1_000_000, bytes: 1 }]));
  const note = (id: string): JudgedFinding => ({ id, message: `of ${id}`, needs: 'none', allowed: true });
  return {
    steps,
    expected,
    sizes,
    findings: [
      { id: 'asked:t0', message: 'is asked', needs: 'allowance', allowed: false },
      ...names.map((name) => note(`sequence-on-workers:${name}`)),
    ],
    disk: { nodes: [{ node: 'c:5432', bytes: 1024 }], unknown: [] },
  };
}

test('a long plan is a page: what becomes of the tables, what waits and how long, the disk, what cannot be undone', () => {
  const long = plan(300);
  const text = describePlan(long);
  expect(text.split('\n').length).toBeLessThan(45);
  expect(text).toMatch(/^The specification: 300 distributed, 1 reference\.\n601 steps, about \d+ h \d+ min /);
  // Of 298 million rows, six seconds each million.
  expect(text).toMatch(/Writes wait for 150 tables, one after the other, longest for t298:/);
  expect(text).toMatch(/^t298 +29 min 48 s +298,000,000$/m);
  expect(text).toMatch(/and 145 more, each for less/);
  expect(text).toMatch(
    /Writes go on, but for moments, while t1, t3, t5, t7, t9 and 145 more are copied online/,
  );
  expect(text).toMatch(/What cannot be undone .*:\n {2}truncate-local-copy: t1$/m);
  expect(text).toMatch(/^distribute +300 +300 +in 150 /m);
  expect(text).toMatch(/^drop-foreign-key +300 +300 +no +4\.5 s$/m);
  expect(text).toMatch(/Disk at the peak of the run, .*: c:5432 1\.0 KiB/);
  expect(text).toMatch(/NOT ALLOWED asked:t0: is asked/);
  expect(text).toMatch(/^ {2}sequence-on-workers: 300, as sequence-on-workers:t0: of/m);
  expect(text).toMatch(/`tables plan --sql` shows every step, `--table NAME` those of one table\.$/);
  expect(text).not.toMatch(/create_distributed_table/);
  expect(describePlan(long, 'summary')).toBe(text);
});

test('a short one is shown step by step, and the other way on request', () => {
  const short = plan(3);
  const text = describePlan(short);
  expect(text).toMatch(/^step +action +table /);
  expect(text).toMatch(/create_distributed_table\('t2'\)/);
  expect(describePlan(short, 'whole')).toBe(text);
  expect(describePlan(short, 'summary')).toMatch(/^The specification: 3 distributed, 1 reference/);
  expect(describePlan(plan(300), 'whole')).toMatch(/create_distributed_table\('t299'\)/);
});

test('the steps of one table keep their numbers, and a name that is none is refused', () => {
  const long = plan(300);
  const text = describePlan(long, named('t7'));
  expect(text).toMatch(/^ +8 +drop-foreign-key +t7 .*\n +308 +distribute +t7 /m);
  expect(text).toMatch(/create_distributed_table\('t7'\);/);
  expect(text).toMatch(/2 steps of 601 are about t7\.$/);
  expect(describePlan(long, named('kinds'))).toMatch(/^No step of 601 is about kinds/);
  expect(() => describePlan(long, named('t7x'))).toThrow(/--table t7x: no step .*did you mean/);
});
