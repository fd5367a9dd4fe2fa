import type { Run, Word } from './apply-process';
import { PLAN, subjectOfLine } from './apply-process';

/** When to kill: in the time that runs have worked on one distribution, or in the course of what they say. */
export type Moment =
  | { readonly kind: 'clock'; readonly worked: number }
  /** Seconds after the program has said a line of this subject; of none, after it is loaded. */
  | { readonly kind: 'word'; readonly subject: string | undefined; readonly seconds: number };

/** The course of a run that nobody disturbed. */
export interface Course {
  /** Seconds until the program is loaded: before, there is nothing to kill. */
  readonly loaded: number;
  /** Seconds until it ended. */
  readonly ended: number;
  /** What it said, from the end of its plan on. */
  readonly words: readonly Word[];
}

export function courseOf(run: Run, loaded: number): Course {
  const plan = run.words.findIndex(({ line }) => subjectOfLine(line) === PLAN);
  return { loaded, ended: run.seconds(), words: run.words.slice(Math.max(0, plan)) };
}

/**
 * Random moments of one distribution, in order. Half of them are anywhere in its time, so that long steps are met as
 * often as they are long; half are anywhere between two lines that it says, so that the short ones (the records at the
 * start, the comparison at the end, a key that is dropped) are met as often as any other. Pure but for `random`.
 */
export function drawMoments(course: Course, count: number, random: () => number): Moment[] {
  const drawn = Array.from({ length: count }, (): { readonly at: number; readonly moment: Moment } => {
    const byClock = random() < 0.5;
    const where = random();
    if (byClock) {
      const worked = where * (course.ended - course.loaded);
      return { at: worked, moment: { kind: 'clock', worked } };
    }
    const marks = [undefined, ...course.words];
    const place = Math.floor(where * marks.length);
    const from = marks[place]?.at ?? course.loaded;
    const until = course.words[place]?.at ?? course.ended;
    const seconds = random() * Math.max(0, until - from);
    const line = marks[place]?.line;
    return {
      at: from - course.loaded + seconds,
      moment: { kind: 'word', subject: line === undefined ? undefined : subjectOfLine(line), seconds },
    };
  });
  return drawn.sort((a, b) => a.at - b.at).map(({ moment }) => moment);
}
