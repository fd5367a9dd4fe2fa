import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TerraformRun {
  readonly status: number | null;
  /** stdout and stderr, in this order. */
  readonly output: string;
}

/**
 * A directory that Terraform runs in, initialized once for stacks that need the same providers: linking and hashing
 * the azurerm plugin is most of what an init costs.
 */
export class TerraformDirectory {
  private readonly directory = mkdtempSync(path.join(tmpdir(), 'scaleout-terraform-'));

  /** Puts another stack in the place of the one before. */
  put(stack: { readonly text: string }): void {
    writeFileSync(path.join(this.directory, 'cdk.tf.json'), stack.text);
  }

  run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): TerraformRun {
    const { status, stdout, stderr } = spawnSync('terraform', args, {
      cwd: this.directory,
      encoding: 'utf8',
      env: { ...process.env, TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', ...environment },
    });
    return { status, output: stdout + stderr };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
