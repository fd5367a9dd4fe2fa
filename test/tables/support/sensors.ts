import path from 'node:path';
import { Client } from 'pg';
import type { Distribution } from '../../../config/workload/distribution-types';
import { readConfigFile } from '../../../config/file/files';
import { loadDistribution } from '../../../config/workload/distribution';
import { loadWorkload } from '../../../config/workload/workload';
import type { WorkloadQuery } from '../../../config/workload/workload';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import { describeEvent } from '../../../scripts/lib/events';
import type { RunEvent } from '../../../scripts/lib/events';
import type { Reporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';

const SENSORS = path.resolve(__dirname, '../../../config/workloads/sensors');
const distribution = loadDistribution(path.join(SENSORS, 'distribution.yaml'));
const schemaSql = readConfigFile(path.join(SENSORS, 'schema.sql'));

export async function sensorsQueries(): Promise<readonly WorkloadQuery[]> {
  return (await loadWorkload('sensors')).queries;
}

/** The sensors' distribution, in few shards so that tests are quick. */
export function sensorsDistribution(more: Partial<Distribution> = {}): Distribution {
  return { ...distribution, shardCount: 4, ...more };
}

export const DEVICES = 100;

/** The sensors on one node, with rows. */
export async function createSensors(target: ConnectionTarget, events: number): Promise<void> {
  await query(target, schemaSql);
  await query(target, "INSERT INTO device_types (device_type) VALUES ('truck'), ('warehouse')");
  await query(
    target,
    `INSERT INTO devices (device_type_id, name) SELECT 1 + i % 2, 'device ' || i FROM generate_series(1, ${String(DEVICES)}) i`,
  );
  await query(
    target,
    `INSERT INTO events (device_id, payload) SELECT 1 + i % ${String(DEVICES)}, jsonb_build_object('temperature', i % 70, 'humidity', i % 90)
       FROM generate_series(1, ${String(events)}) i`,
  );
}

export async function query<Row extends object = Record<string, unknown>>(
  target: ConnectionTarget,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withClient(target, async (client) => (await client.query<Row>(sql, values)).rows);
}

/** A session of its own that a test opens and closes. */
export async function session(target: ConnectionTarget): Promise<Client> {
  const client = new Client({ ...target, ssl: false, application_name: 'somebody' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A verb's context that notes what it is told, and can be asked to stop. */
export function testContext(
  onEvent: (event: RunEvent, stop: () => void) => void = () => undefined,
): VerbContext & {
  /** As a person reads them. */
  readonly lines: readonly string[];
  readonly events: readonly RunEvent[];
} {
  const lines: string[] = [];
  const events: RunEvent[] = [];
  const asked = new AbortController();
  const note = (line: string): void => {
    lines.push(line);
  };
  const reporter: Reporter = {
    ...silentReporter,
    info: note,
    warn: note,
    heading: note,
    event(event) {
      events.push(event);
      const line = describeEvent(event);
      if (line !== undefined) note(line);
      onEvent(event, () => asked.abort());
    },
    progress: (label) => {
      note(label);
      return { update: () => undefined, finish: () => note(`${label} finished`) };
    },
  };
  return { reporter, signal: asked.signal, confirm: () => Promise.resolve(true), lines, events };
}
