/** What to hold the bytes against that a run needs. */
export const WHERE_TO_LOOK =
  'The log that the nodes write meanwhile comes on top. Neither PostgreSQL nor Citus says how much is free: look at the metric storage_percent of each node in Azure Monitor.';
