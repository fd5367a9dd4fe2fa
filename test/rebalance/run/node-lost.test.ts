import { lostSince } from '../../../scripts/citus/node-starts';
import { ScaleoutError } from '../../../scripts/lib/errors';
import { MoveFailedError, NodeWatch } from '../../../scripts/rebalance/run/node-lost';
import { moveFailed } from '../../../scripts/rebalance/run/one-by-one';

const before = new Map([
  ['a:1', 'monday'],
  ['b:2', 'monday'],
]);
const STANDS = '2 of 5 moves are done';

const answered = (message: string, code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(message), { code, severity });

/** What a run ends with that failed by `error`, where nodes say this of themselves then. */
const judged = (error: unknown, now: ReadonlyMap<string, string> | Error): Promise<unknown> =>
  new NodeWatch(before, () => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now))).judge(
    error,
  );

const failed = (message: string, code: string): unknown => moveFailed(answered(message, code), STANDS);

test('a node is lost that does not answer, or has been up only since', () => {
  expect(lostSince(before, before)).toEqual({ silent: [], restarted: [] });
  expect(lostSince(before, new Map([['b:2', 'tuesday']]))).toEqual({ silent: ['a:1'], restarted: ['b:2'] });
  // One that joined meanwhile is nobody's loss.
  expect(lostSince(before, new Map([...before, ['c:3', 'tuesday']]))).toEqual({ silent: [], restarted: [] });
});

test.each([
  ['what came of it', 'relation "citus_shard_move_slot_1" does not exist', '42704'],
  ['words nobody knows', 'an odd thing happened', 'XX000'],
])(
  'a move under which a server was lost is told as that, whatever Citus says: %s',
  async (_what, message, code) => {
    const restarted = new Map([
      ['a:1', 'monday'],
      ['b:2', 'tuesday'],
    ]);
    await expect(judged(failed(message, code), restarted)).resolves.toMatchObject({
      code: 'rebalance.node-lost',
      message: expect.stringMatching(
        /^b:2 went away and came back while shards moved: the database answered: .*\) 2 of 5 moves are done and stay; a move that was under way is undone\. When every node answers again, run "scaleout rebalance run" again/,
      ) as string,
      details: { sqlState: code, silent: [], restarted: ['b:2'] },
    });
    await expect(judged(failed(message, code), new Map([['a:1', 'monday']]))).resolves.toMatchObject({
      message: expect.stringMatching(/^b:2 went away while shards moved/) as string,
    });
  },
);

test('so is one whose connection broke, and between two moves', async () => {
  const gone = answered('connection to the remote node a@b:2 failed', '08006');
  for (const error of [gone, moveFailed(gone, STANDS)]) {
    for (const now of [before, new Error('no answer')]) {
      await expect(judged(error, now)).resolves.toMatchObject({
        code: 'rebalance.node-lost',
        message: expect.stringMatching(/^a node went away while shards moved/) as string,
      });
    }
  }
});

test('one that failed of itself stays that, though nodes come and go', async () => {
  const own = failed('duplicate key value', '23505');
  expect(own).toBeInstanceOf(MoveFailedError);
  expect(await judged(own, before)).toBe(own);
  const forbidden = failed('permission denied for table x', '42501');
  expect(await judged(forbidden, new Map())).toBe(forbidden);
  const refusal = new ScaleoutError('rebalance.preconditions', 'no');
  expect(await judged(refusal, new Map())).toBe(refusal);
});

test('what a window says of FORCE is kept, and a session that ends is told by who opened it', async () => {
  const window = new ScaleoutError('rebalance.force-not-restored', 'FORCE of secrets could not be put back', {
    cause: answered('connection to the remote node a@b:2 failed', '08006'),
  });
  await expect(judged(moveFailed(window, STANDS), before)).resolves.toMatchObject({
    code: 'rebalance.node-lost',
    message: expect.stringMatching(/FORCE of secrets could not be put back/) as string,
  });
  const lost = new ScaleoutError('rebalance.force-not-restored', 'FORCE of secrets could not be put back', {
    cause: new Error('Client has encountered a connection error and is not queryable'),
  });
  const told = moveFailed(lost, STANDS);
  expect(told).toMatchObject({
    code: 'cluster.connection-lost',
    message: expect.stringMatching(
      /FORCE of secrets could not be put back\. 2 of 5 moves are done/,
    ) as string,
  });
  expect(await judged(told, new Map())).toBe(told);
  const ended = answered('terminating connection due to administrator command', '57P01', 'FATAL');
  expect(moveFailed(ended, STANDS)).toBe(ended);
  expect(await judged(ended, new Map())).toBe(ended);
});
