import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import { testEnvironment } from './environment';

export interface TerraformRun {
  readonly status: number | null;
  /** Where documents and messages are, and nothing that Terraform has to say of its settings. */
  readonly stdout: string;
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
      env: testEnvironment({ TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', ...environment }),
    });
    return { status, stdout, output: stdout + stderr };
  }

  /** What the provider says of a stack, which takes the place of the one before. */
  validate(stack: { readonly text: string }, environment: Readonly<Record<string, string>> = {}): unknown {
    this.put(stack);
    return terraformDocument(this.run(['validate', '-json'], environment).stdout);
  }

  /**
   * As {@link run}, for a Terraform that talks to this process, with this environment and nothing of our own: somebody's
   * real login or proxy is not to come along.
   */
  async start(
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<TerraformRun> {
    const child = spawn('terraform', args, {
      cwd: this.directory,
      env: { TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', ...environment },
    });
    const written = [text(child.stdout), text(child.stderr)] as const;
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    const [stdout, stderr] = await Promise.all(written);
    return { status, stdout, output: stdout + stderr };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
