import type { JsonObject } from '../arm/arm';
import type { Check, KnownProperties } from '../arm/stated-properties';
import { flag, oneOf, statedOf, text, wholeNumber } from '../arm/stated-properties';
import { BURSTABLE_EDITIONS, REGULAR_EDITIONS, ZONES } from './service-facts';

/** Written once and never given back, by the service as by the stand-in: it is not even stored. */
export const PASSWORD = 'administratorLoginPassword';

const size = wholeNumber(-Infinity, Infinity);

const MAINTENANCE_WINDOW: Readonly<Record<string, Check>> = {
  customWindow: oneOf(['Enabled', 'Disabled']),
  dayOfWeek: wholeNumber(0, 6),
  startHour: wholeNumber(0, 23),
  startMinute: wholeNumber(0, 59),
};

/** What a client can set of a cluster. Everything else in a request is read-only or unknown, and counts for nothing. */
const PROPERTIES: KnownProperties = {
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
 * The properties that a request sets, without its password.
 *
 * @throws ArmError 400 for a value that is none of the property's
 */
export function statedProperties(given: JsonObject, isNew: boolean): JsonObject {
  return statedOf(given, isNew ? { ...PROPERTIES, ...CREATION_PROPERTIES } : PROPERTIES);
}
