import { isConflict, isStatementError } from '../../../scripts/tables/apply/attempt';
import { stepError } from '../../../scripts/tables/apply/messages';
import { liveDatabase, named } from '../support/catalog';
import type { TablesStep } from '../../../scripts/database/model/step';

const step: TablesStep = {
  id: 'distribute:devices',
  action: 'distribute',
  table: 'devices',
  target: { kind: 'table', schema: 'public', name: 'devices' },
  sql: ['SELECT 1'],
  transaction: false,
  blocksWrites: false,
  reversible: true,
  comment: '',
};
const answer = (severity: string, code: string): Error =>
  Object.assign(new Error('connection to the remote node w0:5432 failed'), { severity, code });

test.each([
  ['a worker that does not answer', answer('ERROR', '08006'), true],
  ['a worker that shuts down', answer('ERROR', '57P01'), true],
  ['the server itself', answer('FATAL', '57P01'), false],
  ['a lost connection', new Error('Connection terminated unexpectedly'), false],
])('%s ends the statement alone: %s %s', (_what, error, expected) => {
  expect(isStatementError(error)).toBe(expected);
});

test('a worker that goes away in a step is told as the failure of that step', () => {
  const error = answer('ERROR', '08006');
  if (!isStatementError(error)) throw new Error('it is one');
  expect(stepError(step, error, [], []).message).toBe(
    'step distribute:devices failed: connection to the remote node w0:5432 failed. (SQLSTATE 08006) ' +
      'Fix the cause, and run this again; it goes on from here. Nothing else was changed',
  );
  const left = stepError(step, error, [], [named('devices')]).message;
  expect(left).toMatch(/devices is left local to the coordinator and known to Citus, with every row/);
  expect(left).not.toMatch(/Nothing else was changed/);
});

test('a step that fails late is told in ten lines, with what it was at', () => {
  const detail = Array.from({ length: 200 }, (_, i) => `view v${String(i)} depends on table devices`).join(
    '\n',
  );
  const error = Object.assign(answer('ERROR', '2BP01'), { detail });
  if (!isStatementError(error)) throw new Error('it is one');
  const applied = Array.from({ length: 150 }, (_, i) => ({ id: `distribute:t${String(i)}`, seconds: 1 }));
  const converted = applied.map(({ id }) => named(id));
  const two = { ...step, sql: ['SELECT 1', 'REFRESH  MATERIALIZED\nVIEW totals'] };
  const context = { live: liveDatabase([]), statement: two.sql[1] ?? '', open: 30 };
  const { message, details } = stepError(two, error, applied, converted, context);
  expect(message.split('\n').length).toBeLessThanOrEqual(10);
  expect(message.length).toBeLessThan(1000);
  expect(message).toMatch(
    /It ran REFRESH MATERIALIZED VIEW totals\. .*150 of 180 steps, the last of them .*distribute:t149/s,
  );
  expect(details['applied']).toHaveLength(150);
});

test.each([
  ['a lock timeout', '55P03', 'canceling statement due to lock timeout', true],
  ['a deadlock', '40P01', 'deadlock detected', true],
  ['a catalog row that two sessions changed', 'XX000', 'tuple concurrently updated', true],
  [
    'an online copy in another database',
    '42710',
    'role "citus_shard_split_subscription_role_16384_2" already exists',
    true,
  ],
  ['any other name that is taken', '42710', 'role "app" already exists', false],
  ['any other internal error', 'XX000', 'cache lookup failed', false],
  ['a wrong value', '23502', 'null value', false],
])('%s (%s) is tried again: %s %s', (_what, code, message, expected) => {
  expect(isConflict(Object.assign(new Error(message), { severity: 'ERROR', code }))).toBe(expected);
});
