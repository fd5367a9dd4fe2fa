import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Synthesized } from '../audit/stack/synthesized';

const localBackend = z.object({
  terraform: z.object({ backend: z.object({ local: z.object({ path: z.string() }) }) }),
});

/**
 * Where a stack keeps its state on this machine, closes that directory to everybody but its owner: state holds passwords
 * in clear text, and Terraform writes the file readable for all.
 *
 * @param directory where Terraform runs
 */
export async function closeStateDirectory(stack: Synthesized, directory: string): Promise<void> {
  const { data } = localBackend.safeParse(stack.document);
  if (data === undefined) return;
  const states = path.dirname(path.resolve(directory, data.terraform.backend.local.path));
  await mkdir(states, { recursive: true });
  await chmod(states, 0o700);
}
