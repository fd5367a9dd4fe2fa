/** Regions of Azure, as its tools write them. */
import type { Violation } from '../file/violations';
import { didYouMean, show } from '../text/text';

/**
 * Where Azure Cosmos DB for PostgreSQL is offered. Source: the product's page on regional availability, 2 April 2024; a
 * support request may open others.
 */
export const CLUSTER_REGIONS = [
  'australiacentral',
  'australiaeast',
  'brazilsouth',
  'canadacentral',
  'canadaeast',
  'centralindia',
  'centralus',
  'eastasia',
  'eastus',
  'eastus2',
  'francecentral',
  'germanywestcentral',
  'japaneast',
  'japanwest',
  'koreacentral',
  'northcentralus',
  'northeurope',
  'polandcentral',
  'qatarcentral',
  'southcentralus',
  'southindia',
  'southeastasia',
  'swedencentral',
  'switzerlandnorth',
  'switzerlandwest',
  'uksouth',
  'westcentralus',
  'westeurope',
  'westus',
  'westus2',
  'westus3',
] as const;

/** The other regions of the public cloud that were there when this was written. */
const OTHER_REGIONS = [
  'australiacentral2',
  'australiasoutheast',
  'austriaeast',
  'belgiumcentral',
  'brazilsoutheast',
  'chilecentral',
  'denmarkeast',
  'francesouth',
  'germanynorth',
  'indonesiacentral',
  'israelcentral',
  'italynorth',
  'jioindiacentral',
  'jioindiawest',
  'koreasouth',
  'malaysiawest',
  'mexicocentral',
  'newzealandnorth',
  'norwayeast',
  'norwaywest',
  'southafricanorth',
  'southafricawest',
  'spaincentral',
  'swedensouth',
  'uaecentral',
  'uaenorth',
  'ukwest',
  'westindia',
] as const;

/**
 * Where Azure Database for PostgreSQL puts no standby into another zone, most of them regions without zones. Source: the
 * product's table of regions, 18 November 2025; Azure adds zones to a region from time to time.
 */
const WITHOUT_ZONE_STANDBYS: ReadonlySet<string> = new Set([
  'australiacentral',
  'australiacentral2',
  'australiasoutheast',
  'brazilsoutheast',
  'canadaeast',
  'francesouth',
  'germanynorth',
  'japanwest',
  'jioindiacentral',
  'jioindiawest',
  'koreasouth',
  'northcentralus',
  'norwaywest',
  'southafricawest',
  'switzerlandwest',
  'uaecentral',
  'ukwest',
  'westcentralus',
  'westus',
]);

/** Whether a standby in another zone is nothing that this region is known to lack. */
export function hasZoneStandbys(region: string): boolean {
  return !WITHOUT_ZONE_STANDBYS.has(region);
}

export const REGIONS: readonly string[] = [...CLUSTER_REGIONS, ...OTHER_REGIONS];

/** ` (did you mean "westus2"?)` for `West US 2` and `westus22`; nothing for what is near no region that is known. */
export function regionMeant(text: string): string {
  const word = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (REGIONS.includes(word)) return didYouMean(word, [word]);
  return didYouMean(word, REGIONS);
}

/**
 * What is wrong with the region of a cluster that is not there yet. One that is there may lie in a region that nobody
 * here has heard of: it is asked for nothing.
 *
 * @param source the region of the cluster that its data comes from; one that is opened to a subscription is on no list
 */
export function newRegionViolations(region: string, source?: string): Violation[] {
  if (region === source) return [];
  if (!REGIONS.includes(region)) {
    return [
      {
        at: [],
        problem: `is ${show(region)}, which is no region of Azure${regionMeant(region)}: write it as Azure's tools do, as in westus2`,
      },
    ];
  }
  if (source === undefined || (CLUSTER_REGIONS as readonly string[]).includes(region)) return [];
  return [
    {
      at: [],
      problem: `is ${show(region)}, where Azure Cosmos DB for PostgreSQL is not offered: choose the region of the source, ${show(source)}, or another one where it is, as in westus2`,
    },
  ];
}
