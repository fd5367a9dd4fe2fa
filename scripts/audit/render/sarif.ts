import { createHash } from 'node:crypto';
import path from 'node:path';
import type { AuditDocument, Finding, Provenance } from '../judge/judge';
import { UNFINISHED } from '../judge/unfinished';
import { RULES } from '../rules';
import { pointerText, stackFile, worstFirst } from './place';
import { summary, unusedWaiverText } from './summary';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** An audit for code scanning: SARIF 2.1.0. Pure. @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function renderSarif(document: AuditDocument): string {
  const rules = [...RULES.map(descriptor), ...(document.unfinished.length === 0 ? [] : [UNFINISHED_RULE])];
  const { provenance } = document;
  const run = {
    tool: {
      driver: {
        name: provenance?.tool.name ?? 'scaleout',
        ...(provenance === undefined ? {} : { version: provenance.tool.version }),
        rules,
      },
    },
    automationDetails: { id: 'scaleout-audit/' },
    invocations: [
      {
        executionSuccessful: true,
        ...(provenance === undefined ? {} : { endTimeUtc: provenance.madeAt }),
        toolExecutionNotifications: remarks(document),
      },
    ],
    columnKind: 'utf16CodeUnits',
    ...(provenance === undefined ? {} : { artifacts: artifactsOf(provenance) }),
    results: [...document.findings].sort(worstFirst).map((finding) => result(finding, rules)),
    properties: {
      summary: summary(document),
      judgedOn: document.judgedOn,
      environments: document.environments,
      unfinished: document.unfinished,
      ...(provenance === undefined
        ? {}
        : { commit: provenance.tool.commit ?? null, policySha256: provenance.policy.sha256 }),
    },
  };
  return JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, undefined, 2);
}

/** A reportingDescriptor of SARIF, as far as it is written here. */
interface Descriptor {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly help: { readonly text: string; readonly markdown?: string };
  readonly defaultConfiguration: { readonly level: 'error' | 'warning' };
  readonly properties?: { readonly tags: readonly string[] };
}

function descriptor({ id, level, property, why, remedy, controls }: (typeof RULES)[number]): Descriptor {
  return {
    id,
    shortDescription: { text: property },
    fullDescription: { text: `${property} ${why}` },
    help: { text: `${why} ${remedy}`, markdown: `${why}\n\n**${remedy}**` },
    defaultConfiguration: { level },
    properties: { tags: ['security', ...controls] },
  };
}

const UNFINISHED_RULE: Descriptor = {
  id: UNFINISHED,
  shortDescription: { text: 'The file of an environment is right.' },
  fullDescription: {
    text: 'The file of an environment is right. One that is wrong is never synthesized, so that no rule judges it.',
  },
  help: { text: 'Correct the file at the line named.' },
  defaultConfiguration: { level: 'error' },
};

function result(finding: Finding, rules: readonly Descriptor[]): object {
  const { ruleId, check, environment, constructPath, message, value, waiver } = finding;
  const pointer = pointerText(finding);
  return {
    ruleId,
    ruleIndex: rules.findIndex(({ id }) => id === ruleId),
    level: levelOf(finding),
    message: { text: message },
    locations: [
      {
        physicalLocation: physicalLocation(finding),
        logicalLocations: [
          {
            name: constructPath.split('/').at(-1) ?? constructPath,
            fullyQualifiedName: constructPath,
            kind: 'resource',
          },
        ],
      },
    ],
    // A finding stays the same one when lines move.
    partialFingerprints: { 'scaleoutFinding/v1': fingerprint([ruleId, check, constructPath]) },
    ...(waiver === null
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: `${waiver.reason} (until ${waiver.expires})`,
            },
          ],
        }),
    properties: { check, environment, value, ...(pointer === undefined ? {} : { pointer }) },
  };
}

/** Code scanning shows no result without a file and a line. */
function physicalLocation(finding: Finding): object {
  const { source } = finding;
  const file = source?.file ?? stackFile(finding) ?? '';
  return { artifactLocation: location(file), region: { startLine: source?.line ?? 1 } };
}

/** What lies in the checkout is named from its root, so that another machine finds it. */
function location(file: string): object {
  if (path.isAbsolute(file)) return { uri: `file://${encodeURI(file.replaceAll('\\', '/'))}` };
  return { uri: encodeURI(file.replaceAll('\\', '/')), uriBaseId: '%SRCROOT%' };
}

function artifactsOf({ files, policy }: Provenance): readonly object[] {
  return [...files, ...policy.files].map(({ path: file, sha256 }) => ({
    location: location(file),
    hashes: { 'sha-256': sha256 },
  }));
}

function remarks(document: AuditDocument): readonly object[] {
  return [...document.unusedWaivers.map(unusedWaiverText), ...document.policyRemarks].map((text) => ({
    level: 'note',
    message: { text },
  }));
}

function levelOf({ level }: Finding): 'error' | 'warning' | 'note' {
  return level === 'after-adoption' ? 'note' : level;
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}
