import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDiagnostics } from '../../scripts/infra/diagnostics';
import type { ProcessEnvironment } from '../../scripts/infra/terraform';
import { withoutChoices, withoutVariables } from '../../scripts/infra/terraform';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import type { LaneStatus } from './lanes';
import { LANE_DIRECTORY, LOCK_FILE, PLUGIN_CACHE } from './terraform-plugins';

const run = promisify(execFile);

const PROVIDER = { source: 'hashicorp/azurerm', version: '4.55.0' };
const OLDEST = [1, 5] as const;

/**
 * The lane needs the binary, and the plugin from wherever the caller's Terraform looks for it. Whatever runs Terraform
 * after this finds it in the cache.
 */
export async function detectTerraform(caller: ProcessEnvironment): Promise<LaneStatus> {
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
  const plugin = `${PROVIDER.source} ${PROVIDER.version}`;
  try {
    await initialise(env);
    return { runs: true, reason: `terraform ${version}, ${plugin}` };
  } catch (error) {
    return { runs: false, reason: `terraform init cannot get ${plugin}: ${firstFault(error)}` };
  }
}

async function initialise(env: ProcessEnvironment): Promise<void> {
  if (isInstalled()) return;
  for (const each of [LANE_DIRECTORY, PLUGIN_CACHE]) mkdirSync(each, { recursive: true });
  writeFileSync(
    join(LANE_DIRECTORY, 'main.tf.json'),
    JSON.stringify({ terraform: { required_providers: { azurerm: PROVIDER } } }),
  );
  await run('terraform', ['init', '-input=false', '-no-color'], {
    cwd: LANE_DIRECTORY,
    env: { ...env, TF_PLUGIN_CACHE_DIR: PLUGIN_CACHE },
    timeout: 180_000,
  });
}

/** Terraform files plugins under the host they are named after. */
function isInstalled(): boolean {
  if (!existsSync(PLUGIN_CACHE) || !existsSync(join(LANE_DIRECTORY, LOCK_FILE))) return false;
  return readdirSync(PLUGIN_CACHE).some((host) =>
    existsSync(join(PLUGIN_CACHE, host, PROVIDER.source, PROVIDER.version)),
  );
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
