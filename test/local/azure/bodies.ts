/** What azurerm 4.55.0 sends to make these, as far as the stand-in reads it. */

const TENANT = '00000000-0000-0000-0000-000000000000';

/** Properties of a vault that is open to some addresses and lets in by role. */
export const vaultProperties = {
  tenantId: TENANT,
  sku: { family: 'A', name: 'standard' },
  accessPolicies: [],
  enabledForDeployment: false,
  enabledForDiskEncryption: false,
  enabledForTemplateDeployment: false,
  enableRbacAuthorization: true,
  enablePurgeProtection: true,
  enableSoftDelete: true,
  publicNetworkAccess: 'Enabled',
  createMode: 'default',
  networkAcls: {
    defaultAction: 'Deny',
    bypass: 'None',
    ipRules: [{ value: '203.0.113.8' }, { value: '198.51.100.0/24' }],
    virtualNetworkRules: [],
  },
};

/** Properties of an alert on the CPU of each node. */
export const alertProperties = (scopes: readonly string[], actionGroups: readonly string[] = []) => ({
  enabled: true,
  autoMitigate: true,
  description: '',
  severity: 2,
  evaluationFrequency: 'PT5M',
  windowSize: 'PT15M',
  scopes,
  criteria: {
    'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria',
    allOf: [
      {
        name: 'Metric1',
        criterionType: 'StaticThresholdCriterion',
        metricNamespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
        metricName: 'cpu_percent',
        timeAggregation: 'Average',
        operator: 'GreaterThan',
        threshold: 85,
        dimensions: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
        skipMetricValidation: false,
      },
    ],
  },
  actions: actionGroups.map((actionGroupId) => ({ actionGroupId })),
  targetResourceType: '',
  targetResourceRegion: '',
});
