import type { ArmRequest, ArmResponse } from '../arm/arm';
import { objectAt } from '../arm/arm';
import { flexibleServerPartsIn, flexibleServersIn } from '../arm/flexible-server-parts';
import type { Operations } from '../arm/operations';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';
import { addressRefusal } from '../postgresql/postgresql-firewall';
import { serverBusy, startedServer } from './server-states';

/** Firewall rules of a server. A rule is made, changed or deleted while nothing else changes the server. */
export function flexibleServerFirewallRoutes(store: ResourceStore, operations: Operations): Route[] {
  const rules = flexibleServerPartsIn(store, 'firewallRules');
  return [
    rules.reading(),
    rules.listingBelow((request) => flexibleServersIn(store).require(request)),
    rules.route('PUT', (request) => {
      const server = startedServer(store, request);
      const { startIpAddress, endIpAddress } = objectAt(request.body, 'properties');
      const refused =
        ruleNameRefusal(rules.nameOf(request)) ?? addressRefusal({ startIpAddress, endIpAddress });
      if (refused !== undefined) throw badRequest(refused);
      const rule = rules.resource(request, { properties: { startIpAddress, endIpAddress } });
      const change = { resourceId: rule.id, meanwhile: rule, becomes: rule };
      return operations.begin(request, change, 202, {
        whole: server.id,
        shown: null,
        busy: serverBusy(server),
      });
    }),
    rules.route('DELETE', (request): ArmResponse => {
      const rule = rules.find(request);
      if (rule === undefined) return { status: 204 };
      return deleted(store, operations, request, rule.id);
    }),
  ];
}

function deleted(
  store: ResourceStore,
  operations: Operations,
  request: ArmRequest,
  resourceId: string,
): ArmResponse {
  const server = startedServer(store, request);
  const change = { resourceId, becomes: null };
  return operations.begin(request, change, 202, { whole: server.id, busy: serverBusy(server) });
}

function ruleNameRefusal(name: string): string | undefined {
  if (/^[a-z0-9][-\w]{0,79}(?<!-)$/i.test(name)) return undefined;
  return `The firewall rule name '${name}' is not allowed: it has 1 to 80 letters, digits, hyphens and underscores, begins with a letter or digit and ends with no hyphen.`;
}
