import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnvironment } from '../../config/environment/environment';

const README = readFileSync(path.resolve(__dirname, '../../README.md'), 'utf8');

test('the environment of a new cluster, as the README has it, is a whole one', () => {
  const [, section = ''] = /^## A new cluster\n(.*?)^## /ms.exec(README) ?? [];
  const [file = ''] = /^ {4}name: fresh\n(?: {4}.*\n)+/m.exec(section) ?? [];
  const settings = parseEnvironment(file.replace(/^ {4}/gm, ''), 'config/environments/fresh.yaml');
  expect(settings).toMatchObject({
    service: 'elastic-cluster',
    cluster: { stage: 'single-node', nodes: { count: 3 }, database: 'sensors', login: 'wwi_admin' },
    roles: [{ name: 'reporting' }],
  });
});
