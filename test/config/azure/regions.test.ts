import {
  CLUSTER_REGIONS,
  hasZoneStandbys,
  newRegionViolations,
  regionMeant,
  REGIONS,
} from '../../../config/azure/regions';
import { location } from '../../../config/azure/resource-names';
import { violationsOf } from '../../../config/file/violations';

const problems = (region: string, source?: string): string[] =>
  newRegionViolations(region, source).map(({ problem }) => problem);

it('has those where no standby lies in another zone', () => {
  const without = REGIONS.filter((region) => !hasZoneStandbys(region));
  expect(without).toHaveLength(19);
  expect(without).toContain('westus');
});

it('are each written once, as Azure does', () => {
  expect(new Set(REGIONS).size).toBe(REGIONS.length);
  for (const region of REGIONS) expect(violationsOf(location, region)).toEqual([]);
});

it.each([
  ['West US 2', 'westus2'],
  ['UK South', 'uksouth'],
  ['west-europe', 'westeurope'],
  ['WESTUS3', 'westus3'],
])('%s is not how tools write a region, and %s is', (written, meant) => {
  expect(violationsOf(location, written).map(({ problem }) => problem)).toEqual([
    `is "${written}": it must be a region as Azure's tools write it, as in westus2 (did you mean "${meant}"?)`,
  ]);
});

it.each([
  ['westuss2', ' (did you mean "westus2"?)'],
  ['northeurop', ' (did you mean "northeurope"?)'],
  ['narnia', ''],
])('a slip in %s is told', (written, meant) => {
  expect(regionMeant(written)).toBe(meant);
  expect(problems(written)).toEqual([
    `is "${written}", which is no region of Azure${meant}: write it as Azure's tools do, as in westus2`,
  ]);
});

describe('a cluster that is not there yet', () => {
  it('may lie wherever the service is, and one without a source in any region of Azure', () => {
    for (const region of CLUSTER_REGIONS) expect(problems(region, 'eastus')).toEqual([]);
    expect(problems('italynorth')).toEqual([]);
  });

  it('may not lie where the service is not, but where its source lies', () => {
    expect(problems('italynorth', 'eastus')).toEqual([
      'is "italynorth", where Azure Cosmos DB for PostgreSQL is not offered: choose the region of the source, "eastus", or another one where it is, as in westus2',
    ]);
    expect(problems('italynorth', 'italynorth')).toEqual([]);
    expect(problems('somewherenew', 'somewherenew')).toEqual([]);
  });
});
