import type { ErrorDocument } from '../../scripts/lib/errors';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finding } from '../../scripts/database/checks/findings';
import type { Finding } from '../../scripts/database/checks/findings';
import type { TablesApplied } from '../../scripts/tables/apply/apply';
import type { SealedPlan } from '../../scripts/tables/review/plan-file';
import type * as sources from '../../scripts/tables/plan/plan-findings';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import type { Answer } from '../support/command-line';
import { scaleout } from '../support/command-line';
import { databaseState } from './support/state';
import { createSensors, query } from './support/sensors';

jest.setTimeout(120_000);

/** What a source finds of the steps that are left. */
let found: (steps: readonly { readonly id: string }[]) => Finding[] = () => [];
jest.mock('../../scripts/tables/plan/plan-findings', (): typeof sources => ({
  planFindings: (_outlook, { steps }) => (steps.length === 0 ? [] : found(steps)),
}));

const SPECIFICATION = `shardCount: 4
online: false
tables:
  device_types: { reference: true }
  devices: { distributeBy: device_id }
  events: { distributeBy: device_id, colocateWith: devices, primaryKey: [device_id, event_id] }
`;
const REASON = 'agreed with support until the copy is done';
const WINDOW = finding('forced-policy-window', 'events', 'FORCE is off for a minute.', 'allowance');
const NOTE = finding('worker-range', 'events', 'Ids of workers begin at 2^48.', 'none');
const LATE = finding('view-will-fail', 'late', 'It has no answer any more.', 'allowance');

platformSuite('allowances on the command line', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-allow-'));
  const at = (name: string): string => path.join(directory, name);
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createSensors(database.target, 100);
    writeFileSync(at('spec.yaml'), SPECIFICATION);
    writeFileSync(at('allowed.yaml'), `${SPECIFICATION}allow: [{ id: "${WINDOW.id}", reason: ${REASON} }]\n`);
    found = () => [WINDOW, NOTE];
  });
  afterEach(async () => {
    await database.drop();
    for (const name of ['plan.json', 'spec.yaml', 'allowed.yaml']) rmSync(at(name), { force: true });
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const tables = (verb: 'plan' | 'apply', ...more: string[]): Promise<Answer> => {
    const { host, port, database: name, password } = database.target;
    return scaleout(
      ['tables', verb, '--url', `postgresql://citus@${host}:${String(port)}/${name}`, ...more],
      { PGPASSWORD: password },
    );
  };

  test('a plan with a finding that is not allowed is shown, refused and not written', async () => {
    const { status, stdout } = await tables('plan', '--spec', at('spec.yaml'), '--out', at('plan.json'));
    expect(status).toBe(3);
    expect(stdout).toMatch(/What runs, and why/);
    expect(stdout).toMatch(/NOT ALLOWED forced-policy-window:events: FORCE is off for a minute\./);
    expect(stdout).toMatch(/note worker-range:events: Ids of workers/);
    expect(stdout).toMatch(
      /plan\.json was not written\. To allow it, add --allow forced-policy-window:events,/,
    );
    expect(existsSync(at('plan.json'))).toBe(false);

    const json = await tables('plan', '--spec', at('spec.yaml'), '--json', '--detailed-exitcode');
    expect(json.status).toBe(3);
    expect(json.stderr).toMatch(/add --allow forced-policy-window:events,/);
    expect((JSON.parse(json.stdout) as SealedPlan).findings).toEqual([
      { ...WINDOW, allowed: false },
      { ...NOTE, allowed: true },
    ]);
  });

  test('allowed by its id or by the specification, it is sealed into the plan, and apply asks for no more', async () => {
    const { status } = await tables('plan', '--spec', at('spec.yaml'), '--json', '--allow', WINDOW.id);
    expect(status).toBe(0);
    const planned = await tables('plan', '--spec', at('allowed.yaml'), '--out', at('plan.json'));
    expect(planned).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ allowed forced-policy-window:events: .* Reason: agreed with/) as string,
    });
    const sealed = JSON.parse(readFileSync(at('plan.json'), 'utf8')) as SealedPlan;
    expect(sealed.findings).toContainEqual({ ...WINDOW, allowed: true, reason: REASON });

    // Who edits what was allowed is found out.
    writeFileSync(
      at('plan.json'),
      JSON.stringify({ ...sealed, expected: { ...sealed.expected, allow: [] } }),
    );
    expect(await tables('apply', '--plan', at('plan.json'))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/was edited since it was made/) as string,
    });
    writeFileSync(at('plan.json'), JSON.stringify(sealed));

    // What appears later was not allowed by those who reviewed it.
    const before = await databaseState(database.platform);
    found = () => [WINDOW, LATE];
    expect(await tables('apply', '--plan', at('plan.json'))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /one finding needs an allowance, and nothing was changed:\n- view-will-fail:late/,
      ) as string,
    });
    expect(await databaseState(database.platform)).toEqual(before);
    found = () => [WINDOW, NOTE];
    const applied = await tables('apply', '--plan', at('plan.json'), '--json');
    expect(applied.status).toBe(0);
    expect((JSON.parse(applied.stdout) as TablesApplied).applied).toHaveLength(sealed.steps.length);
  });

  test('a run needs it before anything changes, and so does one that goes on', async () => {
    const before = await databaseState(database.platform);
    const refused = await tables('apply', '--spec', at('spec.yaml'), '--yes', '--json');
    expect(refused.status).toBe(3);
    const { error } = JSON.parse(refused.stdout) as ErrorDocument;
    expect(error).toMatchObject({
      code: 'tables.not-allowed',
      details: { findings: [{ id: 'forced-policy-window:events' }] },
    });
    expect(refused.stderr).toContain(error.message);
    expect(await databaseState(database.platform)).toEqual(before);

    // In the midst of the run another appears.
    found = (steps) =>
      steps.some(({ id }) => id === 'create-reference-table:device_types') ? [WINDOW] : [WINDOW, LATE];
    const stopped = await tables('apply', '--spec', at('spec.yaml'), '--yes', '--allow', WINDOW.id);
    expect(stopped).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /needs an allowance, and \d+ steps are done .*\n- view-will-fail:late/,
      ) as string,
    });
    expect(stopped.stderr).not.toMatch(/- forced-policy-window/);
    // What is left needs all of it again.
    expect(await tables('apply', '--spec', at('spec.yaml'), '--yes', '--allow', LATE.id)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/nothing was changed:\n- forced-policy-window:events/) as string,
    });
    const ends = await tables('apply', '--spec', at('allowed.yaml'), '--yes', '--allow', LATE.id);
    expect(ends.status).toBe(0);
    expect(await query(database.target, 'SELECT count(*)::int AS rows FROM events')).toEqual([{ rows: 100 }]);
  });

  test('an id that nothing needs is noted, and one that is none is said', async () => {
    const idle = ['--spec', at('spec.yaml'), '--allow', WINDOW.id, '--allow', 'forced-policy-window:event'];
    for (const verb of ['plan', 'apply'] as const) {
      const { status, stderr } = await tables(verb, ...idle, ...(verb === 'apply' ? ['--yes'] : []));
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /--allow forced-policy-window:event allows nothing: this plan has no such finding/,
      );
    }
    for (const verb of ['plan', 'apply'] as const) {
      expect(await tables(verb, '--spec', at('spec.yaml'), '--allow', 'events')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(/^error: --allow "events" is no id of a finding/) as string,
      });
    }
    expect(await tables('apply', '--plan', at('plan.json'), '--allow', WINDOW.id)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/'--allow <id>' cannot be used with option '--plan <file>'/) as string,
    });
  });
});
