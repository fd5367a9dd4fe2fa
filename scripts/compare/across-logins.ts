import type { Side, SideView } from './side';

type Objects = Side['objects'];

/**
 * Whether each login takes the other's place: an administrator whose name the other cluster does not have, as where Cosmos DB has
 * `citus` and an elastic cluster one of its own. Where both sides have both roles, an owner is who it is.
 */
export function loginsCorrespond(from: Side, to: Side): boolean {
  return from.login !== to.login && !to.roles.includes(from.login) && !from.roles.includes(to.login);
}

/**
 * Two databases whose logins correspond, under one name for both, so that what is left to be told is a difference. The logins
 * themselves are those of the clusters, and no part of what is compared. Pure.
 */
export function alikeAcrossLogins(from: Side, to: Side): [Side, Side] {
  if (!loginsCorrespond(from, to)) return [from, to];
  const all = (objects: Objects): Objects =>
    Object.fromEntries(
      Object.entries(objects).map(([name, parts]) => [
        renameBeginning(name, 'default privileges of', to.login, from.login),
        renameIn(parts, to.login, from.login),
      ]),
    );
  return [
    { ...from, others: withoutLogin(from.others, from.login) },
    {
      ...to,
      objects: all(to.objects),
      others: withoutLogin(all(to.others), to.login),
      views: to.views.map((view): SideView => ({
        ...view,
        objects: renameIn(view.objects, to.login, from.login),
      })),
    },
  ];
}

function withoutLogin(others: Objects, login: string): Objects {
  return Object.fromEntries(Object.entries(others).filter(([name]) => name !== `role ${login}`));
}

function renameIn<Value>(
  parts: Readonly<Record<string, Value>>,
  login: string,
  name: string,
): Record<string, Value | string> {
  return Object.fromEntries(
    Object.entries(parts).map(([part, value]): [string, Value | string] => {
      if (typeof value !== 'string') return [part, value];
      if (/^owner\b/.test(part)) return [part, value === login ? name : value];
      if (/^grants\b/.test(part)) {
        const grants = value.split(', ').map((each) => renameBeginning(each, '', login, name));
        return [part, grants.join(', ')];
      }
      if (/^policy /.test(part)) {
        return [
          part,
          value.replace(/\{([^}]*)\}/, (_, roles: string) => `{${renameRole(roles, login, name)}}`),
        ];
      }
      return [part, value];
    }),
  );
}

function renameRole(roles: string, login: string, name: string): string {
  return roles
    .split(',')
    .map((each) => (each === login ? name : each))
    .join(',');
}

/** @param text begins with `before` and a role */
function renameBeginning(text: string, before: string, login: string, name: string): string {
  const lead = before === '' ? '' : `${before} `;
  return text === `${lead}${login}` || text.startsWith(`${lead}${login} `)
    ? `${lead}${name}${text.slice(lead.length + login.length)}`
    : text;
}
