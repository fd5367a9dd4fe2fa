/** The first version of Citus that distributes schemas. */
const SCHEMAS = [12, 0] as const;

/** The first version of Citus that takes grants on columns to the shards, and along where it makes a table anew. */
const COLUMN_GRANTS = [13, 1] as const;

/** The first version of Citus whose moves lock the shards that they move, and not their colocation group. */
const SEVERAL_OF_A_GROUP = [13, 2] as const;

/** Whether this version of Citus, as its extension says it (`12.1-1`), distributes schemas. Absent: plain PostgreSQL. */
export function knowsSchemas(citusVersion: string | undefined): boolean {
  return isSince(SCHEMAS, citusVersion);
}

/** Whether this version of Citus keeps grants on columns. Absent: plain PostgreSQL. */
export function keepsColumnGrants(citusVersion: string | undefined): boolean {
  return isSince(COLUMN_GRANTS, citusVersion);
}

/** Whether this version of Citus moves several shards of one colocation group at a time. Absent: plain PostgreSQL. */
export function movesSeveralOfAGroup(citusVersion: string | undefined): boolean {
  return isSince(SEVERAL_OF_A_GROUP, citusVersion);
}

function isSince([major, minor]: readonly [number, number], citusVersion = '0.0'): boolean {
  const [actualMajor = 0, actualMinor = 0] = citusVersion.split(/[.-]/).map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
