import { CosmosdbPostgresqlCoordinatorConfiguration } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-coordinator-configuration';
import { CosmosdbPostgresqlNodeConfiguration } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-node-configuration';
import type { ITerraformDependable } from 'cdktf';
import { Annotations, Token } from 'cdktf';
import { Construct } from 'constructs';
import { clusterId } from '../config/azure/resource-names';
import type { ParametersOf } from '../config/azure/server-parameters';
import { parametersNeedingRestart, parameterViolations } from '../config/azure/server-parameters';
import { allOf } from '../config/text/text';
import type { ClusterOrigin } from './cluster-origin';
import { importPart } from './import-part';
import { byName, inSequence } from './in-sequence';
import { clause, propProblems, requireValid } from './invalid-props';
import type { OperationTimeouts } from './operation-timeouts';
import { operationTimeouts, timeoutsArgument } from './operation-timeouts';

export interface ServerParametersProps {
  readonly clusterId: string;
  /**
   * Names and values of parameters of the coordinator, or of a single node; numbers as text, in PostgreSQL's unit.
   *
   * @default - the service's values
   */
  readonly coordinator?: Readonly<Record<string, string>>;
  /**
   * The same for all workers. A cluster without workers has no such parameters: leave it out until it is scaled out.
   *
   * @default - the service's values
   */
  readonly workers?: Readonly<Record<string, string>>;
  /**
   * Major version of PostgreSQL, to refuse parameters that it does not have.
   *
   * @default - parameters of any version pass
   */
  readonly postgresVersion?: number;
  /**
   * What the cluster comes from. Parameters of one that was there before are imported with it.
   *
   * @default - the parameters are set anew
   */
  readonly origin?: ClusterOrigin | undefined;
  /**
   * What changes the cluster before.
   *
   * @default - nothing but the cluster itself
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - the provider's */
  readonly timeouts?: OperationTimeouts;
}

/**
 * Parameters of PostgreSQL, Citus and PgBouncer that differ from the service's values. One that is taken out goes back to
 * the service's value. Terraform restarts nothing, and some take effect after a restart alone.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class ServerParameters extends Construct {
  /** The parameter that is set last: what changes the cluster next waits for it. */
  readonly last: ITerraformDependable | undefined;

  constructor(scope: Construct, id: string, props: ServerParametersProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const coordinator = this.set(
      'Coordinator',
      CosmosdbPostgresqlCoordinatorConfiguration,
      props.coordinator,
      props,
    );
    this.last = this.set('Workers', CosmosdbPostgresqlNodeConfiguration, props.workers, {
      ...props,
      after: coordinator,
    });
  }

  /** Sets the parameters of one kind of node. @returns what comes last */
  private set(
    id: keyof typeof PART_OF,
    Configuration:
      typeof CosmosdbPostgresqlCoordinatorConfiguration | typeof CosmosdbPostgresqlNodeConfiguration,
    parameters: Readonly<Record<string, string>> = {},
    { clusterId, origin, after, timeouts }: ServerParametersProps,
  ): ITerraformDependable | undefined {
    const names = Object.keys(parameters);
    if (names.length === 0) return after;
    const scope = new Construct(this, id);
    const restart = parametersNeedingRestart(names);
    if (restart.length > 0) {
      Annotations.of(scope).addWarning(
        `${allOf(restart)} take${restart.length === 1 ? 's' : ''} effect once the nodes are restarted, which Terraform does not do`,
      );
    }
    return inSequence(
      byName(Object.entries(parameters).map(([name, value]) => ({ name, value }))),
      after,
      ({ name, value }, waits) => {
        const parameter = new Configuration(scope, name, {
          clusterId,
          name,
          value,
          ...timeoutsArgument(timeouts),
          ...waits,
        });
        importPart(parameter, origin, `${PART_OF[id]}/${name}`);
        return parameter;
      },
    );
  }
}

/** What Azure calls the parameters of a kind of node, in their resource ids. */
const PART_OF = { Coordinator: 'coordinatorConfigurations', Workers: 'nodeConfigurations' } as const;

function problems(props: ServerParametersProps): string[] {
  const { coordinator, workers, postgresVersion } = props;
  const known = Token.isUnresolved(postgresVersion) ? undefined : postgresVersion;
  return [
    ...propProblems(props, { clusterId }),
    ...parameterProblems(coordinator, 'coordinator', known),
    ...parameterProblems(workers, 'workers', known),
    ...propProblems(props, { timeouts: operationTimeouts }),
  ];
}

/** Values that only Terraform knows are left to the service; their names are judged all the same. */
function parameterProblems(
  parameters: Readonly<Record<string, string>> | undefined,
  kind: ParametersOf,
  postgresVersion: number | undefined,
): string[] {
  if (parameters === undefined) return [];
  return parameterViolations(parameters, kind, postgresVersion, (value) => Token.isUnresolved(value)).map(
    (violation) => clause(violation, kind),
  );
}
