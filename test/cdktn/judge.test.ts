import { judge } from '../../scripts/cdktn/judge';
import { renderCheck } from '../../scripts/cdktn/render';

const STACK = 'single-node/stacks/dev/cdk.tf.json';

const stack = (version: string, azurerm: string | undefined, nodes: number): string =>
  JSON.stringify({
    '//': { metadata: { version } },
    resource: { cluster: { node_count: nodes } },
    terraform: { required_providers: { azurerm: { source: 'azurerm', version: azurerm } } },
  });
const files = (text: string, name = STACK): Map<string, string> => new Map([[name, text]]);
const render = (differences: ReturnType<typeof judge>): string =>
  renderCheck({ formatVersion: 1, cdktn: '0.24.0', bindings: '16.1.0', files: [STACK], differences });

describe('what two frameworks wrote', () => {
  test('the versions of framework and plugin may differ', () => {
    const found = judge(files(stack('0.21.0', '4.55.0', 0)), files(stack('0.24.0', '4.73.0', 0)));
    expect(found.map(({ pointer, allowed }) => [pointer, allowed])).toEqual([
      ['/~1~1/metadata/version', 'the framework that wrote the file'],
      ['/terraform/required_providers/azurerm/version', 'the plugin that the bindings were generated from'],
    ]);
    expect(render(found)).toBe(
      [
        'cdktn 0.24.0 with @cdktn/provider-azurerm 16.1.0 writes the same 1 file as cdktf',
        '  allowed in 1 file: #/~1~1/metadata/version: "0.21.0" with cdktf, "0.24.0" with cdktn (the framework that wrote the file)',
        '  allowed in 1 file: #/terraform/required_providers/azurerm/version: "4.55.0" with cdktf, "4.73.0" with cdktn (the plugin that the bindings were generated from)',
      ].join('\n'),
    );
  });

  test('anything else may not', () => {
    const found = judge(files(stack('0.21.0', '4.55.0', 0)), files(stack('0.21.0', '4.55.0', 2)));
    expect(found).toEqual([{ file: STACK, pointer: '/resource/cluster/node_count', before: 0, after: 2 }]);
    expect(render(found)).toBe(
      [
        'cdktn 0.24.0 with @cdktn/provider-azurerm 16.1.0 writes something else than cdktf: 1 difference',
        `  ${STACK}#/resource/cluster/node_count: 0 with cdktf, 2 with cdktn`,
      ].join('\n'),
    );
  });

  test('a version that is missing on one side is no version', () => {
    const [found] = judge(files(stack('1', '4.55.0', 0)), files(stack('1', undefined, 0)));
    expect(found).toMatchObject({
      pointer: '/terraform/required_providers/azurerm/version',
      before: '4.55.0',
    });
    expect(found).not.toHaveProperty('allowed');
  });

  test('the same place in a file of another name may not', () => {
    const [found] = judge(
      files('{"version":"1"}', 'dev/other.json'),
      files('{"version":"2"}', 'dev/other.json'),
    );
    expect(found).not.toHaveProperty('allowed');
  });

  test('a stack that one of them lacks differs as a whole', () => {
    const found = judge(files('{}'), new Map());
    expect(found).toEqual([{ file: STACK, pointer: '', before: {}, after: undefined }]);
    expect(render(found)).toContain(`${STACK}#: {} with cdktf, nothing with cdktn`);
  });

  test('spaces and the order of keys do not count in JSON, and every character does elsewhere', () => {
    expect(judge(files('{"a":1,"b":2}'), files('{ "b": 2, "a": 1 }'))).toEqual([]);
    expect(judge(files('a', 'x/a.sh'), files('a ', 'x/a.sh'))).toHaveLength(1);
  });
});
