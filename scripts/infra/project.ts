import path from 'node:path';

/** The directory of this project, where `cdktf.json` is. */
export const PROJECT_DIRECTORY = path.resolve(__dirname, '..', '..');

/** Where `npx cdktf synth` writes, relative to the project; `cdktf.json` may name no other. */
export const SYNTHESIS = 'cdktf.out';

/** The working directory of Terraform for one environment, relative to the project. */
export function stackDirectory(environment: string): string {
  return `${SYNTHESIS}/stacks/${environment}`;
}
