import { z } from 'zod';
import type { BootstrapSettings } from './bootstrap-schema';
import { readsAdoption } from './adoption';
import { readsService } from './environment-service';
import { stateRules } from './state-rules';
import { subnetId, virtualNetworkOf } from '../azure/resource-names';
import { didYouMean, oneOf, show } from '../text/text';
import type { Rule } from '../file/yaml';
import type { Path } from '../file/violations';
import { rule } from '../file/yaml';

/** Something an environment takes for itself, and how a sentence says so. */
interface Claim {
  /** Equal for two environments that want the same thing. */
  readonly key: string;
  readonly said: string;
}

/** What no two environments may both have. */
interface Exclusive {
  readonly at: Path;
  /** The claim as one file makes it, if it does. */
  readonly reads: z.ZodType<Claim>;
  readonly why: string;
}

// Azure compares the names of groups and the ids of resources without regard to case.
const EXCLUSIVES: readonly Exclusive[] = [
  {
    at: ['cluster', 'name'],
    reads: z
      .object({ service: readsService, cluster: z.object({ name: z.string() }) })
      .transform(({ service, cluster: { name } }) => ({
        key: `${service} ${name}`,
        said: `is ${show(name)}`,
      })),
    why: 'no two clusters on Azure have the same name, so change one of the two',
  },
  {
    at: ['resourceGroup'],
    reads: z
      .object({ resourceGroup: z.string(), cluster: readsAdoption.pipe(z.literal('none')) })
      .transform(({ resourceGroup: group }) => ({ key: group.toLowerCase(), said: `is ${show(group)}` })),
    why: 'each environment creates its own, so change one of the two',
  },
  {
    at: ['keyVault', 'name'],
    reads: z
      .object({ keyVault: z.object({ name: z.string() }) })
      .transform(({ keyVault: { name } }) => ({ key: name.toLowerCase(), said: `is ${show(name)}` })),
    why: 'no two vaults on Azure have the same name, so change one of the two',
  },
  {
    at: ['state', 'key'],
    reads: z
      .object({
        state: z.object({
          backend: z.literal('azurerm'),
          storageAccount: z.string(),
          container: z.string(),
          key: z.string(),
        }),
      })
      .transform(({ state }) => {
        const key = [state.storageAccount, state.container, state.key].join('/');
        return { key, said: `is ${show(key)}` };
      }),
    why: 'a shared state makes one environment destroy the other, so change one of the two',
  },
  {
    at: ['network', 'subnetId'],
    reads: z
      .object({
        service: readsService,
        network: z.object({ access: z.literal('private'), subnetId }),
      })
      .transform(({ service, network }) => {
        const id = virtualNetworkOf(network.subnetId);
        // The services have zones of different names.
        return {
          key: `${service} ${id.toLowerCase()}`,
          said: `is in the virtual network ${show(id.split('/').at(-1))}`,
        };
      }),
    why: 'each environment makes a private DNS zone and links it, and a network takes one zone of that name, so choose a subnet of another network for one of the two, or access: firewall',
  },
];

/**
 * The rules between the files of one read, which {@link Rule} lets speak also where a file has other issues. Call the
 * answer once for each file, in order: an environment is held against those before it.
 *
 * @param workloads the names of the workloads there are
 * @param bootstrap where the states of all of them are to lie, where a file says so
 */
export function acrossEnvironments(
  workloads: readonly string[],
  bootstrap?: BootstrapSettings,
): (environment: string) => Rule[] {
  const taken = EXCLUSIVES.map(() => new Map<string, string>());
  return (environment) => [
    knownWorkload(workloads),
    ...(bootstrap === undefined ? [] : stateRules(bootstrap)),
    ...EXCLUSIVES.map(({ at, reads, why }, index) =>
      rule(reads, (claim, report) => {
        const other = taken[index]?.get(claim.key);
        if (other === undefined) taken[index]?.set(claim.key, environment);
        else report(at, `${claim.said}, as in environment ${show(other)}: ${why}`);
      }),
    ),
  ];
}

function knownWorkload(known: readonly string[]): Rule {
  return rule(z.object({ workload: z.string().min(1) }), ({ workload }, report) => {
    if (known.includes(workload)) return;
    const choose = known.length === 0 ? 'there is no workload yet' : `choose ${oneOf(known)}`;
    report(['workload'], `is ${show(workload)}${didYouMean(workload, known)}: ${choose}`);
  });
}
