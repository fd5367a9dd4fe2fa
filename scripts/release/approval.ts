import { code, markdownTable, plain } from '../audit/render/markdown';
import type { PromotionDocument } from './promotion';
import { valueText } from './promotion';

/** The request for whoever approves, in Markdown. Pure. */
export function approvalMarkdown(request: PromotionDocument, review: string | undefined): string {
  const { from, to, receipt, settings, stack, audit } = request;
  return [
    `# Approve ${to}, as ${from} has verified it`,
    markdownTable(
      ['what', 'digest'],
      [
        ['release', code(request.releaseDigest)],
        [
          `receipt ${String(receipt?.sequence ?? '')} of ${from}, ${receipt?.writtenAt ?? ''}`,
          code(receipt?.digest ?? ''),
        ],
        [
          'signed by',
          request.signedBy === null ? 'nobody: the policy names no key' : plain(request.signedBy),
        ],
        [
          `bundle of ${to}`,
          request.bundleDigest === null
            ? `none: only the release is approved, and no plan`
            : code(request.bundleDigest),
        ],
        ['this request', code(request.digest)],
      ],
    ),
    `The audit, by the rules of production: ${audit.verdict}, ${String(audit.counts.warning)} warnings, ${String(audit.counts.waived)} waived.`,
    `## What ${to} sets otherwise`,
    settings.length === 0
      ? 'Nothing.'
      : markdownTable(
          ['setting', from, to, 'as it is'],
          settings.map(({ path, from: was, to: is, reason }) => [
            code(path),
            code(valueText(was)),
            code(valueText(is)),
            reason ?? '**not allowed**',
          ]),
        ),
    '## What comes of it in the stack',
    stack.length === 0
      ? 'Nothing.'
      : stack.map(({ constructPath, words }) => `- ${code(constructPath)} ${plain(words)}`).join('\n'),
    ...(review === undefined ? [] : ['## The plan', indented(review)]),
    ...(request.bundleDigest === null
      ? [`Then: ${code(`npx scaleout plan ${to} --out DIR`)}, and approve that.`]
      : [
          `Once approved: ${code(`npx scaleout apply ${to} --bundle DIR`)}; it applies the bundle above, or nothing.`,
        ]),
    '',
  ].join('\n\n');
}

/** A block of text that nothing in it can end. */
function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
