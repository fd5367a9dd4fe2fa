import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type * as outputs from '../../scripts/infra/outputs';
import type * as project from '../../scripts/infra/project';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import { ELASTIC_CLUSTER_NEEDS } from '../../scripts/local/engines/engine';
import { openRehearsal } from '../../scripts/local/terraform/rehearsal';
import { scaleout } from '../support/command-line';
import { elasticSuite } from '../support/elastic';
import { testEnvironment, withVariables } from '../support/environment';
import { scratchDirectory } from '../support/scratch';
import { testContext } from '../tables/support/sensors';

const scratch = scratchDirectory();

/** Where the rehearsal has its stacks, once it has read their outputs; and where the verbs look while they run. */
const places: { stacks?: string; verbs?: string } = {};
/** Where the server of the rehearsal is: no name server knows the name that the service gives it. */
let server: { readonly host: string; readonly port: number } | undefined;

jest.mock('../../scripts/infra/project', () => {
  const actual = jest.requireActual<typeof project>('../../scripts/infra/project');
  return {
    ...actual,
    get PROJECT_DIRECTORY() {
      return places.verbs ?? actual.PROJECT_DIRECTORY;
    },
  };
});

const told: unknown[] = [];
jest.mock('../../scripts/infra/outputs', () => {
  const actual = jest.requireActual<typeof outputs>('../../scripts/infra/outputs');
  return {
    ...actual,
    readOutputs: (name: string, options: outputs.OutputsOptions) => {
      if (options.project !== undefined) places.stacks = options.project;
      return actual.readOutputs(name, options);
    },
    environmentTarget: async (...asked: Parameters<typeof actual.environmentTarget>) => {
      const target = await actual.environmentTarget(...asked);
      told.push(target);
      return { ...target, ...server };
    },
  };
});

elasticSuite('terraform', 'the roles of an elastic cluster that Terraform deployed', () => {
  test('are planned and made where the outputs of the stack say the cluster is', async () => {
    const choice = await chooseEngine(localEngines({}), 'native', ELASTIC_CLUSTER_NEEDS);
    const context = testContext();
    const rehearsal = await openRehearsal(context, {
      workload: 'sensors',
      service: 'elastic-cluster',
      azure: 'today',
      environment: testEnvironment(),
      cache: path.join(scratch, 'terraform'),
      start: (access) => choice.availability.start(context.reporter, access),
    });
    try {
      const { coordinator } = await rehearsal.begin();
      server = { host: coordinator.host, port: coordinator.port };
      places.verbs = places.stacks!;
      const config = path.join(places.verbs, 'config');
      const roles = (verb: string, ...flags: string[]) =>
        withVariables({ SCALEOUT_CONFIG_DIR: config }, () =>
          scaleout(
            ['roles', verb, '--env', 'dev', '--json', ...flags],
            testEnvironment({
              PGPASSWORD: coordinator.password,
              TF_VAR_role_reporting_password: 'Reporting-1',
            }),
          ),
        );
      appendFileSync(path.join(config, 'environments', 'dev.yaml'), 'roles: [{ name: reporting }]\n');
      const actions: unknown[] = [];
      for (const [verb, ...flags] of [['plan'], ['apply', '--yes'], ['plan']] as const) {
        const { status, stdout } = await roles(verb, ...flags);
        const document = JSON.parse(stdout) as { readonly roles: readonly { readonly action: string }[] };
        actions.push([verb, status, ...document.roles.map(({ action }) => action)]);
      }
      expect(actions).toEqual([
        ['plan', 0, 'create'],
        ['apply', 0, 'create'],
        ['plan', 0, 'unchanged'],
      ]);
      expect(told[0]).toEqual({
        host: expect.stringMatching(/^[\w-]+\.postgres\.database\.azure\.com$/) as string,
        port: 5432,
        user: 'cluster_admin',
        database: 'rehearsal',
      });
    } finally {
      delete places.verbs;
      await rehearsal.stop();
    }
  }, 300_000);
});
