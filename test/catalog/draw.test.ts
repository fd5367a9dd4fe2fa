import { parseDistribution } from '../../config/workload/distribution';
import { drawCase } from './draw';
import { dumpSections } from './dump';
import { evidenceFor } from './evidence';
import { FEATURES } from './features';
import { renderCase, renderSpecification } from './render';
import { reduceCase, smallerCases } from './smaller';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

test('a seed stands for one case', () => {
  for (const seed of SEEDS.slice(0, 20)) expect(drawCase(seed)).toEqual(drawCase(seed));
  expect(drawCase(1)).not.toEqual(drawCase(2));
});

test('cases have every feature, and a specification that can be read', () => {
  const drawn = SEEDS.map(drawCase);
  const used = new Set(
    drawn.flatMap(({ tables }) => tables.flatMap(({ uses }) => uses.map((use) => use.feature))),
  );
  expect(FEATURES.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  for (const each of drawn) {
    const distribution = parseDistribution(renderSpecification(each, 4), 'distribution.yaml');
    expect(distribution.tables).toHaveLength(
      each.tables.filter(({ placement }) => placement !== 'local').length,
    );
  }
});

test('every object of a case has a name of its own', () => {
  for (const seed of SEEDS) {
    const created = renderCase(drawCase(seed)).flatMap(
      (sql) => /^CREATE TABLE (.*?)(?: \(\n| PARTITION)/.exec(sql)?.[1] ?? [],
    );
    expect(new Set(created).size).toBe(created.length);
  }
});

test('a failure is reduced to what it takes', async () => {
  const drawn = SEEDS.map(drawCase).find(({ tables }) => tables.length > 2);
  const [, second] = drawn?.tables ?? [];
  const [use] = second?.uses ?? [];
  if (drawn === undefined || use === undefined) throw new Error('no such case');
  const smallest = await reduceCase(
    drawn,
    ({ tables }) => Promise.resolve(tables.some(({ uses }) => uses.some(({ id }) => id === use.id))),
    1000,
  );
  expect(smallest.tables.flatMap(({ uses }) => uses)).toEqual([use]);
  expect([...smallerCases(smallest)].every(({ tables }) => tables.length <= smallest.tables.length)).toBe(
    true,
  );
});

test('a dump is read by what its parts are of', () => {
  const dump = `--
-- PostgreSQL database dump
--

SET default_table_access_method = heap;

--
-- Name: b; Type: TABLE; Schema: public; Owner: citus
--

CREATE TABLE public.b (
    id integer
);


ALTER TABLE public.b OWNER TO citus;

--
-- Name: TABLE b; Type: ACL; Schema: public; Owner: citus
--

GRANT SELECT ON TABLE public.b TO reader;


--
-- PostgreSQL database dump complete
--
`;
  expect([...dumpSections(dump)]).toEqual([
    [
      'TABLE public.b',
      'ALTER TABLE public.b OWNER TO citus;\nCREATE TABLE public.b (\n    id integer\n) (owner citus)',
    ],
    ['ACL public.TABLE b', 'GRANT SELECT ON TABLE public.b TO reader (owner citus)'],
  ]);
});

test('a refusal is borne out by what is of its kind alone', () => {
  const trigger = 'table t has trigger x, and Citus takes no table with triggers: drop them';
  const has = 'cannot distribute relation "t" because it has triggers';
  const policy = 'query would be affected by row-level security policy for table "t"';
  expect(evidenceFor([trigger], [policy, has])).toBe(has);
  expect(evidenceFor([trigger], [policy])).toBeUndefined();
  const columns = 'table t has grants on columns id, and Citus takes none to the shards';
  const grant = 'lost: ACL a.COLUMN t.id: GRANT SELECT(id) ON TABLE a.t TO reader';
  expect(evidenceFor([columns], [policy, 'lost: ACL a.TABLE t: GRANT', grant])).toBe(grant);
  expect(evidenceFor(['a reason of a kind that is not listed'], [policy])).toBe(policy);
  expect(evidenceFor(['a reason of a kind that is not listed'], [])).toBeUndefined();
});
