import { z } from 'zod';
import { resourceGroup } from '../azure/resource-names';
import { container, storageAccount } from '../azure/state-storage';
import { matching, strictShape } from '../file/schema-types';

export const state = z
  .discriminatedUnion(
    'backend',
    [
      strictShape(
        {
          backend: z.literal('azurerm'),
          resourceGroup: resourceGroup.describe('Resource group of the storage account.'),
          storageAccount: storageAccount.describe('Storage account that keeps the state.'),
          container: container.describe('Container in the storage account.'),
          key: matching(/^[\w-][\w./-]*$/, 'the name of a blob, as in scaleout/dev.tfstate').describe(
            'Blob in the container; no two environments share one.',
          ),
        },
        'where Terraform keeps its state',
      ),
      strictShape({ backend: z.literal('local') }, 'where Terraform keeps its state'),
    ],
    { error: 'azurerm or local' },
  )
  .describe(
    'Where Terraform keeps its state: in Azure Storage, or (local) under .scaleout/ of this directory.',
  );
