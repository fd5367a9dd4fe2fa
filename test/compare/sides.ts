import type { Side } from '../../scripts/compare/side';

/** A database with nothing in it but what a test puts there. */
export const side = (more: Partial<Side> = {}): Side => ({
  database: 'citus@localhost:5432/a',
  postgres: '16.10',
  standby: false,
  login: 'citus',
  roles: ['citus'],
  tables: [],
  views: [],
  oddShards: [],
  objects: {},
  others: {},
  sequences: [],
  answers: [],
  queryPlans: [],
  ...more,
});
