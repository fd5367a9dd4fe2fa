import { keepsColumnGrants, knowsSchemas } from '../../scripts/citus/versions';

test.each([
  ['12.1-1', false],
  ['13.0-1', false],
  ['13.1-1', true],
  ['13.2-1', true],
  ['14.0-1', true],
  [undefined, false],
])('Citus %s keeps grants on columns: %s', (version, keeps) => {
  expect(keepsColumnGrants(version)).toBe(keeps);
});

test.each([
  ['11.3-1', false],
  ['12.0-1', true],
  ['14.0-1', true],
  [undefined, false],
])('Citus %s distributes schemas: %s', (version, knows) => {
  expect(knowsSchemas(version)).toBe(knows);
});
