import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LaneStatus } from './lanes';

const run = promisify(execFile);

/** Where an initialised configuration stays from one run to the next, so that the plugin is fetched once. */
const DIRECTORY = join(__dirname, '..', '..', '.scaleout', 'lanes', 'terraform');
const PROVIDER = { source: 'hashicorp/azurerm', version: '4.55.0' };
const OLDEST = [1, 5] as const;

/** The lane needs the binary, and the plugin from wherever this machine's Terraform looks for it. */
export async function detectTerraform(): Promise<LaneStatus> {
  let version: string;
  try {
    const { stdout } = await run('terraform', ['version', '-json'], { timeout: 20_000, env: environment() });
    version = (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
  } catch {
    return { runs: false, reason: 'there is no terraform on the PATH' };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return { runs: false, reason: `terraform ${version} is older than ${OLDEST.join('.')}` };
  }
  const plugin = `${PROVIDER.source} ${PROVIDER.version}`;
  try {
    await initialise();
    return { runs: true, reason: `terraform ${version}, ${plugin}` };
  } catch (error) {
    return { runs: false, reason: `terraform init cannot get ${plugin}: ${firstFault(error)}` };
  }
}

async function initialise(): Promise<void> {
  if (isInstalled()) return;
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(
    join(DIRECTORY, 'main.tf.json'),
    JSON.stringify({ terraform: { required_providers: { azurerm: PROVIDER } } }),
  );
  await run('terraform', ['init', '-input=false', '-no-color'], {
    cwd: DIRECTORY,
    env: environment(),
    timeout: 180_000,
  });
}

/** Terraform files plugins under the host they are named after. */
function isInstalled(): boolean {
  const providers = join(DIRECTORY, '.terraform', 'providers');
  if (!existsSync(providers)) return false;
  return readdirSync(providers).some((host) =>
    existsSync(join(providers, host, PROVIDER.source, PROVIDER.version)),
  );
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, CHECKPOINT_DISABLE: '1', TF_REGISTRY_DISCOVERY_RETRY: '0' };
}

function firstFault(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return /Error: (.+)/.exec(stderr)?.[1] ?? 'it did not end in time';
}
