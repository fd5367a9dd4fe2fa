import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProcessEnvironment } from '../infra/terraform';
import { paragraph, runTerraform, withoutChoices } from '../infra/terraform';
import { terraformDocument, terraformWords } from '../infra/terraform-answers';
import { ScaleoutError } from '../lib/errors';
import type { ProviderSchemas } from './schema';

/**
 * The schemas of providers, as Terraform tells them. Asked for in a directory of its own: a stack's backend would want
 * to be reached first.
 *
 * @param requiredProviders as a stack states them, under `terraform.required_providers`
 * @throws ScaleoutError when Terraform is missing or cannot get a provider
 */
export async function readProviderSchemas(
  requiredProviders: unknown,
  options: { readonly environment: ProcessEnvironment; readonly signal?: AbortSignal },
): Promise<ProviderSchemas> {
  const directory = await mkdtemp(path.join(tmpdir(), 'scaleout-schemas-'));
  try {
    const configuration = { terraform: { required_providers: requiredProviders } };
    await writeFile(path.join(directory, 'main.tf.json'), JSON.stringify(configuration));
    const environment = withoutChoices(options.environment);
    const terraform = async (...args: string[]): Promise<string> => {
      const result = await runTerraform(args, { ...options, environment, cwd: directory });
      if (result.exitCode === 0) return result.stdout;
      throw new ScaleoutError(
        'infra.terraform-failed',
        `terraform ${args[0] ?? ''} failed where the providers' schemas were to be read: ${paragraph(terraformWords(result.stderr))}`,
      );
    };
    await terraform('init', '-no-color');
    return terraformDocument(await terraform('providers', 'schema', '-json')) as ProviderSchemas;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
