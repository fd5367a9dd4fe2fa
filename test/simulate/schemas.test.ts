import { schemaNode } from '../../scripts/simulate/placement';
import { wholeSchemas } from '../../scripts/simulate/schemas';
import type { ReadSchema } from '../../scripts/simulate/schemas';
import { simulateCluster } from '../../scripts/simulate/simulation';
import type { SimulationInput } from '../../scripts/simulate/simulation';
import { describeSimulation } from '../../scripts/simulate/text';

test('a schema goes to the node that its colocation id gives', () => {
  expect([2, 3, 4, 5].map((id) => schemaNode(id, 3))).toEqual([2, 0, 1, 2]);
});

test('schemas are taken in the order of their bytes, those that stay are not', () => {
  const schemas = ['b', 'É', 'a', 'Z'].map((schema) => ({ schema, kind: 'distributed' as const }));
  expect(
    wholeSchemas({
      shardCount: 1,
      online: true,
      tables: [],
      schemas: [...schemas, { schema: 'c', kind: 'local' }],
    }),
  ).toEqual(['Z', 'a', 'b', 'É']);
});

describe('a cluster of schemas alone', () => {
  const tenant = (schema: string, bytes: number, more: Partial<ReadSchema> = {}): ReadSchema => ({
    schema,
    tables: [
      { name: `${schema}.t`, rows: 10, estimated: false, bytes },
      { name: `${schema}.u`, rows: 5, estimated: true, bytes },
    ],
    ...more,
  });
  const input = (schemas: readonly ReadSchema[]): SimulationInput => ({
    shardCount: 32,
    topology: { workers: 2, coordinatorHoldsShards: false },
    strategy: 'by_shard_count',
    tables: [],
    schemas,
    firstColocationId: 2,
    referenceTables: [],
    estimateMoves: () => ({ seconds: 0, longestWritePauseMs: 0, assumes: '' }),
  });

  test('each is one shard that takes all its tables along', () => {
    const { moves, nodes, before, schemas, workersFirst } = simulateCluster(
      input([tenant('a', 100), tenant('b', 50), { schema: 'empty', tables: [] }, tenant('c', 10)]),
    );
    expect(before[0]).toEqual({ name: 'coordinator', shards: 3, rows: 45, bytes: 320 });
    expect(moves.map(({ table, from, to }) => `${table} ${from} ${to}`)).toEqual([
      'a.t coordinator w0',
      'a.u coordinator w0',
      'b.t coordinator w1',
      'b.u coordinator w1',
      'c.t coordinator w0',
      'c.u coordinator w0',
    ]);
    expect(nodes.map(({ shards }) => shards)).toEqual([0, 2, 1]);
    expect(schemas.map(({ schema, rows, node }) => [schema, rows, node])).toEqual([
      ['a', 15, 'w0'],
      ['b', 15, 'w1'],
      ['empty', 0, null],
      ['c', 15, 'w0'],
    ]);
    expect(schemas[0]?.tables.map(({ estimated }) => estimated)).toEqual([undefined, true]);
    // Ids 2, 3, 4 and 5 over two workers; the empty schema takes an id and no place.
    expect(workersFirst.nodes.map(({ bytes }) => bytes)).toEqual([0, 200, 120]);
  });

  test('equal ones move in the order in which their shards were made', () => {
    const { moves, workersFirst } = simulateCluster(
      input([tenant('a', 1), tenant('b', 1, { turnsLocal: 1 }), tenant('c', 1, { turnsLocal: 0 })]),
    );
    expect(moves.filter((_, place) => place % 2 === 0).map(({ table }) => table)).toEqual([
      'c.t',
      'b.t',
      'a.t',
    ]);
    expect(workersFirst.schemasInAnyOrder).toEqual(['b', 'c']);
  });

  test('it is said that a copy of the database may hold equal ones in another order', () => {
    const said = (...places: (number | undefined)[]): boolean =>
      /Of 2 that is by where the foreign keys lie in the catalog of this database/.test(
        describeSimulation(
          simulateCluster(
            input(
              places.map((turnsLocal, at) =>
                tenant(`s${String(at)}`, 1, turnsLocal === undefined ? {} : { turnsLocal }),
              ),
            ),
          ),
        ),
      );
    expect(said(1, undefined, 0)).toBe(true);
    expect(said(0, undefined, undefined)).toBe(false);
  });
});
