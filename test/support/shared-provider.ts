import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AZURERM, PLUGIN_CACHE } from './terraform-plugins';

/** Ends the plugin when the pipe on stdin closes, which it does however this process ends. */
const WITH_ITS_STARTER =
  '"$0" -debuggable </dev/null & plugin=$!; cat >/dev/null; kill "$plugin"; wait "$plugin"';

/**
 * One process of the azurerm plugin for many commands of Terraform: a command that starts its own spends most of its time on that.
 * Not for tests that kill Terraform with its plugin, or that are about plugins.
 */
export interface SharedProvider {
  /** For the environment of the commands. */
  readonly variables: { readonly TF_REATTACH_PROVIDERS: string };
  end(): Promise<void>;
}

/** For the environment of a command that starts its own plugin all the same. */
export const OWN_PLUGIN = { TF_REATTACH_PROVIDERS: undefined };

/** @param environment of the plugin, which reads the login to Azure there */
export async function startSharedProvider(environment: NodeJS.ProcessEnv): Promise<SharedProvider> {
  const shell = spawn('/bin/sh', ['-c', WITH_ITS_STARTER, pluginFile()], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // It serves many commands, so what one of them leaves behind has to be collected some time.
    env: { ...environment, GOMEMLIMIT: '512MiB' },
  });
  const ended = once(shell, 'close');
  const end = async (): Promise<void> => {
    shell.stdin.end();
    await ended;
  };
  for await (const line of createInterface(shell.stdout)) {
    const [, reattach] = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line) ?? [];
    if (reattach === undefined) continue;
    shell.stdout.resume();
    return { variables: { TF_REATTACH_PROVIDERS: reattach }, end };
  }
  await end();
  throw new Error('the plugin does not say where it listens');
}

function pluginFile(): string {
  const files = readdirSync(PLUGIN_CACHE, { recursive: true, encoding: 'utf8' });
  const plugin = files.find((file) => file.includes(`/terraform-provider-azurerm_v${AZURERM}_`));
  if (plugin === undefined) throw new Error(`there is no azurerm ${AZURERM} in ${PLUGIN_CACHE}`);
  return join(PLUGIN_CACHE, plugin);
}
