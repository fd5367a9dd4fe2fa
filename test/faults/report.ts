import { PLAN, subjectOfLine } from './apply-process';
import type { Trial } from './trials';

/** One trial in a line, and one more for each problem. */
export function describeTrial({ faults, runs, seconds, problems, again }: Trial, number: number): string[] {
  const kills = faults.map(
    ({ story, killed, after, moment, lifted }) =>
      `${story} ${killed} at ${after.toFixed(1)} s (${shorten(moment)}${lifted ? ', FORCE off' : ''})`,
  );
  const verdict = problems.length === 0 ? 'nothing lost' : 'LOST';
  return [
    `${String(number).padStart(3)}. ${verdict} in ${String(runs)} runs, ${seconds.toFixed(0)} s: ${kills.length === 0 ? 'no kill met it' : kills.join(', ')}`,
    ...problems.map((problem) => `     ${problem}`),
    ...(problems.length === 0 ? [] : [`     again: ${again}`]),
  ];
}

/** The figures people ask for: how many kills, where they fell, and the share of them that lost nothing. */
export function summarize(trials: readonly Trial[]): { readonly lines: string[]; readonly lost: number } {
  const faults = trials.flatMap((trial) =>
    trial.faults.map((fault) => ({ ...fault, ok: trial.problems.length === 0 })),
  );
  const undisturbed = trials.filter((trial) => trial.faults.length === 0 && trial.problems.length > 0).length;
  const lost = faults.filter(({ ok }) => !ok).length + undisturbed;
  const line = (what: string, of: typeof faults): string =>
    `${what}: ${String(of.filter(({ ok }) => ok).length)} of ${String(of.length)} kills converged and lost nothing` +
    (of.length === 0 ? '' : ` (${(of.filter(({ ok }) => ok).length / of.length).toFixed(3)})`);
  const killed = [...new Set(faults.map((fault) => fault.killed))].sort();
  const moments = new Map<string, number>();
  for (const { moment } of faults) moments.set(action(moment), (moments.get(action(moment)) ?? 0) + 1);
  return {
    lines: [
      '',
      ...killed.map((name) =>
        line(
          name,
          faults.filter((fault) => fault.killed === name),
        ),
      ),
      line('all', faults),
      line(
        'while FORCE was off',
        faults.filter(({ lifted }) => lifted),
      ),
      `last said before the kill: ${[...moments]
        .sort(([, a], [, b]) => b - a)
        .map(([what, count]) => `${what} ${String(count)}`)
        .join(', ')}`,
    ],
    lost,
  };
}

/** The step's action of a line such as `distribute events: 12 %` or `set-not-null:events:id (0.1 s)`. */
function action(moment: string): string {
  const subject = subjectOfLine(moment);
  return subject === PLAN
    ? subject
    : (/^[a-z]+(?:-[a-z]+)+|^distribute|^undistribute/.exec(subject)?.[0] ?? 'nothing');
}

function shorten(moment: string): string {
  const words = moment.trim();
  return words.length > 60 ? `${words.slice(0, 57)}...` : words;
}
