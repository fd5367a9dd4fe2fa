import { CosmosdbPostgresqlRole } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-role';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { roleViolations } from '../config/azure/database-roles';
import { clusterId } from '../config/azure/resource-names';
import type { ClusterOrigin } from './cluster-origin';
import { importPart } from './import-part';
import { byName, inSequence } from './in-sequence';
import { propProblems, requireValid, unknownNames } from './invalid-props';
import type { ImmutableTimeouts } from './operation-timeouts';
import { immutableTimeouts, timeoutsArgument } from './operation-timeouts';
import { passwordPreconditions, passwordProblems } from './password-rules';

/** A role that can sign in, on the coordinator and every worker. */
export interface DatabaseRole {
  /** 1 to 63 lowercase letters and digits. It is the identity of the role: another name is another role. */
  readonly name: string;
  /** A reference that Terraform resolves, such as that of RolePassword, never the password itself. */
  readonly password: string;
}

export interface DatabaseRolesProps {
  readonly clusterId: string;
  /** Literal names, since addresses follow from them. Their order changes nothing. */
  readonly roles: readonly DatabaseRole[];
  /**
   * What the cluster comes from. Roles of one that was there before are imported with it, and keep the passwords they
   * have: another password in the configuration would drop the role.
   *
   * @default - the roles are new
   */
  readonly origin?: ClusterOrigin | undefined;
  /**
   * What changes the cluster before.
   *
   * @default - nothing but the cluster itself
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - the provider's */
  readonly timeouts?: ImmutableTimeouts;
}

/**
 * Roles of the database beside `citus`, which cannot create any itself. What a role may do is granted in SQL.
 *
 * The service cannot change the password of a role: rotation drops the role and creates it again, and with it go its
 * grants. The drop fails while the role owns anything, so let `citus` own the tables. To rotate without a gap, add a
 * second role, move its users over, and remove the first.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class DatabaseRoles extends Construct {
  /** The role that is made last: what changes the cluster next waits for it. */
  readonly last: ITerraformDependable | undefined;

  constructor(scope: Construct, id: string, props: DatabaseRolesProps) {
    super(scope, id);
    requireValid(this, problems(props));
    this.last = inSequence(byName(props.roles), props.after, ({ name, password }, waits) => {
      const role = new CosmosdbPostgresqlRole(this, name, {
        clusterId: props.clusterId,
        name,
        password,
        ...timeoutsArgument(props.timeouts),
        lifecycle: {
          ...(props.origin?.existing === true ? { ignoreChanges: ['password'] } : {}),
          precondition: passwordPreconditions(password, `role ${name}`),
        },
        ...waits,
      });
      importPart(role, props.origin, `roles/${name}`);
      return role;
    });
  }
}

function problems(props: DatabaseRolesProps): string[] {
  return [
    ...unknownNames(
      props.roles.map(({ name }) => name),
      (index) => `roles.${index}.name`,
    ),
    ...propProblems(props, {
      clusterId,
      roles: roleViolations,
      timeouts: immutableTimeouts,
    }),
    ...props.roles.flatMap(({ password }, index) =>
      passwordProblems(`roles.${index}.password`, password, 'RolePassword'),
    ),
  ];
}
