import type { Json, JsonObject } from '../arm/arm';
import { isJsonObject } from '../arm/arm';
import { badRequest } from '../arm/values';
import { BURSTABLE_EDITIONS, REGULAR_EDITIONS, ZONES } from './service-facts';

/** Written once and never given back, by the service as by the stand-in: it is not even stored. */
export const PASSWORD = 'administratorLoginPassword';

/** What a value has to be, in words; undefined where it is that. */
type Check = (value: Json) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'text');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

function wholeNumber(least: number, most: number): Check {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `a whole number${most === Infinity ? '' : ` from ${least} to ${most}`}`;
}

function oneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : `one of ${words.join(', ')}`;
}

const size = wholeNumber(-Infinity, Infinity);

const MAINTENANCE_WINDOW: Readonly<Record<string, Check>> = {
  customWindow: oneOf(['Enabled', 'Disabled']),
  dayOfWeek: wholeNumber(0, 6),
  startHour: wholeNumber(0, 23),
  startMinute: wholeNumber(0, 59),
};

/** What a client can set of a cluster. Everything else in a request is read-only or unknown, and counts for nothing. */
const PROPERTIES: Readonly<Record<string, Check | Readonly<Record<string, Check>>>> = {
  postgresqlVersion: text,
  citusVersion: text,
  maintenanceWindow: MAINTENANCE_WINDOW,
  preferredPrimaryZone: oneOf(ZONES),
  enableShardsOnCoordinator: flag,
  enableHa: flag,
  coordinatorServerEdition: oneOf([...REGULAR_EDITIONS, ...Object.keys(BURSTABLE_EDITIONS)]),
  coordinatorStorageQuotaInMb: size,
  coordinatorVCores: size,
  coordinatorEnablePublicIpAccess: flag,
  nodeServerEdition: oneOf(REGULAR_EDITIONS),
  nodeCount: size,
  nodeStorageQuotaInMb: size,
  nodeVCores: size,
  nodeEnablePublicIpAccess: flag,
};

/** What a client says once, of a cluster that is made. */
const CREATION_PROPERTIES: Readonly<Record<string, Check>> = {
  sourceResourceId: text,
  sourceLocation: text,
  pointInTimeUTC: text,
};

/**
 * The properties that a request sets, without its password. `null` and empty text say nothing.
 *
 * @throws ArmError 400 for a value that is none of the property's
 */
export function statedProperties(given: JsonObject, isNew: boolean): JsonObject {
  return checked(given, isNew ? { ...PROPERTIES, ...CREATION_PROPERTIES } : PROPERTIES);
}

function checked(given: JsonObject, known: typeof PROPERTIES, within = ''): JsonObject {
  const stated: Record<string, Json> = {};
  for (const [name, check] of Object.entries(known)) {
    const value = given[name];
    if (value === undefined || value === null || value === '') continue;
    const wanted = typeof check === 'function' ? check(value) : isJsonObject(value) ? undefined : 'an object';
    if (wanted !== undefined) {
      throw badRequest(
        `The property '${within}${name}' is ${JSON.stringify(value)}; it is ${wanted}.`,
        'InvalidParameterValue',
      );
    }
    stated[name] =
      typeof check !== 'function' && isJsonObject(value) ? checked(value, check, `${name}.`) : value;
  }
  return stated;
}

/** Both, where the second has its way; objects within them are put together in the same way. Pure. */
export function merged(before: JsonObject, stated: JsonObject): JsonObject {
  const both = Object.entries(stated).map(([name, value]) => {
    const had = before[name];
    return [name, isJsonObject(had) && isJsonObject(value) ? merged(had, value) : value] as const;
  });
  return { ...before, ...Object.fromEntries(both) };
}
