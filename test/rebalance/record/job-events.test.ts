import { JobNews } from '../../../scripts/rebalance/record/job-events';
import { isAtSameMove } from '../../../scripts/rebalance/control';
import { job, moveTask } from '../fixtures';

describe('what happened in a job', () => {
  test('is told once, with the seconds for which a move was seen under way', () => {
    const news = new JobNews();
    const look = (at: number, ...tasks: ReturnType<typeof moveTask>[]) =>
      news.look(job({ tasks }), at).events;
    expect(look(0, moveTask(1, 'done'), moveTask(2, 'blocked'), moveTask(3, 'blocked'))).toEqual([
      { name: 'job.followed', job: 3, moves: 1, movesPlanned: 3 },
    ]);
    expect(look(1000, moveTask(1, 'done'), moveTask(2, 'running'), moveTask(3, 'blocked'))).toEqual([
      expect.objectContaining({
        name: 'move.started',
        shard: 2,
        from: '127.0.0.1:9700',
        to: '127.0.0.1:9701',
        way: 'logical',
      }),
    ]);
    // The third one began and arrived between two looks.
    const last = look(3500, moveTask(1, 'done'), moveTask(2, 'done'), moveTask(3, 'done'));
    expect(last).toMatchObject([
      { name: 'move.done', shard: 2, seconds: 2.5, pauseMs: null },
      { name: 'move.started', shard: 3 },
      { name: 'move.done', shard: 3, seconds: 2.5 },
    ]);
    expect(look(4500, moveTask(1, 'done'), moveTask(2, 'done'), moveTask(3, 'done'))).toEqual([]);
  });

  test('names each failed try once with its reason, and how the job ended', () => {
    const news = new JobNews();
    const failing = moveTask(1, 'runnable', { retries: 1, error: 'disk full' });
    const retried = { name: 'move.retried', shard: 1, attempt: 1, reason: 'disk full' };
    expect(news.look(job({ tasks: [failing] }), 0).events).toContainEqual(retried);
    expect(news.look(job({ tasks: [failing] }), 1000).events).toEqual([]);
    const again = news.look(job({ tasks: [{ ...failing, retries: 2 }] }), 2000).events;
    expect(again).toEqual([{ ...retried, attempt: 2 }]);
    const failed = job({
      state: 'failed',
      tasks: [moveTask(1, 'error', { retries: 2, error: 'disk full' })],
    });
    const end = { name: 'job.failed', job: 3, moves: 0, movesPlanned: 1, reason: 'disk full' };
    expect(news.look(failed, 3000).events).toEqual([end]);
    expect(news.look(failed, 4000).events).toEqual([]);
  });

  test('a move that is tried again is none to wait for before a job is ended', () => {
    const before = job({ tasks: [moveTask(1, 'running'), moveTask(2, 'blocked')] });
    expect(isAtSameMove(before, before)).toBe(true);
    expect(isAtSameMove(before, job({ tasks: [moveTask(1, 'done'), moveTask(2, 'running')] }))).toBe(false);
    const again = job({ tasks: [moveTask(1, 'running', { retries: 1 })] });
    expect(isAtSameMove(again, again)).toBe(false);
  });
});
