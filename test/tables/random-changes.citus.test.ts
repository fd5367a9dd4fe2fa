/**
 * Small databases, and what each is to become, by chance: what the properties of change.test.ts and schemas.test.ts say of a model of
 * Citus, said of Citus, and the model held against it after every step.
 *
 * The suite takes a few cases, always the same. SCALEOUT_RANDOM_CASES is how many to take instead, and SCALEOUT_RANDOM_SEED, an
 * integer, which; a case that fails is then made smaller, which takes some minutes.
 */
import fc from 'fast-check';
import type * as planning from '../../scripts/tables/plan/plan';
import type { TestDatabase } from '../support/citus';
import { platformSuite } from '../support/citus';
import { steering } from '../support/environment';
import { carryOutReally } from './support/carry-out-really';
import { freshOnlineDatabase } from './support/databases';
import type * as noting from './support/looks';
import { CLEAR, randomChanges } from './support/random-changes';
import { query } from './support/sensors';

// A run tells nobody what it saw and planned between two of its steps.
jest.mock('../../scripts/tables/plan/plan', () => {
  const real = jest.requireActual<typeof planning>('../../scripts/tables/plan/plan');
  const { looks } = jest.requireActual<typeof noting>('./support/looks');
  const planTables: typeof planning.planTables = (expected, live) => {
    const plan = real.planTables(expected, live);
    looks.push({ live, plan });
    return plan;
  };
  return { ...real, planTables };
});

/** Its first six cases turn tables of nearly every kind into every other, with two dozen foreign keys between them. */
const WIDE = 400;
const FEW = steering('SCALEOUT_RANDOM_CASES') === undefined;
const CASES = FEW ? 6 : Number(steering('SCALEOUT_RANDOM_CASES'));
const SEED = Number(steering('SCALEOUT_RANDOM_SEED') ?? WIDE);

jest.setTimeout(120_000 + CASES * 20_000);

platformSuite('random changes', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshOnlineDatabase({ workers: 2 });
  });
  afterAll(async () => {
    await database.drop();
  });

  test('any specification leads to any other by its reviewed plan, nothing is lost, and the model knows each step', async () => {
    let allTheWay = 0;
    await fc.assert(
      fc.asyncProperty(randomChanges, async (changes) => {
        await query(database.target, CLEAR);
        const { reached, wrong } = await carryOutReally(database.target, changes);
        expect(wrong).toEqual([]);
        if (reached === changes.specifications.length) allTheWay += 1;
      }),
      { numRuns: CASES, seed: SEED, endOnFailure: FEW },
    );
    expect(allTheWay).toBeGreaterThan(CASES / 2);
  });
});
