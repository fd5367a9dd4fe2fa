import { z } from 'zod';
import { SECRET_TAGS_MOST } from '../azure/key-vault';
import { RESERVED_TAGS } from '../azure/tags';
import { partOf } from '../file/schema-types';
import type { Rule } from '../file/yaml';
import { rule } from '../file/yaml';

const list = z.array(z.string());

/** What Azure asks of the vault and the secret in it. */
export const keyVaultRules: readonly Rule[] = [
  rule(
    partOf({ keyVault: partOf({ allow: list.optional(), subnetIds: list.optional() }) }),
    ({ keyVault: { allow = [], subnetIds = [] } }, report) => {
      if (allow.length + subnetIds.length > 0) return;
      report(
        ['keyVault'],
        'lets nobody in, also not whoever deploys and writes the password: add allow, as in allow: [203.0.113.8], or subnetIds',
      );
    },
  ),
  rule(
    partOf({ keyVault: z.looseObject({}), tags: z.record(z.string(), z.unknown()) }),
    ({ tags }, report) => {
      const most = SECRET_TAGS_MOST - RESERVED_TAGS.length;
      const count = Object.keys(tags).length;
      if (count <= most) return;
      report(
        ['tags'],
        `are ${String(count)}, and beside a key vault ${String(most)} is the most, since a secret takes ${String(SECRET_TAGS_MOST)} with those that are added: remove some`,
      );
    },
  ),
];
