import type { AuditDocument, Finding } from '../../../scripts/audit/judge/judge';
import { judge } from '../../../scripts/audit/judge/judge';
import { unfinishedFindings } from '../../../scripts/audit/judge/unfinished';
import { renderGithub } from '../../../scripts/audit/render/github';
import { renderHtml } from '../../../scripts/audit/render/html';
import { renderJunit } from '../../../scripts/audit/render/junit';
import { MOST_CHARACTERS, renderMarkdown } from '../../../scripts/audit/render/markdown';
import { renderSarif } from '../../../scripts/audit/render/sarif';
import { renderText } from '../../../scripts/audit/render/text';
import { RULES } from '../../../scripts/audit/rules';
import { existing, stack, TODAY } from '../builders';
import { sarifLog } from './sarif-shape';

/** What no format may take for markup, or for the end of something. */
const HOSTILE = `</td><script>x</script> & "q" 'a' | \` ::error::, 100% ]]> \u0007\r\nnext`;
const SHA = 'a'.repeat(64);
const POLICY = 'b'.repeat(64);

const waiver = {
  rule: 'public-access',
  check: 'node_public_ip_access_enabled',
  level: 'error' as const,
  value: 'true',
  constructPath: 'dev/cluster',
  reason: `load test ${HOSTILE}`,
  expires: '2026-12-31',
};
const issue = {
  code: 'config.rule',
  file: 'config/environments/draft.yaml',
  line: 7,
  path: 'cluster.stage',
  problem: HOSTILE,
} as const;

/** One finding of each level, waived and not, an environment that is not finished, and texts that mean harm. */
const judged = judge({
  stacks: [
    stack('dev', { cluster: { node_public_ip_access_enabled: true, sql_version: HOSTILE } }),
    stack('other', existing(true, { cluster: { tags: undefined } })),
  ],
  unfinished: unfinishedFindings([issue], undefined),
  rules: RULES,
  waivers: [waiver, { ...waiver, rule: 'tags', check: 'owner', value: 'none' }],
  notProduction: ['dev', 'nowhere'],
  today: TODAY,
});
const document: AuditDocument = {
  ...judged,
  findings: judged.findings.map((finding) =>
    finding.environment === 'dev'
      ? { ...finding, source: { file: 'config/environments/dev,a:b.yaml', line: 12 } }
      : finding,
  ),
  provenance: {
    tool: { name: 'scaleout', version: '9.8.7', commit: 'c0ffee' },
    madeAt: '2026-03-01T12:34:56.789Z',
    files: [{ path: 'stacks/dev/cdk.tf.json', sha256: SHA }],
    policy: { sha256: POLICY, files: [{ path: 'config/policy.yaml', sha256: SHA }] },
  },
};
const open = document.findings.filter(
  ({ level, waiver: accepted }) => level === 'error' && accepted === null,
);
const nothing: AuditDocument = {
  ...judge({ stacks: [stack('dev')], rules: RULES, waivers: [], today: TODAY }),
};

const FORMATS = {
  text: renderText,
  markdown: renderMarkdown,
  sarif: renderSarif,
  junit: renderJunit,
  github: renderGithub,
  html: renderHtml,
};

describe.each(Object.entries(FORMATS))('a report as %s', (_, render) => {
  it('says by what, when and of what it was made, and is the same each time', () => {
    const text = render(document);
    for (const part of [
      '9.8.7',
      'c0ffee',
      SHA,
      POLICY,
      'stacks/dev/cdk.tf.json',
      'config/policy.yaml',
      '2026-03-01T12:34:56',
    ]) {
      expect(text).toContain(part);
    }
    expect(render(structuredClone(document))).toBe(text);
  });

  it('names each rule, construct and place of what refuses, and what is not finished', () => {
    const text = render(document);
    expect(open.length).toBeGreaterThanOrEqual(2);
    for (const { ruleId, constructPath, pointer, source } of open) {
      expect(text).toContain(ruleId);
      expect(text).toContain(constructPath);
      if (pointer !== '') expect(text).toContain(pointer);
      expect(text).toMatch(
        source?.file.includes('draft') === true ? /draft\.yaml/ : /dev(,|%2C)a(:|%3A)b\.yaml/,
      );
    }
    for (const remark of ['waives nothing any more', 'nowhere']) expect(text).toContain(remark);
  });
});

/** Whether every element of a text is closed, by what it was opened with. */
function isBalanced(markup: string): boolean {
  const open: string[] = [];
  const VOID = ['meta', 'br'];
  for (const [, close, name = '', self] of markup.matchAll(
    /<(\/?)([a-zA-Z][\w:-]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (close === '/') {
      if (open.pop() !== name) return false;
    } else if (self !== '/' && !VOID.includes(name)) open.push(name);
  }
  const rest = markup.replace(/<(\/?)([a-zA-Z][\w:-]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g, '');
  return open.length === 0 && !/<(?!\?xml |!doctype)/.test(rest);
}

describe('SARIF', () => {
  const log = sarifLog.parse(JSON.parse(renderSarif(document)));
  const [run] = log.runs;

  it('has the shape of the specification, also where nothing is wrong and nobody says who made it', () => {
    expect(run?.results).toHaveLength(document.findings.length);
    expect(sarifLog.parse(JSON.parse(renderSarif(nothing))).runs[0]?.results).toEqual([]);
  });

  it('points to the line that somebody wrote, and to the synthesized file where there is none', () => {
    const places = run?.results.map(({ locations }) => locations[0]?.physicalLocation);
    expect(places).toContainEqual({
      artifactLocation: { uri: 'config/environments/dev,a:b.yaml', uriBaseId: '%SRCROOT%' },
      region: { startLine: 12 },
    });
    expect(places).toContainEqual({
      artifactLocation: { uri: 'stacks/other/cdk.tf.json', uriBaseId: '%SRCROOT%' },
      region: { startLine: 1 },
    });
  });

  it('suppresses what is waived, and what is for later is a note', () => {
    const suppressed = run?.results.filter(({ suppressions }) => suppressions !== undefined);
    expect(suppressed?.map(({ ruleId }) => ruleId)).toEqual(['public-access']);
    expect(run?.results.filter(({ level }) => level === 'note').length).toBe(document.counts.afterAdoption);
  });

  it('knows a finding again when its line moves', () => {
    const prints = (text: string) =>
      sarifLog.parse(JSON.parse(text)).runs[0]?.results.map(({ partialFingerprints }) => partialFingerprints);
    const moved = {
      ...document,
      findings: document.findings.map((each) => ({ ...each, source: { file: 'x', line: 99 } })),
    };
    expect(prints(renderSarif(moved))).toEqual(prints(renderSarif(document)));
    expect(new Set(prints(renderSarif(document))?.map((each) => JSON.stringify(each))).size).toBe(
      document.findings.length,
    );
  });
});

describe('JUnit', () => {
  const xml = renderJunit(document);

  it('is one suite an environment and one case a rule, and fails where an error is open', () => {
    expect(isBalanced(xml)).toBe(true);
    expect(xml.match(/<testsuite /g)).toHaveLength(3);
    expect(xml.match(/<testcase /g)).toHaveLength(2 * RULES.length + 1);
    const failures = new Set(open.map(({ environment, ruleId }) => `${environment} ${ruleId}`)).size;
    expect(xml.match(/<failure /g)).toHaveLength(failures);
    expect(xml).toMatch(
      new RegExp(
        `<testsuites name="scaleout audit" tests="${String(2 * RULES.length + 1)}" failures="${String(failures)}" errors="0" skipped="${String(document.counts.notApplicable)}" timestamp="2026-03-01T12:34:56">`,
      ),
    );
  });

  it('has no character that XML forbids', () => {
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
});

describe('annotations of GitHub', () => {
  it('are one line each, with every sign that ends something escaped', () => {
    const lines = renderGithub(document).split('\n');
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^\r\n]*::[^\r\n]*$/);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^::error file=config\/environments\/dev%2Ca%3Ab\.yaml,line=12,title=supported-versions\/sql_version::/,
      ),
    );
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(open.length);
    expect(lines.join('\n')).toContain('100%25');
  });

  it('say how many of them GitHub will not show', () => {
    const [one] = open;
    const many = { ...document, findings: Array.from({ length: 12 }, () => one as Finding) };
    expect(renderGithub(many)).toContain('GitHub shows 10 of 12 findings as error');
  });
});

it.each([renderText, renderMarkdown, renderSarif, renderGithub])(
  '%p lets no value begin a line',
  (render) => {
    expect(
      render(document)
        .split('\n')
        .filter((line) => line.startsWith('next')),
    ).toEqual([]);
  },
);

it.each([renderMarkdown, renderHtml, renderJunit])('%p lets no value become an element', (render) => {
  expect(render(document)).not.toMatch(/<\/?script/);
});

describe('the page', () => {
  const html = renderHtml(document);

  it('is well-formed, asks the network for nothing and runs no script', () => {
    expect(isBalanced(html.replace(/<style>[^<]*<\/style>/, ''))).toBe(true);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|src=|href="(?!#)/i);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('reads in the dark, prints, and is walked through by keyboard', () => {
    expect(html).toContain('@media (prefers-color-scheme:dark)');
    expect(html).toContain('@media print');
    expect(html).toContain('<a class="skip" href="#findings">');
    // Whatever scrolls by itself can be reached.
    for (const [box] of html.matchAll(/<(?:div class="wide"|pre)[^>]*>/g))
      expect(box).toContain('tabindex="0"');
    expect(html).toContain('<html lang="en">');
  });
});

describe('Markdown', () => {
  const many = (count: number, message: string): AuditDocument => {
    const [one] = open;
    const findings = Array.from({ length: count }, (_, index) => ({
      ...(one as Finding),
      check: `c${String(index)}`,
      message,
    }));
    return { ...document, findings };
  };

  it.each([
    [1_000, 'a finding'],
    [100, 'x'.repeat(5_000)],
    [1, 'y'.repeat(100_000)],
    [40_000, HOSTILE],
  ])('fits into a comment, whatever there is: %d findings', (count, message) => {
    const text = renderMarkdown(many(count, message));
    expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(text).toContain('## Audit: refused');
    expect(text).toContain(POLICY);
    const shown = text.split('\n').filter((line) => line.startsWith('| error |')).length;
    if (shown < count) expect(text).toContain(`${String(count - shown)} of ${String(count)} findings`);
    expect(shown).toBeGreaterThan(0);
  });

  it('leaves nothing out where there is room', () => {
    expect(renderMarkdown(document)).not.toContain('Left out');
  });
});
