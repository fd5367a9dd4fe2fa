import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';

/** A part of the journey that was timed. */
export interface Stage {
  readonly name: string;
  readonly seconds: number;
  /** Set where it happened in numbers alone. */
  readonly simulated?: true;
}

/** Times the parts of one run, in the order they ran. */
export interface Stages {
  readonly done: readonly Stage[];
  /** The part that is running, or that ran last. */
  current(): string;
  /** Runs a part, unless the person has asked to stop. */
  run<T>(name: string, work: () => Promise<T>, options?: { readonly simulated?: boolean }): Promise<T>;
}

/** Counts the stages of a journey, each with the seconds it took. */
export function startStages({ signal }: VerbContext, now: () => number = () => performance.now()): Stages {
  const done: Stage[] = [];
  let current = 'start';
  return {
    done,
    current: () => current,
    async run(name, work, options) {
      stopIfAsked(signal, `before the stage "${name}"`);
      current = name;
      const started = now();
      const result = await work();
      const seconds = Math.round(now() - started) / 1000;
      done.push({ name, seconds, ...(options?.simulated === true ? { simulated: true } : {}) });
      return result;
    },
  };
}
