import fc from 'fast-check';
import { leaves, parseSynthesized, pointer } from '../../../scripts/audit/stack/synthesized';
import type { Json } from '../../../scripts/audit/stack/synthesized';
import { stack } from '../builders';
import { cases } from '../../support/properties';

describe('parseSynthesized', () => {
  it('knows where each resource comes from', () => {
    const cluster = stack('dev').resources.find((block) => block.name === 'cluster');
    expect(cluster).toMatchObject({
      address: 'azurerm_cosmosdb_postgresql_cluster.cluster',
      constructPath: 'dev/cluster',
      pointer: '/resource/azurerm_cosmosdb_postgresql_cluster/cluster',
    });
    expect(cluster?.body).not.toHaveProperty('//');
  });

  it('lays a resource without metadata at the door of its stack', () => {
    const text = JSON.stringify({ resource: { azurerm_subnet: { s: { name: 'x' } } } });
    expect(parseSynthesized(text, 'dev', 'f').resources[0]?.constructPath).toBe('dev');
  });

  it.each([
    ['{"resource": ', /^stacks\/dev\/cdk\.tf\.json cannot be judged: it is not JSON .*npx cdktf synth$/],
    ['[]', /it holds no JSON object/],
    ['{"resource": []}', /its "resource" is no object/],
    ['{"resource": {"a": 1}}', /resource\.a is no object/],
    ['{"resource": {"a": {"b": 1}}}', /resource\.a\.b is no object/],
    ['{"a": {"x": 1, "x": 2}}', /has the key a\.x twice: Terraform need not take the one that is judged/],
    ['{"r\\u0065source": {}, "resource": {}}', /has the key resource twice/],
  ])('fails on %s in one sentence', (text, message) => {
    expect(() => parseSynthesized(text, 'dev', 'stacks/dev/cdk.tf.json')).toThrow(message);
  });
});

describe('leaves', () => {
  const at = (root: unknown, where: string): unknown =>
    where
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], root);

  it('has a pointer to every value, whatever the keys are', () => {
    fc.assert(
      fc.property(
        fc.object({ withNullPrototype: false, values: [fc.string(), fc.integer(), fc.boolean()] }),
        (root) => {
          for (const leaf of leaves(root as Json)) expect(at(root, leaf.pointer)).toBe(leaf.value);
        },
      ),
      cases(),
    );
  });

  it('passes over the metadata of the framework', () => {
    expect(leaves({ '//': { metadata: 'x' }, a: [{ b: 1 }] })).toEqual([
      { pointer: '/a/0/b', key: 'b', value: 1 },
    ]);
  });

  it('escapes as RFC 6901 says', () => {
    expect(pointer('a/b', 'c~d', 0)).toBe('/a~1b/c~0d/0');
  });
});
