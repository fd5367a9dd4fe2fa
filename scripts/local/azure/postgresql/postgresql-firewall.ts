import { isIPv4 } from 'node:net';
import type { JsonObject } from '../arm/arm';
import { objectAt, textAt } from '../arm/arm';
import type { Operations } from '../arm/operations';
import { clusterPartsIn, clustersIn } from '../arm/postgresql-parts';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';

/** Firewall rules of a cluster. A rule is made, changed or deleted while nothing else changes the cluster. */
export function postgresqlFirewallRoutes(store: ResourceStore, operations: Operations): Route[] {
  const clusters = clustersIn(store);
  const rules = clusterPartsIn(store, 'firewallRules');
  return [
    rules.reading(),
    rules.listingBelow((request) => clusters.require(request)),
    rules.route('PUT', (request) => {
      const cluster = clusters.require(request);
      const { startIpAddress, endIpAddress } = objectAt(request.body, 'properties');
      const refused = firewallRuleRefusal(rules.nameOf(request), { startIpAddress, endIpAddress });
      if (refused !== undefined) throw badRequest(refused);
      const rule = (provisioningState: string): Resource =>
        rules.resource(request, { properties: { startIpAddress, endIpAddress, provisioningState } });
      return operations.beginPut(request, rule, { underWay: 'InProgress', whole: cluster.id });
    }),
    rules.deletingSlowly(operations, undefined, (request) => clusters.idOf(request)),
  ];
}

/** Why the service refuses a firewall rule; undefined where it allows it. Pure. */
export function firewallRuleRefusal(name: string, properties: JsonObject): string | undefined {
  if (!/^[-\w.]{1,128}$/.test(name)) {
    return `The firewall rule name '${name}' is not allowed: it has letters, digits, hyphens, underscores and dots.`;
  }
  return addressRefusal(properties);
}

/** Why the addresses of a firewall rule are refused; undefined where they are allowed. Pure. */
export function addressRefusal(properties: JsonObject): string | undefined {
  const start = textAt(properties, 'startIpAddress');
  const end = textAt(properties, 'endIpAddress');
  if (!isIPv4(start) || !isIPv4(end)) {
    return 'A firewall rule needs a startIpAddress and an endIpAddress, each an IPv4 address.';
  }
  if (numberOf(start) <= numberOf(end)) return undefined;
  return `The firewall rule ends at ${end}, before it starts at ${start}.`;
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}
