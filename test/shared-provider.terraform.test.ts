import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTerraform } from '../scripts/infra/terraform';
import { terraformDocument } from '../scripts/infra/terraform-answers';
import type { AzureStandIn } from '../scripts/local/azure/http/server';
import { startAzureStandIn } from '../scripts/local/azure/http/server';
import { testEnvironment } from './support/environment';
import { azureSuite } from './support/lanes';
import { scratchDirectory } from './support/scratch';
import type { SharedProvider } from './support/shared-provider';
import { startSharedProvider } from './support/shared-provider';
import { LOCK_FILE, seedLockFile } from './support/terraform-plugins';

jest.setTimeout(60_000);

const CONFIGURATION = {
  terraform: { required_providers: { azurerm: { source: 'hashicorp/azurerm', version: '4.55.0' } } },
  provider: { azurerm: { features: {}, resource_provider_registrations: 'none' } },
  resource: {
    azurerm_virtual_network: {
      hub: { name: 'hub', location: 'westus2', resource_group_name: 'rg', address_space: ['10.0.0.0/16'] },
    },
    azurerm_subnet: {
      data: {
        name: 'data',
        resource_group_name: 'rg',
        virtual_network_name: '${azurerm_virtual_network.hub.name}',
        address_prefixes: ['10.0.1.0/24'],
      },
    },
  },
};

const processOf = ({ TF_REATTACH_PROVIDERS }: SharedProvider['variables']): number =>
  Object.values(JSON.parse(TF_REATTACH_PROVIDERS) as Record<string, { readonly Pid: number }>)[0]?.Pid ?? 0;

/** A process whose parent is gone stays listed until the system has noted its end. */
function runs(pid: number): boolean {
  const file = `/proc/${String(pid)}/stat`;
  return existsSync(file) && !/^\d+ \(.*\) Z /s.test(readFileSync(file, 'utf8'));
}

azureSuite('one process of the plugin for many commands', () => {
  const directory = scratchDirectory();
  let azure: AzureStandIn;
  beforeAll(async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted' });
    writeFileSync(join(directory, 'main.tf.json'), JSON.stringify(CONFIGURATION));
    seedLockFile(directory);
  });
  afterAll(() => azure.close());

  const terraform = async (args: readonly string[], more: Readonly<Record<string, string>>) => {
    const environment = { ...azure.terraformEnvironment(testEnvironment()), ...more };
    const { exitCode, stdout, stderr } = await runTerraform(args, { cwd: directory, environment });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const planned = async (more: Readonly<Record<string, string>>): Promise<unknown> => {
    await terraform(['plan', '-out=plan'], more);
    const { timestamp, ...plan } = terraformDocument(await terraform(['show', '-json', 'plan'], more)) as {
      readonly timestamp: string;
    };
    expect(timestamp).toBeDefined();
    return plan;
  };

  test('plans what a plugin of the command plans, and leaves the lock file as it is', async () => {
    await terraform(['init'], {});
    const own = await planned({});
    copyFileSync(join(directory, LOCK_FILE), join(directory, 'before'));
    const provider = await startSharedProvider(azure.terraformEnvironment(testEnvironment()));
    try {
      await terraform(['init'], provider.variables);
      expect(await planned(provider.variables)).toEqual(own);
      expect(own).toMatchObject({ resource_changes: [{ type: 'azurerm_subnet' }, {}] });
      expect(readFileSync(join(directory, LOCK_FILE), 'utf8')).toBe(
        readFileSync(join(directory, 'before'), 'utf8'),
      );
      expect(runs(processOf(provider.variables))).toBe(true);
    } finally {
      await provider.end();
    }
    expect(runs(processOf(provider.variables))).toBe(false);
  });

  test('ends with the process that started it, however that ends', async () => {
    const child = spawn(process.execPath, [join(__dirname, 'support', 'shared-provider-child.js')], {
      env: testEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const plugin = processOf({ TF_REATTACH_PROVIDERS: line });
    expect(runs(plugin)).toBe(true);
    child.kill('SIGKILL');
    while (runs(plugin)) await sleep(20);
  });
});
