import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject, Synthesized } from '../../scripts/audit/stack/synthesized';
import { closeStateDirectory } from '../../scripts/infra/local-state';
import { scratchDirectory } from '../support/scratch';

const stack = (backend: JsonObject): Synthesized => ({
  environment: 'dev',
  resources: [],
  document: { terraform: { backend } },
});

describe('closeStateDirectory', () => {
  const home = scratchDirectory();
  const states = path.join(home, '.scaleout', 'state');
  const terraform = path.join(home, 'cdktf.out', 'stacks', 'dev');
  const mode = (): number => statSync(states).mode & 0o777;

  test('leaves a stack alone whose state is kept elsewhere', async () => {
    await closeStateDirectory(stack({ azurerm: { container_name: 'dev' } }), terraform);
    expect(existsSync(states)).toBe(false);
  });

  test('makes the directory for its owner alone, and closes one that was open', async () => {
    const local = stack({ local: { path: '../../../.scaleout/state/dev.tfstate' } });
    await closeStateDirectory(local, terraform);
    expect(mode()).toBe(0o700);
    mkdirSync(states, { recursive: true });
    chmodSync(states, 0o755);
    await closeStateDirectory(local, terraform);
    expect(mode()).toBe(0o700);
  });
});
