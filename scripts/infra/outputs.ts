import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ConnectionTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { PROJECT_DIRECTORY, stackDirectory } from './project';
import type { ProcessEnvironment, ProcessResult } from './terraform';
import { paragraph, runTerraform } from './terraform';
import { terraformDocument, terraformWords } from './terraform-answers';

/** What a deployed stack says of itself; the names are the stack's contract. */
export interface EnvironmentOutputs {
  /** The public or private name of the coordinator, as its certificate has it. */
  readonly coordinatorFqdn: string;
  readonly port: number;
  readonly database: string;
  /** The role to log in as. */
  readonly login: string;
  readonly stage: string;
  /** Workers; 0 on a single node. */
  readonly nodeCount: number;
  readonly clusterName: string;
}

const output = <T extends z.ZodType>(value: T): z.ZodObject<{ value: T }> => z.object({ value });
const text = z.string().min(1);

const outputsSchema = z.object({
  coordinator_fqdn: output(text),
  port: output(z.coerce.number().int().min(1).max(65_535)),
  database: output(text),
  login: output(text),
  stage: output(text),
  node_count: output(z.coerce.number().int().min(0)),
  cluster_name: output(text),
});

/**
 * What `terraform output -json` printed, parsed. Outputs that are not known here are left alone.
 *
 * @throws ScaleoutError when the environment is not deployed, or an output is missing or of another kind
 */
export function parseOutputs(json: string, environment: string): EnvironmentOutputs {
  let printed: unknown;
  try {
    printed = terraformDocument(json);
  } catch (error) {
    throw new ScaleoutError(
      'infra.outputs-unreadable',
      `terraform output of ${environment} printed something that is not JSON`,
      {
        cause: error,
      },
    );
  }
  if (typeof printed === 'object' && printed !== null && Object.keys(printed).length === 0) {
    throw new ScaleoutError(
      'infra.not-deployed',
      `the environment "${environment}" is not deployed yet: its state holds no outputs. Run npx cdktf deploy ${environment} first`,
    );
  }
  const parsed = outputsSchema.safeParse(printed);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? 'all of them')))];
    throw new ScaleoutError(
      'infra.outputs-unreadable',
      `the outputs of ${environment} are not those of this version of the stack (missing or of another kind: ${names.join(', ')}): run npx cdktf deploy ${environment}, which writes them`,
    );
  }
  const { data } = parsed;
  return {
    coordinatorFqdn: data.coordinator_fqdn.value,
    port: data.port.value,
    database: data.database.value,
    login: data.login.value,
    stage: data.stage.value,
    nodeCount: data.node_count.value,
    clusterName: data.cluster_name.value,
  };
}

export interface OutputsOptions {
  /** @default process.env */
  readonly environment?: ProcessEnvironment;
  /** The directory that holds `cdktf.out`. @default this project's */
  readonly project?: string;
}

/**
 * Reads what an environment's last deploy said of itself, from its Terraform state.
 *
 * @throws ScaleoutError when it was not synthesized, initialised or deployed, or Terraform is missing
 */
export async function readOutputs(name: string, options: OutputsOptions = {}): Promise<EnvironmentOutputs> {
  // The name becomes a path: nothing but a name gets that far.
  if (!/^[\w-]+$/.test(name)) {
    throw new ScaleoutError(
      'input.invalid',
      `"${name}" is no name of an environment: letters, digits and hyphens`,
    );
  }
  const project = options.project ?? PROJECT_DIRECTORY;
  const directory = stackDirectory(name);
  if (!existsSync(path.join(project, directory, 'cdk.tf.json'))) {
    throw new ScaleoutError(
      'infra.not-deployed',
      `${directory} does not exist: the environment "${name}" was not synthesized here. Run npx cdktf synth, then terraform -chdir=${directory} init`,
    );
  }
  const environment = options.environment ?? process.env;
  const result = await runTerraform([`-chdir=${directory}`, 'output', '-json', '-no-color'], {
    environment,
    cwd: project,
  });
  try {
    if (result.exitCode !== 0) throw outputError(name, result);
    return parseOutputs(result.stdout, name);
  } catch (error) {
    const elsewhere = elsewhereOf(environment);
    if (!(error instanceof ScaleoutError) || elsewhere === '') throw error;
    throw new ScaleoutError('infra.outputs-unreadable', `${error.message}${elsewhere}`, { cause: error });
  }
}

/** Where Terraform looks instead of where its last run wrote, perhaps: left over from other work, a variable has it look there. */
function elsewhereOf(environment: ProcessEnvironment): string {
  const set = ['TF_WORKSPACE', 'TF_DATA_DIR'].flatMap((name) => {
    const value = environment[name];
    return value === undefined || value === '' ? [] : [`${name} is "${value}"`];
  });
  return set.length === 0
    ? ''
    : `. ${set.join(' and ')} here: unless the deploy had the same, unset it and try again`;
}

function outputError(name: string, result: ProcessResult): ScaleoutError {
  const said = paragraph(terraformWords(result.stderr));
  const directory = stackDirectory(name);
  if (/initializ|terraform init/i.test(said)) {
    return new ScaleoutError(
      'infra.not-deployed',
      `Terraform is not initialised in ${directory}, so the outputs of "${name}" cannot be read: run terraform -chdir=${directory} init`,
    );
  }
  return new ScaleoutError(
    'infra.terraform-failed',
    `the outputs of "${name}" cannot be read from its state: ${said === '' ? `terraform ended with ${String(result.exitCode)}` : said}`,
  );
}

/**
 * Where the database of a deployed environment is: to be laid over what the libpq variables say, which bring the
 * password and the certificate authority.
 */
export async function environmentTarget(
  name: string,
  environment: ProcessEnvironment = process.env,
): Promise<Pick<ConnectionTarget, 'host' | 'port' | 'user' | 'database'>> {
  const outputs = await readOutputs(name, { environment });
  return {
    host: outputs.coordinatorFqdn,
    port: outputs.port,
    user: outputs.login,
    database: outputs.database,
  };
}
