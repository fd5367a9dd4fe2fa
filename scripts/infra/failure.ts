import { refused, ScaleoutError } from '../lib/errors';
import type { ErrorCode } from '../lib/error-codes';
import type { Diagnostic } from './diagnostics';
import { diagnosticText, parseDiagnostics } from './diagnostics';
import type { Cause, Where } from './failure-causes';
import { CAUSES } from './failure-causes';
import type { ProcessResult } from './terraform';
import { paragraph } from './terraform';
import { terraformWords } from './terraform-answers';

/** Why a run of Terraform failed, in one paragraph. */
export interface Explanation {
  /** The cause's id; `unknown` where nobody foresaw it. */
  readonly id: string;
  readonly message: string;
  /** The resources that met it, by their addresses in the stack. */
  readonly addresses: readonly string[];
  /** How many other errors there were. */
  readonly others: number;
  /** Where the cause has one of its own. */
  readonly code?: ErrorCode;
  /** True where something says no on purpose. */
  readonly refusal: boolean;
}

const LONGEST = 600;

/**
 * Explains a run of Terraform that failed: the gravest cause among its errors, and how many others there are. Pure.
 *
 * @param output what it wrote, `-json` or not
 * @param of the resources that count, by their addresses @default - all
 */
export function explainFailure(output: string, where: Where, of?: ReadonlySet<string>): Explanation {
  const diagnostics = parseDiagnostics(output).filter(
    ({ address }) => of === undefined || (address !== undefined && of.has(address)),
  );
  const [first] = diagnostics;
  if (first === undefined) return unknown(paragraph(terraformWords(output)), where);
  for (const cause of CAUSES) {
    const own = diagnostics.flatMap((diagnostic) => match(cause, diagnostic));
    const [found] = own;
    if (found === undefined) continue;
    // Two preconditions that fail are two things to correct; two resources that met one fault are one.
    const texts = own.map(({ diagnostic, matched }) => cause.explain(matched, where, diagnostic));
    const all = cause.every === true ? [...new Set(texts)].join('; ') : (texts[0] ?? '');
    const others = diagnostics.length - own.length;
    const message = `${all}${others === 0 ? '' : ` (${others === 1 ? 'one more error' : `${String(others)} more errors`} beside it)`}`;
    const addresses = own.flatMap(({ diagnostic: { address } }) => address ?? []);
    return {
      id: cause.id,
      message,
      addresses,
      others,
      refusal: cause.refusal === true,
      ...(cause.code === undefined ? {} : { code: cause.code }),
    };
  }
  return unknown(diagnostics.map(diagnosticText).join('; '), where, first);
}

/** The same as an error of the program. */
export function terraformFailure(
  result: Pick<ProcessResult, 'exitCode' | 'stdout' | 'stderr'>,
  where: Where,
): ScaleoutError {
  const {
    code = 'infra.terraform-failed',
    message,
    addresses,
    others,
    refusal,
  } = explainFailure(`${result.stdout}\n${result.stderr}`, where);
  const details = { addresses, others };
  if (refusal) return refused('infra.terraform-refused', message, { details });
  return new ScaleoutError(code, message, { details });
}

function match(
  cause: Cause,
  diagnostic: Diagnostic,
): { readonly diagnostic: Diagnostic; readonly matched: RegExpExecArray }[] {
  const same = diagnostic.detail === diagnostic.summary;
  const told = same ? { ...diagnostic, detail: '' } : diagnostic;
  const matched = cause.pattern.exec(diagnosticText(told));
  return matched === null ? [] : [{ diagnostic: told, matched }];
}

function unknown(text: string, { environment, doing }: Where, first?: Diagnostic): Explanation {
  const said = text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 3)}...`;
  const at = first?.address === undefined ? '' : ` at ${first.address}`;
  const after = doing === 'apply' ? '. What was done before is in the state' : '';
  return {
    id: 'unknown',
    message: `terraform ${doing} of "${environment}" failed${at}: ${said === '' ? 'it said nothing' : said}${after}`,
    addresses: first?.address === undefined ? [] : [first.address],
    others: 0,
    refusal: false,
  };
}
