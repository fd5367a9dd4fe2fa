import { z } from 'zod';
import { reason } from '../azure/reason';
import { subnetId } from '../azure/resource-names';
import { strictShape, text } from '../file/schema-types';

const firewallRule = strictShape(
  {
    name: text('the name of the rule').describe('Stable: another name is another rule.'),
    from: text('an IPv4 address, as in 203.0.113.8').describe('First public IPv4 address.'),
    to: text('an IPv4 address, as in 203.0.113.15').describe('Last public IPv4 address.'),
  },
  'a range of addresses, as in { name: office, from: 203.0.113.8, to: 203.0.113.15 }',
);
const ranges = z.array(firewallRule, {
  error: 'a list of ranges, as in [{ name: office, from: 203.0.113.8, to: 203.0.113.15 }]',
});
export const allow = ranges.describe(
  'Who may connect, at most 10 ranges, 256 addresses in all; of an adopted cluster, what it has.',
);
const elasticAllow = ranges.describe('Who may connect, at most 10 ranges, 256 addresses in all.');

export const allowAzureServices = reason.describe(
  'Lets in whatever runs on Azure, of every tenant, which the audit warns of with the reason. Private access is the better way.',
);

export const workerPublicAccess = reason.describe(
  'Gives the workers public addresses, behind the rules of the cluster, which the audit warns of with the reason. With private access too: Azure opens the coordinator and the workers apart.',
);

const subnet = subnetId.describe(
  'Resource id of the subnet that gets the private endpoint. Absent, as only an adopted cluster may have it, the endpoints that are there stay, and nothing here changes them.',
);

const what = 'how the database is reached';
const firewall = {
  access: z.literal('firewall'),
  allow,
  allowAzureServices: allowAzureServices.optional(),
};
const ACCESS =
  'How the database is reached: from listed public addresses, or through a private endpoint alone.';

export const network = z
  .discriminatedUnion(
    'access',
    [
      strictShape({ ...firewall, workerPublicAccess: workerPublicAccess.optional() }, what),
      strictShape(
        {
          access: z.literal('private'),
          subnetId: subnet.optional(),
          workerPublicAccess: workerPublicAccess.optional(),
        },
        what,
      ),
    ],
    { error: 'firewall or private' },
  )
  .describe(ACCESS);

/** An elastic cluster has one host for all of its nodes. */
export const elasticNetwork = z
  .discriminatedUnion(
    'access',
    [
      strictShape({ ...firewall, allow: elasticAllow }, what),
      strictShape(
        {
          access: z.literal('private'),
          subnetId: subnetId.describe('Resource id of the subnet that gets the private endpoint.'),
        },
        what,
      ),
    ],
    { error: 'firewall or private' },
  )
  .describe(ACCESS);
