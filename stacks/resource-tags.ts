import { adoptionOf } from '../config/environment/adoption';
import type { BootstrapSettings } from '../config/environment/bootstrap';
import { BOOTSTRAP } from '../config/environment/bootstrap';
import type { EnvironmentSettings } from '../config/environment/environment';
import { literals } from './literal';

const MANAGED_BY = 'scaleout';

/**
 * The tags of every resource: those of the file, and those that say where it comes from, which always win. While a cluster
 * is adopted, those it has, so that nothing changes.
 */
export function resourceTags(settings: EnvironmentSettings): Record<string, string> {
  const { name, workload, production, tags } = settings;
  const { origin } = settings.service === 'elastic-cluster' ? { origin: undefined } : settings.cluster;
  if (adoptionOf(origin) === 'adopting') return literals(tags);
  return {
    ...literals(tags),
    environment: name,
    workload,
    managedBy: MANAGED_BY,
    production: String(production),
  };
}

/** The same for where the states lie: whoever reads or loses those of production has production. */
export function bootstrapTags({ tags }: BootstrapSettings): Record<string, string> {
  return {
    ...literals(tags),
    environment: BOOTSTRAP,
    workload: 'terraform-state',
    managedBy: MANAGED_BY,
    production: 'true',
  };
}
