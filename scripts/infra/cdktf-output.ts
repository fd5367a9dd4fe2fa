import { stripVTControlCharacters } from 'node:util';
import { parseDiagnostics } from './diagnostics';
import { explainFailure } from './failure';

/** What Terraform wrote, out of what the cdktf CLI wrote, which puts the stack's name before it. Pure. */
export function terraformOutput(output: string, stack: string): string {
  return output
    .split('\n')
    .map((line) => stripVTControlCharacters(line).replace(new RegExp(`^${stack}(?: |$)`), ''))
    .join('\n');
}

/**
 * Why a cdktf that deploys or destroys has failed, in one paragraph; undefined where Terraform named no error, and the
 * cdktf CLI has said itself what it did not like. Pure.
 */
export function explainCdktf(output: string, stack: string): string | undefined {
  const written = terraformOutput(output, stack);
  if (parseDiagnostics(written).length === 0) return undefined;
  return explainFailure(written, { environment: stack, doing: 'apply' }).message;
}
