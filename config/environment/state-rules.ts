import { z } from 'zod';
import type { BootstrapSettings } from './bootstrap-schema';
import { oneOf, show } from '../text/text';
import type { Report, Rule } from '../file/yaml';
import type { Path } from '../file/violations';
import { rule } from '../file/yaml';

/**
 * The rules that hold the state of an environment to the storage account that `bootstrap.yaml` makes: a state elsewhere
 * would lie in an account that nobody described.
 */
export function stateRules(bootstrap: BootstrapSettings): Rule[] {
  const remote = (
    key: 'resourceGroup' | 'storageAccount' | 'container',
    check: (value: string, report: Report, at: Path) => void,
  ): Rule =>
    rule(
      z.object({ state: z.object({ backend: z.literal('azurerm'), [key]: z.string() }) }),
      ({ state }, report) => check(state[key] ?? '', report, ['state', key]),
    );
  const must = (value: string, wanted: string, report: Report, at: Path): void => {
    // Azure compares the names of groups without regard to case.
    if (value.toLowerCase() === wanted.toLowerCase()) return;
    report(
      at,
      `is ${show(value)}, and bootstrap.yaml makes ${show(wanted)}: write that, or change bootstrap.yaml`,
    );
  };
  return [
    rule(z.object({ resourceGroup: z.string() }), ({ resourceGroup }, report) => {
      if (resourceGroup.toLowerCase() !== bootstrap.resourceGroup.toLowerCase()) return;
      report(
        ['resourceGroup'],
        `is ${show(resourceGroup)}, which bootstrap.yaml makes for the state: each environment creates its own, so choose another`,
      );
    }),
    remote('resourceGroup', (value, report, at) => must(value, bootstrap.resourceGroup, report, at)),
    remote('storageAccount', (value, report, at) => must(value, bootstrap.storageAccount, report, at)),
    remote('container', (value, report, at) => {
      if (bootstrap.containers.includes(value)) return;
      report(
        at,
        `is ${show(value)}, and bootstrap.yaml lists no such container: write ${oneOf(bootstrap.containers)}, or add it there`,
      );
    }),
  ];
}
