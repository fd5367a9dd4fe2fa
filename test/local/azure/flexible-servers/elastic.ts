import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from '../arm-client';
import { armClient, azurermVersion, GROUP } from '../arm-client';

export const SERVER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/wwi`;
export const serverOf = (name: string): string => SERVER.replace(/wwi$/, encodeURIComponent(name));
export const PASSWORD = 'Rehearsal-only-7';

/** What azurerm 4.73.0 sends to create an elastic cluster of one node, without its tags. */
export const ELASTIC = {
  location: 'westus2',
  properties: {
    administratorLogin: 'wwi_admin',
    administratorLoginPassword: PASSWORD,
    version: '17',
    cluster: { clusterSize: 1, defaultDatabaseName: 'sensors' },
    storage: { autoGrow: 'Disabled', storageSizeGB: 128, tier: 'P10' },
    backup: { backupRetentionDays: 7, geoRedundantBackup: 'Disabled' },
    highAvailability: { mode: 'Disabled' },
    network: { publicNetworkAccess: 'Enabled' },
  },
  sku: { name: 'Standard_D4ds_v5', tier: 'GeneralPurpose' },
};

/** The same, with other properties. */
export const elasticWith = (properties: object, extra: object = {}): object => ({
  ...ELASTIC,
  properties: { ...ELASTIC.properties, ...properties },
  ...extra,
});

/** Requests in the versions that azurerm 4.73.0 asks for. */
export function elasticClient(azure: AzureStandIn): Send {
  const ours = /\/flexibleServers|\/checkNameAvailability|\/operationResults\/|\/azureAsyncOperation\//;
  return armClient(azure, (path) =>
    ours.test(path) && !/\/providers\/Microsoft\.(Authorization|Insights)\//.test(path)
      ? '2025-08-01'
      : azurermVersion(path),
  );
}

/** The sentence that refuses a request, which has to. */
export function refusalOf({ status, body }: ArmAnswer): string {
  expect([status, body]).toEqual([400, expect.anything()]);
  return body.error.message;
}
