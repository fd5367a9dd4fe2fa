import { applyProgress } from '../../scripts/infra/apply-progress';
import { parseDiagnostics } from '../../scripts/infra/diagnostics';
import { explainFailure } from '../../scripts/infra/failure';
import { parsePlan } from '../../scripts/infra/guards/plan-json';
import { parseOutputs } from '../../scripts/infra/outputs';
import { paragraph } from '../../scripts/infra/terraform';
import { terraformDocument, terraformMessages, terraformWords } from '../../scripts/infra/terraform-answers';

/** What Terraform 1.11.4 writes before everything else where TF_CLI_CONFIG_FILE names a file that is not there. */
const NO_CONFIG_FILE = `There are some problems with the CLI configuration:
╷
│ Warning: Unable to open CLI configuration file
│
│ The CLI configuration file at "/nowhere/terraformrc" does not exist.
╵

`;

/** The same of a TF_PLUGIN_CACHE_DIR that is not there. */
const NO_PLUGIN_CACHE = `There are some problems with the CLI configuration:
╷
│ Error: The specified plugin cache dir /nowhere cannot be opened: stat /nowhere: no such file or directory
│
╵

As a result of the above problems, Terraform may not behave as intended.


`;

/** Both in one box after the other. */
const BOTH = NO_CONFIG_FILE.trimEnd() + NO_PLUGIN_CACHE.slice(NO_PLUGIN_CACHE.indexOf('\n'));

/** Of TF_LOG=trace, and of an entry that goes on. */
const LOG = `[WARN] Invalid log level: "BOGUS". Defaulting to level: TRACE. Valid levels are: [TRACE DEBUG INFO WARN ERROR OFF]
2026-01-31T12:07:25.650Z [INFO]  Terraform version: 1.11.4
2026-01-31T12:07:25.650Z [TRACE] Completed graph transform with new graph:
  output.a (expand) - *terraform.nodeExpandOutput
  root - terraform.graphNodeRoot
2026-01-31T12:07:25.651Z [DEBUG] checking for credentials
`;
const JSON_LOG =
  '{"@level":"info","@message":"Terraform version: 1.11.4","@timestamp":"2026-01-31T12:07:25Z"}\n';
const WRAPPER = '[command]/opt/terraform/terraform-bin output -json\n';
const WRAPPER_END = '::debug::Terraform exited with code 0.\n::debug::stdout: {%0A  "a": 1%0A}\n';
const BRACES = '{ this is no document\n';

const NOISE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a configuration file that is not there', NO_CONFIG_FILE],
  ['a plugin cache that is not there', NO_PLUGIN_CACHE],
  ['both', BOTH],
  ['a log', LOG],
  ['a log as JSON', JSON_LOG],
  ['a wrapper', WRAPPER],
  ['braces of something else', BRACES],
  ['development overrides', '╷\n│ Warning: Provider development overrides are in effect\n│\n│ {x}\n╵\n'],
];

describe('terraformDocument', () => {
  it('takes no document that has a key twice, and passes over a log that has', () => {
    expect(() => terraformDocument('{"a":{"b":1,"b":2}}')).toThrow(
      /has two readings: it has the key a\.b twice/,
    );
    expect(terraformDocument('{"@level":"info","n":1,"n":2}\n{"a":1}\n')).toEqual({ a: 1 });
  });

  const document = { a: { value: 'a } and a "quote"' }, b: [{ c: '{' }], text: 'line\nbreak' };

  it.each(NOISE)('is found behind %s', (_, noise) => {
    for (const text of [JSON.stringify(document), JSON.stringify(document, undefined, 2)]) {
      expect(terraformDocument(noise + text)).toEqual(document);
      expect(terraformDocument(`${noise}${text}\n`)).toEqual(document);
    }
  });

  it.each([...NOISE, ['what a wrapper ends with', WRAPPER_END] as const])(
    'is found before %s',
    (_, noise) => {
      expect(terraformDocument(`${JSON.stringify(document, undefined, 2)}\n${noise}`)).toEqual(document);
      expect(terraformDocument(`${WRAPPER}${JSON.stringify(document)}\n${noise}`)).toEqual(document);
    },
  );

  it.each(['', '\n', NO_CONFIG_FILE, LOG, JSON_LOG, BRACES, '{"a": "cut o', '[1'])(
    'is missed in %j, of which nothing is repeated',
    (text) => {
      expect(() => terraformDocument(text)).toThrow(/^Terraform printed no JSON where it was asked for it$/);
    },
  );
});

describe('what reads a document', () => {
  it.each(NOISE)('finds outputs behind %s', (_, noise) => {
    const values = {
      coordinator_fqdn: 'c',
      port: 1,
      database: 'd',
      login: 'l',
      stage: 's',
      cluster_name: 'n',
    };
    const outputs = Object.fromEntries(
      Object.entries({ ...values, node_count: 2 }).map(([name, value]) => [name, { value }]),
    );
    expect(parseOutputs(`${noise}${JSON.stringify(outputs, undefined, 2)}\n${noise}`, 'dev')).toMatchObject({
      clusterName: 'n',
      nodeCount: 2,
    });
    expect(() => parseOutputs(`${noise}{}\n`, 'dev')).toThrow(/"dev" is not deployed yet/);
  });

  it.each(NOISE)('finds a plan behind %s', (_, noise) => {
    const plan = { format_version: '1.2', output_changes: { a: { actions: ['create'] } } };
    expect(parsePlan(`${noise}${JSON.stringify(plan)}\n${noise}`)).toMatchObject({ outputs: ['a'] });
  });
});

describe('what reads messages', () => {
  const started = { type: 'apply_start', hook: { resource: { addr: 'a.b' } } };
  const failed = { type: 'diagnostic', diagnostic: { severity: 'error', summary: 'bad', detail: 'Very.' } };

  it.each(NOISE)('passes over %s', (_, noise) => {
    const text = `${noise}${JSON.stringify(started)}\n${noise}${JSON.stringify(failed)}\n${noise}`;
    expect(terraformMessages(text)).toEqual(expect.arrayContaining([started, failed]));
    expect(parseDiagnostics(text)).toEqual([{ summary: 'bad', detail: 'Very.' }]);
    const seen: unknown[] = [];
    applyProgress((now) => seen.push(now))(text);
    expect(seen).toEqual([{ done: 0, detail: 'a.b' }]);
  });
});

describe('what Terraform says to people', () => {
  const ERROR = `\u001b[31m╷\u001b[0m\u001b[0m
\u001b[31m│\u001b[0m \u001b[1m\u001b[31mError: \u001b[0m\u001b[1mBackend initialization required, please run "terraform init"\u001b[0m
\u001b[31m│\u001b[0m
\u001b[31m│\u001b[0m Reason: Initial configuration of the requested backend "local"
\u001b[31m╵\u001b[0m
`;
  const PLAIN = `
Error: Backend initialization required, please run "terraform init"

Reason: Initial configuration of the requested backend "local"
`;
  const SPOKEN = NOISE.filter(([what]) => !['a wrapper', 'braces of something else'].includes(what));

  it.each(SPOKEN)('is told from %s', (_, noise) => {
    for (const error of [ERROR, PLAIN]) {
      expect(parseDiagnostics(noise + error)).toEqual(parseDiagnostics(error));
      expect(parseDiagnostics(noise + error + LOG)).toEqual(parseDiagnostics(error));
      expect(explainFailure(noise + error + JSON_LOG, { environment: 'dev', doing: 'init' })).toEqual(
        explainFailure(error, { environment: 'dev', doing: 'init' }),
      );
    }
  });

  it.each([
    ['a configuration file that is not there', NO_CONFIG_FILE],
    ['a plugin cache that is not there', NO_PLUGIN_CACHE],
    ['both', BOTH],
    ['a log', LOG],
    ['a log as JSON', JSON_LOG],
  ])('is all that is left of it without %s', (_, noise) => {
    expect(paragraph(terraformWords(noise + ERROR))).toBe(paragraph(ERROR));
    expect(paragraph(terraformWords(`${noise}${noise}${PLAIN}`))).toBe(paragraph(PLAIN));
  });

  it('is its settings where it says nothing else', () => {
    expect(paragraph(terraformWords(NO_CONFIG_FILE))).toContain('Unable to open CLI configuration file');
    expect(paragraph(terraformWords(NO_PLUGIN_CACHE))).toContain('cannot be opened');
    expect(terraformWords('')).toBe('');
  });

  it('keeps an error that stands between the settings of two runs', () => {
    expect(paragraph(terraformWords(NO_CONFIG_FILE + ERROR + NO_PLUGIN_CACHE))).toBe(paragraph(ERROR));
  });
});
