import { passwordVersion } from '../azure/key-vault';
import {
  BACKUP_RETENTION_DAYS,
  backupRetentionDays,
  ELASTIC_DATABASE_DEFAULT,
  elasticClusterName,
  elasticDatabase,
  elasticLogin,
  elasticNodeCount,
  elasticPostgresVersion,
  elasticSku,
  elasticStorageGiB,
} from '../azure/elastic-limits';
import { flag, strictShape } from '../file/schema-types';
import { ofEveryCluster, stage } from './cluster-schema';

export const nodes = strictShape(
  {
    sku: elasticSku.describe(
      'Machine of every node, as in GP_Standard_D4ds_v5. Another one restarts the nodes.',
    ),
    storageGiB: elasticStorageGiB.describe(
      'Storage of every node in GiB: a power of two from 32 to 32768. It can only grow, and growing restarts the nodes.',
    ),
    count: elasticNodeCount.describe(
      'Nodes once the stage is scaled-out, the first one included: 2 to 20. It can only grow.',
    ),
  },
  'the nodes, as in { sku: GP_Standard_D4ds_v5, storageGiB: 128, count: 3 }',
).describe('The nodes, which are all alike. A single-node cluster has one of them.');

export const elasticCluster = strictShape(
  {
    name: elasticClusterName.describe('Unique on all of Azure; another name is another cluster.'),
    postgresVersion: elasticPostgresVersion.describe(
      'Major version of PostgreSQL: 17. Azure chooses the version of Citus.',
    ),
    stage,
    nodes,
    database: elasticDatabase
      .default(ELASTIC_DATABASE_DEFAULT)
      .describe(
        'The one database. It is named when the cluster is created; another name is another cluster.',
      ),
    login: elasticLogin.describe('The role of the administrator; another name is another cluster.'),
    passwordVersion: passwordVersion
      .default(1)
      .describe(
        'Raise it by one together with TF_VAR_admin_password: Terraform keeps no copy of the password, and sends it when this number changes.',
      ),
    backupRetentionDays: backupRetentionDays
      .default(BACKUP_RETENTION_DAYS.fewest)
      .describe('Days that backups are kept: 7 to 35.'),
    highAvailability: flag().describe(
      'A standby in another zone for every node; doubles the cost of the nodes.',
    ),
    ...ofEveryCluster,
    lockAgainstDeletion: flag()
      .default(false)
      .describe(
        'A CanNotDelete lock on the cluster, against the portal and the CLI. While it stands, no firewall rule of the cluster can be deleted either.',
      ),
  },
  'the cluster: name, version, stage, nodes, login',
);
