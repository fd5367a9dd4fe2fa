import { realpathSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');

it('npx cdktf leads to the entry that has the guards', () => {
  expect(realpathSync(path.join(ROOT, 'node_modules', '.bin', 'cdktf'))).toBe(
    path.join(ROOT, 'scripts', 'cdktf.js'),
  );
});
