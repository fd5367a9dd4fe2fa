import { z } from 'zod';
import { duration } from '../lib/reporter';
import { terraformMessage } from './terraform-answers';

/** What `terraform apply -json` says while it works: one message to a line. */
const hookSchema = z.object({
  type: z.enum(['apply_start', 'apply_progress', 'apply_complete', 'apply_errored']),
  hook: z.object({
    resource: z.object({ addr: z.string() }),
    elapsed_seconds: z.number().optional(),
  }),
});

/** How far an apply is. */
export interface ApplyProgress {
  /** Resources that are finished. */
  readonly done: number;
  /** The one that it waits for, and for how long. */
  readonly detail: string;
  /** The address of a resource that has just failed; Terraform says why when the others have ended. */
  readonly failed?: string;
}

/** Follows an apply by its messages. Feed it whatever came; it finds the lines. */
export function applyProgress(report: (progress: ApplyProgress) => void): (text: string) => void {
  const done = new Set<string>();
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = parseLine(line);
      if (message === undefined) continue;
      const { addr } = message.hook.resource;
      const seconds = message.hook.elapsed_seconds ?? 0;
      if (message.type === 'apply_complete') done.add(addr);
      const detail = message.type === 'apply_progress' ? `${addr}, ${duration(seconds)} so far` : addr;
      report({ done: done.size, detail, ...(message.type === 'apply_errored' ? { failed: addr } : {}) });
    }
  };
}

function parseLine(line: string): z.output<typeof hookSchema> | undefined {
  return hookSchema.safeParse(terraformMessage(line)).data;
}
