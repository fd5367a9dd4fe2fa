import { stripVTControlCharacters } from 'node:util';

/** What Terraform wrote, out of what the cdktf CLI wrote, which puts the stack's name before it. Pure. */
export function terraformOutput(output: string, stack: string): string {
  return output
    .split('\n')
    .map((line) => stripVTControlCharacters(line).replace(new RegExp(`^${stack}(?: |$)`), ''))
    .join('\n');
}
