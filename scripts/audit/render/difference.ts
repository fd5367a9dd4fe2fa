import { allOf } from '../../../config/text/text';
import type { Change, DifferenceDocument } from '../difference/difference';
import type { SinceDocument } from '../difference/since';
import { code, markdownTable, plain } from './markdown';

/** The effects in the order a reviewer asks for them. */
const GRAVEST_FIRST: readonly Change['effect'][] = [
  'refused',
  'destroy',
  'replace',
  'create',
  'update',
  'differs',
];

const HEADINGS: Readonly<Record<Change['effect'], string>> = {
  refused: 'refused by the service',
  destroy: 'destroyed',
  replace: 'destroyed and created anew',
  create: 'created',
  update: 'changed in place',
  differs: 'different',
};

/** The differences for a terminal, the gravest first. Pure. */
export function renderDifferenceText(document: DifferenceDocument): string {
  const groups = GRAVEST_FIRST.flatMap((effect) => {
    const changes = document.changes.filter((change) => change.effect === effect);
    if (changes.length === 0) return [];
    return [
      [HEADINGS[effect], ...changes.map((change) => `  ${change.constructPath}: ${change.words}`)].join('\n'),
    ];
  });
  return [...groups, conclusion(document)].join('\n\n');
}

/** The differences as a table in Markdown, the gravest first. Pure. */
export function renderDifferenceMarkdown(document: DifferenceDocument): string {
  const rows = GRAVEST_FIRST.flatMap((effect) =>
    document.changes
      .filter((change) => change.effect === effect)
      .map((change) => [
        HEADINGS[effect],
        code(change.address),
        code(change.constructPath),
        plain(change.words),
      ]),
  );
  return [
    `## ${document.before} -> ${document.after}`,
    `${conclusion(document)}.`,
    ...(rows.length === 0 ? [] : [markdownTable(['effect', 'address', 'construct', 'what'], rows)]),
  ].join('\n\n');
}

/** The difference in one sentence. */
function conclusion({ before, after, kind, changes, counts }: DifferenceDocument): string {
  if (changes.length === 0) return `${before} and ${after} synthesize to the same stack`;
  if (kind === 'comparison') {
    return `${before} and ${after} differ in ${String(changes.length)} ${changes.length === 1 ? 'value' : 'values'}`;
  }
  const counted = GRAVEST_FIRST.filter((effect) => counts[effect] > 0).map(
    (effect) => `${String(counts[effect])} ${HEADINGS[effect]}`,
  );
  return `from ${before} to ${after}: ${counted.join(', ')}`;
}

/** What changed since a release, for a terminal. Pure. */
export function renderSinceText(document: SinceDocument): string {
  return [...document.environments.map(renderDifferenceText), ...moved(document)].join('\n\n');
}

/** The same in Markdown. Pure. */
export function renderSinceMarkdown(document: SinceDocument): string {
  return [
    ...document.environments.map(renderDifferenceMarkdown),
    ...moved(document).map((text) => `${plain(text)}.`),
  ].join('\n\n');
}

function moved({ since, added, gone }: SinceDocument): readonly string[] {
  return [
    ...(added.length === 0 ? [] : [`not in ${since}: ${allOf(added)}`]),
    ...(gone.length === 0
      ? []
      : [
          `in ${since} alone: ${allOf(gone)}; nothing takes down what was deployed there, and nothing looks after it any more`,
        ]),
  ];
}
