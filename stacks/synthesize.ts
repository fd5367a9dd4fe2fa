import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { TerraformStack } from 'cdktf';
import { App } from 'cdktf';
import type { BootstrapSettings } from '../config/environment/bootstrap';
import type { EnvironmentSettings, Stage } from '../config/environment/environment';
import { BootstrapStack } from './bootstrap-stack';
import { CosmosClusterStack } from './cosmos-cluster-stack';
import { withoutCreationTraces } from './creation-traces';
import { ElasticClusterStack } from './elastic-cluster-stack';

/** What was written for one stack. */
export interface SynthesizedStack {
  readonly name: string;
  /** Where Terraform runs: holds cdk.tf.json. */
  readonly directory: string;
  readonly file: string;
}

export interface SynthesizeOptions {
  /** @default - CDKTF_OUTDIR, else cdktf.out */
  readonly outdir?: string;
  /**
   * Where the states are to lie, as a stack of its own.
   *
   * @default - no such stack
   */
  readonly bootstrap?: BootstrapSettings | undefined;
  /**
   * The stage to show every environment at, instead of its own.
   *
   * @default - each environment's own
   */
  readonly stage?: Stage;
}

/**
 * Writes one stack to an environment, and the bootstrap stack, `stacks/<name>/cdk.tf.json`, all validations on. Reads no clock, no network and
 * no randomness: the same settings give the same bytes.
 */
export function synthesize(
  environments: readonly EnvironmentSettings[],
  options: SynthesizeOptions = {},
): SynthesizedStack[] {
  const outdir = options.outdir ?? process.env['CDKTF_OUTDIR'] ?? 'cdktf.out';
  mkdirSync(outdir, { recursive: true });
  const stacks = withoutCreationTraces(() => {
    // Traces in the metadata would put paths of this machine into what is compared and reviewed.
    const app = new App({ outdir, stackTraces: false });
    const made = [
      ...(options.bootstrap === undefined ? [] : [new BootstrapStack(app, options.bootstrap)]),
      ...environments.map((settings) =>
        environmentStack(app, settings, options.stage ?? settings.cluster.stage),
      ),
    ];
    app.synth();
    return made;
  });
  return stacks.map(({ node: { id: name } }) => {
    const directory = path.join(outdir, 'stacks', name);
    return { name, directory, file: path.join(directory, 'cdk.tf.json') };
  });
}

/** The stack of an environment's service, at a stage. */
function environmentStack(app: App, settings: EnvironmentSettings, stage: Stage): TerraformStack {
  return settings.service === 'elastic-cluster'
    ? new ElasticClusterStack(app, { ...settings, cluster: { ...settings.cluster, stage } })
    : new CosmosClusterStack(app, { ...settings, cluster: { ...settings.cluster, stage } });
}
