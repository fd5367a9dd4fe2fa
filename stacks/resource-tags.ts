import type { EnvironmentSettings } from '../config/environment';

/** The tags of every resource: those of the file, and those that say where it comes from, which always win. */
export function resourceTags({
  name,
  workload,
  production,
  tags,
}: EnvironmentSettings): Record<string, string> {
  return { ...tags, environment: name, workload, managedBy: 'scaleout', production: String(production) };
}
