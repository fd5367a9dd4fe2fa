import type { KnownProperties } from '../arm/stated-properties';
import { oneOf, text, wholeNumber } from '../arm/stated-properties';
import { RETENTION, TIERS, ZONES } from './service-facts';

/** Written once and never given back, by the service as by the stand-in: it is not even stored. */
export const PASSWORD = 'administratorLoginPassword';

const enabledOrNot = oneOf(['Enabled', 'Disabled']);
const number = wholeNumber(-Infinity, Infinity);

/** What a client can set of a server at any time. */
const PROPERTIES = {
  administratorLogin: text,
  authConfig: { activeDirectoryAuth: enabledOrNot, passwordAuth: enabledOrNot, tenantId: text },
  version: text,
  storage: { autoGrow: enabledOrNot, storageSizeGB: number, tier: text },
  highAvailability: {
    mode: oneOf(['Disabled', 'SameZone', 'ZoneRedundant']),
    standbyAvailabilityZone: oneOf(ZONES),
  },
  network: {
    publicNetworkAccess: enabledOrNot,
    delegatedSubnetResourceId: text,
    privateDnsZoneArmResourceId: text,
  },
  cluster: { clusterSize: number, defaultDatabaseName: text },
} satisfies KnownProperties;

const backupRetentionDays = wholeNumber(RETENTION.fewest, RETENTION.most);

/** Of a server that is made. A maintenance window is not among them: it comes with an update. */
export const CREATION: KnownProperties = {
  ...PROPERTIES,
  createMode: oneOf([
    'Default',
    'Create',
    'Update',
    'PointInTimeRestore',
    'GeoRestore',
    'Replica',
    'ReviveDropped',
  ]),
  availabilityZone: oneOf(ZONES),
  backup: { backupRetentionDays, geoRedundantBackup: enabledOrNot },
};

/** Of one that is there. Where its backups are kept and in which zone it lies stays as it is, whatever a request says. */
export const UPDATE: KnownProperties = {
  ...PROPERTIES,
  createMode: oneOf(['Default', 'Update']),
  backup: { backupRetentionDays },
  maintenanceWindow: {
    customWindow: enabledOrNot,
    dayOfWeek: wholeNumber(0, 6),
    startHour: wholeNumber(0, 23),
    startMinute: wholeNumber(0, 59),
  },
};

export const SKU: KnownProperties = { name: text, tier: oneOf(TIERS) };
