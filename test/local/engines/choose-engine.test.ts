import { chooseEngine, parseEngineName, probeSafely } from '../../../scripts/local/engines/choose-engine';
import type { Engine, EngineName } from '../../../scripts/local/engines/engine';
import { ELASTIC_CLUSTER_NEEDS, ENGINE_NAMES } from '../../../scripts/local/engines/engine';

interface Fake extends Engine {
  probes: number;
}

function fake(name: EngineName, available: boolean): Fake {
  const engine: Fake = {
    name,
    probes: 0,
    probe() {
      engine.probes += 1;
      return Promise.resolve(
        available
          ? {
              available: true,
              detail: `${name} works`,
              start: () => Promise.reject(new Error('not started here')),
            }
          : { available: false, reason: `${name} is missing` },
      );
    },
  };
  return engine;
}

test('the first engine there is gets taken, those before it say why not, those behind are not looked at', async () => {
  const engines = [
    fake('citus-url', false),
    fake('docker', false),
    fake('native', true),
    fake('embedded', true),
  ];
  const choice = await chooseEngine(engines, undefined);
  expect(choice.engine).toBe('native');
  expect(choice.considered).toEqual([
    { engine: 'citus-url', taken: false, because: 'citus-url is missing' },
    { engine: 'docker', taken: false, because: 'docker is missing' },
    { engine: 'native', taken: true, because: 'native works' },
  ]);
  expect(engines[3]?.probes).toBe(0);
});

test('an engine that is asked for is taken, though a better one is there', async () => {
  const engines = [fake('native', true), fake('embedded', true)];
  const choice = await chooseEngine(engines, 'embedded');
  expect(choice.engine).toBe('embedded');
  expect(engines[0]?.probes).toBe(0);
});

test('an engine that is asked for and impossible is an error with its reason', async () => {
  const engines = [fake('docker', false), fake('embedded', true)];
  await expect(chooseEngine(engines, 'docker')).rejects.toThrow(
    'the engine "docker" cannot be used here: docker is missing. Leave --engine out to take the best one there is',
  );
});

test('without any engine, every reason is told', async () => {
  const engines = ENGINE_NAMES.map((name) => fake(name, false));
  await expect(chooseEngine(engines, undefined)).rejects.toThrow(
    /citus-url is missing; docker: .*embedded is missing/,
  );
});

test('a probe that fails is a reason, in one line', async () => {
  const availability = await probeSafely(() => Promise.reject(new Error('no such file\nand more')));
  expect(availability).toEqual({ available: false, reason: 'no such file' });
});

test('engines are named as the documentation writes them, CITUS_URL included', () => {
  expect(parseEngineName('CITUS_URL')).toBe('citus-url');
  expect(parseEngineName('native')).toBe('native');
  expect(() => parseEngineName('podman')).toThrow(
    'there is no engine "podman": it is one of citus-url, docker, native, embedded',
  );
});

test('what a cluster needs is asked of every engine, and where none has it one paragraph says so', async () => {
  const asked: unknown[] = [];
  const engines = [fake('docker', false), fake('native', false)].map((engine): Engine => ({
    ...engine,
    probe: (needs) => {
      asked.push(needs);
      return engine.probe();
    },
  }));
  await expect(chooseEngine(engines, undefined, ELASTIC_CLUSTER_NEEDS)).rejects.toThrow(
    'this needs PostgreSQL 17 with Citus 13.2 or newer, and no engine has that here (docker: docker is missing; native: native is missing): install both packages beside the versions that are there; nothing was started',
  );
  expect(asked).toEqual([ELASTIC_CLUSTER_NEEDS, ELASTIC_CLUSTER_NEEDS]);
});
