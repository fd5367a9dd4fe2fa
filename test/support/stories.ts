/** Tests that are steps of one story: each begins where the one before ended. */
export interface Story {
  readonly title: string;
  readonly begin: () => Promise<void>;
  readonly steps: readonly Step[];
  readonly end: () => Promise<void>;
}

export type Step = readonly [title: string, run: () => Promise<void> | void];

/**
 * Runs several stories at once, for those that mostly wait: the whole takes as long as the longest of them. Each step is
 * a test of its own, which fails as it would alone; the steps after it are not run, and say so.
 *
 * @param limitMs what a whole story may take
 */
export function tellAtOnce(limitMs: number, stories: readonly Story[]): void {
  const outcomes = new Map<Step, Promise<void>>();
  const told: Promise<unknown>[] = [];

  // Not awaited, so that the tests wait for their own steps.
  beforeAll(() => {
    for (const { begin, steps, end } of stories) {
      let before = begin();
      let last = 'what comes first';
      for (const step of steps) {
        const [title, run] = step;
        const notRun = `not run, as it failed before: ${last}`;
        const turn = before.catch((cause: unknown) => {
          throw new Error(notRun, { cause });
        });
        before = turn.then(run);
        outcomes.set(step, before);
        last = title;
      }
      told.push(before.then(end, end));
    }
    // Who fails early is heard when its test comes.
    for (const outcome of outcomes.values()) outcome.catch(() => undefined);
  });
  afterAll(() => Promise.all(told), limitMs);

  for (const { title, steps } of stories) {
    describe(title, () => {
      for (const step of steps) it(step[0], async () => outcomes.get(step), limitMs);
    });
  }
}
