import type { NodePlacement } from '../../../scripts/citus/placements';
import { placementsOf } from '../../../scripts/citus/placements';
import { TerminalBlock } from '../../../scripts/lib/terminal-block';
import { afterMoves, beforeMoves } from '../../../scripts/rebalance/watch/along';
import { LivePicture, withLivePicture } from '../../../scripts/rebalance/watch/live';
import { describeChange, drawPicture, hasChanged, wrap } from '../../../scripts/rebalance/watch/picture';
import type { Picture } from '../../../scripts/rebalance/watch/picture';
import { eventReporter, streamReporter } from '../../../scripts/lib/reporter';
import { recordingStream, snapshot } from '../fixtures';

const MIB = 1024 * 1024;
const [coordinator, w0, w1] = ['127.0.0.1:9700', '127.0.0.1:9701', '127.0.0.1:9702'] as const;

/** Six groups of 10 MiB on the coordinator of three nodes, of which four move. */
const before: readonly NodePlacement[] = placementsOf(snapshot(3, [0, 0, 0, 0, 0, 0], 10 * MIB));
const moves = [w0, w1, w0, w1].map((to, index) => ({
  shardId: 1 + index,
  bytes: 10 * MIB,
  from: coordinator,
  to,
  done: false,
}));

const picture: Picture = {
  title: 'Run 7 running',
  seconds: 12,
  moves: { done: 1, total: 4 },
  bytes: { done: 10 * MIB, total: 40 * MIB },
  bytesPerSecond: 5 * MIB,
  secondsLeft: 8.3,
  running: ['moving shard 2 (devices, events; 10.0 MiB) from coordinator to w1 by logical replication'],
  notes: ['the move of shard 3 (devices, events) was cancelled, because writes had waited 271 ms'],
  before,
  nodes: afterMoves(before, moves.slice(0, 1)),
  planned: afterMoves(before, moves),
  pause: { longestMs: 271.4, maxMs: 300 },
  writers: { p50Ms: 1.6, p99Ms: 120, longestMs: 280 },
};

test('each node fills up or empties, and what goes on stands below, within 80 columns', () => {
  const lines = drawPicture(picture, { columns: 80, color: false });
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    Run 7 running, 12 s
    [########......................] 1 of 4 moves, 1 under way, 2 to come
    10.0 MiB of 40.0 MiB, 5.0 MiB/s, about 8.3 s left

    node          # has . gets - gives        shards                   MiB
    coordinator  [#######----------   ]  6 -> 5 -> 2  60.0 -> 50.0 -> 20.0
    w0           [###....             ]  0 -> 1 -> 2   0.0 -> 10.0 -> 20.0
    w1           [.......             ]  0 -> 0 -> 2    0.0 -> 0.0 -> 20.0

    now moving shard 2 (devices, events; 10.0 MiB) from coordinator to w1 by logical
      replication
    no write waited longer than 271 ms for a move (at most 300 ms)
    writes of the probe: half within 2 ms, 99 % within 120 ms, the longest 280 ms
    ! the move of shard 3 (devices, events) was cancelled, because writes had waited
      271 ms
    "
  `);
});

test('a narrow terminal has no bars, and nothing is wider than it', () => {
  const lines = drawPicture(picture, { columns: 40, color: false });
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
  expect(lines.join()).not.toMatch(/[#[]/);
});

test('colors change nothing but colors', () => {
  const [plain, colored] = [false, true].map((color) =>
    drawPicture(picture, { columns: 80, color }).join('\n'),
  );
  expect(colored).not.toBe(plain);

  expect(colored?.replace(/\x1b\[[\d;]*m/g, '')).toBe(plain);
});

test('groups without bytes fill nodes up by their number', () => {
  const empty = placementsOf(snapshot(2, [0, 0], 0));
  const move = [{ ...moves[0]!, bytes: 0 }];
  const lines = drawPicture(
    { ...picture, before: empty, nodes: empty, planned: afterMoves(empty, move) },
    { columns: 80, color: false },
  );
  expect(lines.filter((line) => /^(coordinator|w0) /.test(line))).toEqual([
    expect.stringMatching(/\[#{10}-{10}\]/),
    expect.stringMatching(/\[\.{10} {10}\]/),
  ]);
});

test('words are broken at spaces', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', '  three']);
  expect(wrap('incomprehensibilities', 8)).toEqual(['  incomp']);
});

test('a log has a line for what came about, and none for time that passes', () => {
  expect(describeChange(undefined, picture)).toEqual([
    'Run 7 running: 1 of 4 moves, 10.0 MiB of 40.0 MiB, 5.0 MiB/s, about 8.3 s left, now moving shard 2 (devices, events; 10.0 MiB) from coordinator to w1 by logical replication',
    '! the move of shard 3 (devices, events) was cancelled, because writes had waited 271 ms',
  ]);
  const later = { ...picture, seconds: 13, secondsLeft: 7.3, bytesPerSecond: 4 * MIB };
  expect(describeChange(picture, later)).toEqual([]);
  expect(hasChanged(picture, later)).toBe(false);
  expect(describeChange(picture, { ...later, notes: [...picture.notes, 'it is asked to pause'] })).toEqual([
    '! it is asked to pause',
  ]);
  expect(hasChanged(picture, { ...later, moves: { done: 2, total: 4 } })).toBe(true);
});

test('what nodes held before is counted back from what they hold, whoever looks in the middle', () => {
  const half = snapshot(3, [1, 2, 0, 0, 0, 0], 10 * MIB);
  expect(beforeMoves(half, placementsOf(half), moves)).toEqual(before);
  expect(afterMoves(before, moves.slice(0, 2))).toEqual(placementsOf(half));
});

test('the terminal of the run shows the same from what happens', () => {
  const live = new LivePicture({ title: 'Moving shards', before, moves, maxWritePauseMs: 300 }, 1000);
  const started = {
    bytes: 10 * MIB,
    from: coordinator,
    to: w0,
    tables: ['devices'],
    way: 'blocking',
  } as const;
  live.happened({ name: 'move.started', shard: 1, ...started }, 1000);
  expect(live.at(1500).running).toEqual([
    'moving shard 1 (devices; 10.0 MiB) from coordinator to w0 with writes blocked',
  ]);
  const way = 'blocking' as const;
  live.happened({ name: 'move.cancelled', shard: 1, way, reason: 'queued', pauseMs: 90, again: true }, 2000);
  expect(live.at(2000)).toMatchObject({
    running: [],
    notes: [expect.stringMatching(/shard 1 was cancelled/)],
  });
  live.happened({ name: 'move.started', shard: 1, ...started }, 2000);
  live.happened(
    { name: 'move.done', shard: 1, way, bytes: 10 * MIB, seconds: 1, pauseMs: 120, secondsLeft: 6 },
    3000,
  );
  expect(live.at(5000)).toMatchObject({
    seconds: 4,
    moves: { done: 1, total: 4 },
    bytes: { done: 10 * MIB, total: 40 * MIB },
    bytesPerSecond: 2.5 * MIB,
    secondsLeft: 4,
    notes: [],
    nodes: picture.nodes,
    planned: picture.planned,
    pause: { longestMs: 120, maxMs: 300 },
  });
  live.happened({ name: 'move.retried', shard: 2, attempt: 1, reason: 'disk full' }, 5000);
  expect(live.at(5000).notes).toEqual(['try 1 of a move failed: disk full']);
});

describe('a terminal', () => {
  const terminal = (isTTY: boolean) => {
    const stream = { ...recordingStream(isTTY), rows: 5 };
    return { written: stream.written, stream };
  };

  test('is drawn over in place, and no further than it is high', () => {
    const { written, stream } = terminal(true);
    const block = new TerminalBlock(stream);
    block.draw(['a', 'b']);
    block.draw(['1', '2', '3', '4', '5', '6']);
    block.erase();
    block.erase();
    expect(written).toEqual(['a\nb\n', '\r\x1b[2A\x1b[J1\n2\n3\n4\n', '\r\x1b[4A\x1b[J']);
  });

  test('shows what is reported above the picture, and no bars beside it', async () => {
    const { written, stream } = terminal(true);
    const subject = { title: 'Moving shards', before, moves, maxWritePauseMs: 300 };
    await withLivePicture(streamReporter(stream), subject, async (reporter) => {
      reporter.progress('moving shards', 4, 'moves').update(1);
      reporter.warn('look');
    });
    expect(written[0]).toMatch(/Moving shards, 0\.0 s/);
    expect(written.slice(1, 4)).toEqual([
      '\r\x1b[4A\x1b[J',
      expect.stringMatching(/warning:.* look\n/),
      expect.stringMatching(/Moving shards/),
    ]);
    expect(written.at(-1)).toBe('\r\x1b[4A\x1b[J');
  });

  test('is needed for a picture: elsewhere everything is as it was', async () => {
    const { stream } = terminal(false);
    for (const reporter of [streamReporter(stream), eventReporter(stream)]) {
      const subject = { title: 'Moving shards', before, moves, maxWritePauseMs: 300 };
      await withLivePicture(reporter, subject, async (given) => expect(given).toBe(reporter));
    }
  });
});
