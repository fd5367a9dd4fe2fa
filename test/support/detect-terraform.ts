import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDiagnostics } from '../../scripts/infra/diagnostics';
import type { ProcessEnvironment } from '../../scripts/infra/terraform';
import { withoutChoices, withoutVariables } from '../../scripts/infra/terraform';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import { AZURERM_OF_ELASTIC_CLUSTERS } from '../../constructs/elastic-cluster-block';
import type { LaneStatus } from './lanes';
import { AZURERM, LANE_DIRECTORY, LOCK_FILE, PLUGIN_CACHE } from './terraform-plugins';

const run = promisify(execFile);

const SOURCE = 'hashicorp/azurerm';
const OLDEST = [1, 5] as const;

/** A plugin, and where its configuration stays from one run to the next. */
interface Plugin {
  readonly version: string;
  readonly directory: string;
}

const USUAL: Plugin = { version: AZURERM, directory: LANE_DIRECTORY };
export const OF_ELASTIC_CLUSTERS: Plugin = {
  version: AZURERM_OF_ELASTIC_CLUSTERS,
  directory: `${LANE_DIRECTORY}-elastic`,
};

/**
 * The lane needs the binary, and the plugin from wherever the caller's Terraform looks for it. Whatever runs Terraform
 * after this finds it in the cache.
 */
export async function detectTerraform(
  caller: ProcessEnvironment,
  wanted: Plugin = USUAL,
): Promise<LaneStatus> {
  let version: string;
  const env = environment(caller);
  try {
    const { stdout } = await run('terraform', ['version', '-json'], { timeout: 20_000, env });
    version = (terraformDocument(stdout) as { terraform_version: string }).terraform_version;
  } catch {
    return { runs: false, reason: 'there is no terraform on the PATH' };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return { runs: false, reason: `terraform ${version} is older than ${OLDEST.join('.')}` };
  }
  const plugin = `${SOURCE} ${wanted.version}`;
  try {
    await initialise(env, wanted);
    return { runs: true, reason: `terraform ${version}, ${plugin}` };
  } catch (error) {
    return { runs: false, reason: `terraform init cannot get ${plugin}: ${firstFault(error)}` };
  }
}

async function initialise(env: ProcessEnvironment, wanted: Plugin): Promise<void> {
  if (isInstalled(wanted)) return;
  const { directory, version } = wanted;
  for (const each of [directory, PLUGIN_CACHE]) mkdirSync(each, { recursive: true });
  writeFileSync(
    join(directory, 'main.tf.json'),
    JSON.stringify({ terraform: { required_providers: { azurerm: { source: SOURCE, version } } } }),
  );
  await run('terraform', ['init', '-input=false', '-no-color'], {
    cwd: directory,
    env: { ...env, TF_PLUGIN_CACHE_DIR: PLUGIN_CACHE },
    timeout: 180_000,
  });
}

/** Terraform files plugins under the host they are named after. */
function isInstalled({ directory, version }: Plugin): boolean {
  if (!existsSync(PLUGIN_CACHE) || !existsSync(join(directory, LOCK_FILE))) return false;
  return readdirSync(PLUGIN_CACHE).some((host) => existsSync(join(PLUGIN_CACHE, host, SOURCE, version)));
}

function environment(caller: ProcessEnvironment): ProcessEnvironment {
  return {
    ...withoutVariables(withoutChoices(caller), /^TF_(?:LOG|INPUT$)/),
    CHECKPOINT_DISABLE: '1',
    TF_REGISTRY_DISCOVERY_RETRY: '0',
  };
}

function firstFault(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return parseDiagnostics(stderr)[0]?.summary ?? 'it did not end in time';
}
