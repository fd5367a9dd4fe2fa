import { z } from 'zod';
import { addressRangeViolations } from '../azure/address-ranges';
import { RESERVED_TAGS } from '../azure/schema-types';
import { partOf } from '../file/part-of';
import { reportAll } from '../azure/report-all';
import { expiryViolations, SECRET_TAGS_MOST, UTC_SECOND } from '../azure/support-limits';
import { show } from '../text/text';
import type { Rule } from '../file/yaml';
import { rule } from '../file/yaml';

const list = z.array(z.string());

/** What Azure asks of the vault and of those who are told. */
export const supportRules: readonly Rule[] = [
  rule(partOf({ keyVault: partOf({ allow: z.array(z.custom<string>()) }) }), ({ keyVault }, report) =>
    reportAll(['keyVault', 'allow'], addressRangeViolations(keyVault.allow), report),
  ),
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
  rule(partOf({ keyVault: partOf({ passwordExpiresUtc: z.string().regex(UTC_SECOND) }) }), (read, report) =>
    reportAll(['keyVault', 'passwordExpiresUtc'], expiryViolations(read.keyVault.passwordExpiresUtc), report),
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
  rule(
    partOf({ monitoring: partOf({ alerts: partOf({ emails: list }) }) }),
    ({ monitoring: { alerts } }, report) => {
      const known = alerts.emails.map((email) => email.toLowerCase());
      known.forEach((email, index) => {
        if (known.indexOf(email) === index) return;
        report(
          ['monitoring', 'alerts', 'emails', index],
          `is ${show(alerts.emails[index])}, which is listed before: remove it`,
        );
      });
    },
  ),
];
