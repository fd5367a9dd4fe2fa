import type { AuditDocument, Finding, RuleOutcome } from '../judge/judge';
import { UNFINISHED } from '../judge/unfinished';
import { escapeAttribute, escapeMarkup } from '../../lib/markup';
import { levelText, messageText, pointerText, sourceText } from './place';
import { provenanceLines } from './provenance';
import { unusedWaiverText } from './summary';

/**
 * An audit as a test report: an environment is a suite, a rule is a case. An open error is a failure; warnings, what is waived and
 * what is for later are the output of a case that passes. Pure.
 */
export function renderJunit(document: AuditDocument): string {
  const suites = [...document.unfinished, ...document.environments].map((environment) =>
    suite(document, environment),
  );
  const sum = (key: 'tests' | 'failures' | 'skipped'): number =>
    suites.reduce((total, each) => total + each[key], 0);
  const name = attributes({
    name: 'scaleout audit',
    tests: sum('tests'),
    failures: sum('failures'),
    errors: 0,
    skipped: sum('skipped'),
    ...(document.provenance === undefined ? {} : { timestamp: timestamp(document.provenance.madeAt) }),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${name}>`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
  ].join('\n');
}

interface Suite {
  readonly xml: string;
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
}

function suite(document: AuditDocument, environment: string): Suite {
  const findings = document.findings.filter((finding) => finding.environment === environment);
  const outcomes = document.outcomes.filter((outcome) => outcome.environment === environment);
  const cases =
    outcomes.length === 0
      ? [
          testCase(
            environment,
            {
              ruleId: UNFINISHED,
              status: 'findings',
              property: 'The file of the environment is right.',
              environment,
            },
            findings,
          ),
        ]
      : outcomes.map((outcome) => testCase(environment, outcome, findings));
  const failures = cases.filter(({ failed }) => failed).length;
  const skipped = outcomes.filter(({ status }) => status === 'not-applicable').length;
  const given = attributes({
    name: environment,
    tests: cases.length,
    failures,
    errors: 0,
    skipped,
    ...(document.provenance === undefined ? {} : { timestamp: timestamp(document.provenance.madeAt) }),
  });
  return {
    xml: [
      `  <testsuite ${given}>`,
      ...properties(document),
      ...cases.map(({ xml }) => xml),
      '  </testsuite>',
    ].join('\n'),
    tests: cases.length,
    failures,
    skipped,
  };
}

function testCase(
  environment: string,
  { ruleId, status, property, reason }: RuleOutcome,
  findings: readonly Finding[],
): { readonly xml: string; readonly failed: boolean } {
  const own = findings.filter((finding) => finding.ruleId === ruleId);
  const open = own.filter(({ level, waiver }) => level === 'error' && waiver === null);
  const told = own.filter((finding) => !open.includes(finding));
  const source = own.find((finding) => finding.source !== null)?.source;
  const given = attributes({
    name: ruleId,
    classname: `audit.${environment}`,
    ...(source === undefined || source === null ? {} : { file: source.file, line: source.line }),
  });
  const body = [
    ...(status === 'not-applicable' ? [`      <skipped ${attributes({ message: reason ?? '' })}/>`] : []),
    ...(open.length === 0
      ? []
      : [
          `      <failure ${attributes({ type: ruleId, message: property })}>${escapeMarkup(open.map(describe).join('\n\n'))}</failure>`,
        ]),
    ...(told.length === 0
      ? []
      : [`      <system-out>${escapeMarkup(told.map(describe).join('\n\n'))}</system-out>`]),
  ];
  const xml =
    body.length === 0
      ? `    <testcase ${given}/>`
      : [`    <testcase ${given}>`, ...body, '    </testcase>'].join('\n');
  return { xml, failed: open.length > 0 };
}

function describe(finding: Finding): string {
  return [
    `${levelText(finding)}: ${finding.ruleId}/${finding.check} at ${finding.constructPath}`,
    messageText(finding),
    ...[sourceText(finding), pointerText(finding)].filter((each) => each !== undefined),
  ].join('\n');
}

function properties(document: AuditDocument): readonly string[] {
  const remarks = [...document.unusedWaivers.map(unusedWaiverText), ...document.policyRemarks];
  const all = [
    ...provenanceLines(document).map((value) => ({ name: 'provenance', value })),
    ...remarks.map((value) => ({ name: 'remark', value })),
  ];
  if (all.length === 0) return [];
  return [
    '    <properties>',
    ...all.map((each) => `      <property ${attributes(each)}/>`),
    '    </properties>',
  ];
}

/** As the schemas of JUnit have it: without fractions and zone. */
function timestamp(iso: string): string {
  return iso.slice(0, 19);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeAttribute(String(value))}"`)
    .join(' ');
}
