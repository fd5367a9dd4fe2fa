import type { ArmRequest } from './arm';
import { ArmError } from './arm';
import type { Resource } from './store';
import { badRequest } from './values';

/** The public regions of Azure, as its tools write them. */
const REGIONS = new Set(
  (
    'australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth ' +
    'brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral eastasia eastus eastus2 ' +
    'francecentral francesouth germanynorth germanywestcentral indonesiacentral israelcentral italynorth japaneast ' +
    'japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral newzealandnorth ' +
    'northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest ' +
    'southcentralus southeastasia southindia spaincentral swedencentral switzerlandnorth switzerlandwest uaecentral ' +
    'uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3'
  ).split(' '),
);

/** The region a request names, as Azure gives it back: `West US 2` is `westus2`. @throws ArmError 400 for none */
export function locationOf(request: ArmRequest, allowed: ReadonlySet<string> = REGIONS): string {
  const stated = request.body?.['location'];
  if (typeof stated !== 'string' || stated === '') {
    throw badRequest('The location property is required for this definition.', 'LocationRequired');
  }
  const location = sameRegion(stated);
  if (allowed.has(location)) return location;
  throw badRequest(
    `The provided location '${stated}' is not available. List of available regions is '${[...allowed].join(',')}'.`,
    'LocationNotAvailableForResourceType',
  );
}

/** The same of a resource, which stays where it is once it is made. @throws ArmError 400 for none, 409 for another */
export function placeOf(
  request: ArmRequest,
  existing: Resource | undefined,
  allowed?: ReadonlySet<string>,
): string {
  const location = locationOf(request, allowed);
  if (existing === undefined || existing.location === location) return location;
  throw new ArmError(
    409,
    'InvalidResourceLocation',
    `The resource '${existing.name}' already exists in location '${existing.location ?? '?'}'. A resource with the same name cannot be created in location '${location}'.`,
  );
}

/** The one way to write a region, of the many that Azure takes. Pure. */
export function sameRegion(location: string): string {
  return location.replaceAll(' ', '').toLowerCase();
}

/** Where resources are that lie in no region, or in any. */
export const GLOBAL = new Set(['global']);
export const GLOBAL_OR_REGION = new Set(['global', ...REGIONS]);
