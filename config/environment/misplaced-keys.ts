import { z } from 'zod';
import type { Service } from '../azure/postgres-services';
import { SERVICES } from '../azure/postgres-services';
import type { SchemaViolation } from '../file/violations';
import { environmentSchema } from './environment-schema';
import { serviceOf } from './environment-service';

/** What to do about a key that only the other service has, where removing it is not all that there is to say. */
export const INSTEAD: Readonly<Record<string, string>> = {
  'cluster.citusVersion': 'Azure chooses the Citus of an elastic cluster, so remove it',
  'cluster.origin': 'an elastic cluster begins empty, so remove it',
  'cluster.allowNew': 'Azure lets everybody create elastic clusters, so remove it',
  'cluster.coordinator': 'the nodes of an elastic cluster are alike, so describe them in cluster.nodes',
  'cluster.workers': 'the nodes of an elastic cluster are alike, so describe them in cluster.nodes',
  'cluster.coordinatorHoldsShards': 'every node of an elastic cluster holds shards, so remove it',
  'network.workerPublicAccess': 'the nodes of an elastic cluster have one host, so remove it',
  'parameters.coordinator':
    'the nodes of an elastic cluster are alike, so write their parameters right under parameters',
  'parameters.workers':
    'the nodes of an elastic cluster are alike, so write their parameters right under parameters',
  'cluster.nodes': 'describe the nodes in cluster.coordinator and cluster.workers',
  'cluster.database': 'the database is always citus, so remove it',
  'cluster.login': 'the login is always citus, so remove it',
  'cluster.backupRetentionDays': 'Azure chooses how long it keeps backups, so remove it',
};

/**
 * Where a key belongs that a file has at a place where its service has none: elsewhere in the file, or in one of the
 * other service.
 *
 * @param violation what the schema refuses there; names that people choose, as of tags, are no keys of a schema
 * @param data the file as written
 * @returns what is wrong and the way out; undefined for a key that is known nowhere, or at many places
 */
export function misplacedKeyProblem({ at, code }: SchemaViolation, data: unknown): string | undefined {
  const service = serviceOf(data);
  if (service === undefined) return undefined;
  const place = at.filter((key) => typeof key === 'string').join('.');
  const own = keysOf(service);
  if (own.includes(place)) return undefined;
  const isKey = code === 'config.unknown-key';
  const home = isKey ? onlyPlaceOf(place, own) : undefined;
  if (home !== undefined) {
    const where = home.includes('.') ? home : `the top level of the file, as ${home}`;
    return `unknown key here: it belongs at ${where}`;
  }
  for (const other of SERVICES.filter((each) => each !== service)) {
    const keys = keysOf(other);
    const foreign = keys.includes(place) ? place : isKey ? onlyPlaceOf(place, keys) : undefined;
    if (foreign === undefined) continue;
    return `unknown key here: it is one of service ${other}, and this file is about service ${service}: ${INSTEAD[foreign] ?? 'remove it'}`;
  }
  return undefined;
}

/** The one place where a key of this name is known. */
function onlyPlaceOf(place: string, keys: readonly string[]): string | undefined {
  const leaf = place.slice(place.lastIndexOf('.') + 1);
  const places = keys.filter((key) => key === leaf || key.endsWith(`.${leaf}`));
  return places.length === 1 ? places[0] : undefined;
}

/** Every key of a file about a cluster of a service, with those that lead there: `cluster.nodes.sku`. */
export function keysOf(service: Service): readonly string[] {
  const schema = environmentSchema.options.find(({ shape }) => shape.service.safeParse(service).success);
  return schema === undefined ? [] : [...new Set(keysIn(schema, ''))];
}

function keysIn(schema: z.core.$ZodType, above: string): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, type]) => [
      `${above}${key}`,
      ...keysIn(type, `${above}${key}.`),
    ]);
  }
  if (schema instanceof z.ZodArray) return keysIn(schema.element, above);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap((each) => keysIn(each, above));
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault;
  return isWrapped ? keysIn(schema.unwrap(), above) : [];
}
