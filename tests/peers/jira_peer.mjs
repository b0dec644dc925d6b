// Drive a Jira with the client of npm's @atlassian-dc-mcp/jira and print what it answered.
// node jira_peer.mjs PACKAGE_FOLDER ADDRESS

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, address] = process.argv.slice(2);
const generated = join(folder, 'build', 'jira-client');
const client = await import(pathToFileURL(join(generated, 'index.js')));
const { ApplicationroleService, AvatarService, ComponentService, GroupService, GroupsService, GroupuserpickerService } = client;
const { MypermissionsService, MypreferencesService, MyselfService, OpenAPI, PasswordService, PermissionschemeService, PermissionsService, ProjectService } = client;
const { RoleService, ServerInfoService, SessionService, UserService, WebsudoService } = client;

const MEMBERS = 120;
const PAGE = 50;
OpenAPI.BASE = `${address}/rest`;

// What goes over the wire, so that the test can say which operations were driven.
const sent = new Set();
const overTheWire = globalThis.fetch;
globalThis.fetch = (url, request) => {
  sent.add(`${request.method} ${decodeURIComponent(new URL(url).pathname).slice(new URL(address).pathname.length)}`);
  return overTheWire(url, request);
};

// Every operation that the client was generated with.
function operations() {
  const found = [];
  for (const file of readdirSync(join(generated, 'services')).filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(generated, 'services', file), 'utf8');
    for (const [, method, path] of text.matchAll(/method: '(\w+)',\s*url: '([^']+)'/g)) {
      found.push(`${method} /rest${path}`);
    }
  }
  return found;
}

async function status(call) {
  try {
    await call;
    return 200;
  } catch (error) {
    return error.status;
  }
}

async function site() {
  const roles = await ApplicationroleService.getAll();
  return {
    server: (await ServerInfoService.getServerInfo()).version,
    myself: (await MyselfService.getUser()).name,
    session: (await SessionService.currentUser()).name,
    permission: (await MypermissionsService.getPermissions()).permissions.ADMINISTER.havePermission,
    roles: roles.map((role) => role.key).sort(),
    role: (await ApplicationroleService.get4('jira-software')).hasUnlimitedSeats,
    policy: await PasswordService.policyCheckCreateUser({ username: 'x', displayName: 'X', emailAddress: 'x@x', password: 'long-enough-1' }),
    rules: await PasswordService.getPasswordPolicy(),
    change: await PasswordService.policyCheckUpdateUser({ username: 'tbecker', newPassword: 'long-enough-2' }),
    stranger: await status(PasswordService.policyCheckUpdateUser({ username: 'nobody', newPassword: 'long-enough-2' })),
    changed: (await MyselfService.updateUser({ displayName: 'The Administrator' })).displayName,
  };
}

async function people() {
  const made = await UserService.createUser({
    name: 'fay', emailAddress: 'fay@example.org', displayName: 'Fay Ross', applicationKeys: [],
  });
  const told = {
    made: [made.name, made.key === (await UserService.getUser1(false, undefined, 'FAY')).key],
    twice: await status(UserService.createUser({ name: 'fay', emailAddress: 'f@example.org', displayName: 'F' })),
    found: (await UserService.findUsers(false, 50, true, 0, 'ross')).map((user) => user.name),
  };
  await UserService.updateUser1({ emailAddress: 'fay.ross@example.org', displayName: 'Fay R. Ross' }, made.key);
  const renamed = await UserService.updateUser1({ name: 'fross' }, undefined, 'fay');
  told.renamed = [renamed.name, renamed.key === made.key, renamed.emailAddress];
  told.oldName = await status(UserService.getUser1(false, undefined, 'fay'));
  await UserService.changeUserPassword({ password: 'another-secret-1' }, made.key);
  await UserService.deleteSession('fross');
  await UserService.updateUser1({ active: false }, made.key);
  told.inactive = (await UserService.getUser1(false, made.key)).active;
  told.hidden = (await UserService.findUsers(false, 50, true, 0, 'fross')).length;
  told.shown = (await UserService.findUsers(true, 50, false, 0, 'fross')).length;
  await UserService.createUser({ name: 'brief', emailAddress: 'brief@example.org', displayName: 'Brief', applicationKeys: [] });
  await UserService.removeUser(undefined, 'brief');
  told.gone = await status(UserService.getUser1(false, undefined, 'brief'));
  return told;
}

async function properties() {
  const { key } = await UserService.createUser({
    name: 'gus', emailAddress: 'gus@example.org', displayName: 'Gus', applicationKeys: [],
  });
  await UserService.setProperty5('phone', key, undefined, { work: '+1 555 0100' });
  await UserService.setProperty5('desk', undefined, 'gus', { floor: 3 });
  const told = {
    keys: (await UserService.getPropertiesKeys4(key)).keys.map((one) => one.key).sort(),
    phone: (await UserService.getProperty6('phone', key)).value,
  };
  await UserService.deleteProperty6('desk', key);
  told.gone = await status(UserService.getProperty6('desk', key));
  return told;
}

async function groups() {
  await GroupService.createGroup({ name: 'walkers' });
  const told = { twice: await status(GroupService.createGroup({ name: 'walkers' })) };
  for (let number = 0; number < MEMBERS; number += 1) {
    const name = `walker${String(number).padStart(3, '0')}`;
    await UserService.createUser({ name, emailAddress: `${name}@example.org`, displayName: name, applicationKeys: [] });
    await GroupService.addUserToGroup('walkers', { name });
  }
  told.joinedTwice = await status(GroupService.addUserToGroup('walkers', { name: 'walker000' }));
  await UserService.updateUser1({ active: false }, undefined, 'walker001');
  told.active = await members(false);
  told.all = await members(true);
  await GroupService.removeUserFromGroup('walkers', 'walker000');
  told.leftTwice = await status(GroupService.removeUserFromGroup('walkers', 'walker000'));
  told.picked = (await GroupsService.findGroups(50, 'walk')).groups.map((group) => group.name);
  await GroupService.createGroup({ name: 'fleeting' });
  await GroupService.removeGroup('fleeting');
  told.none = (await GroupsService.findGroups(50, 'fleeting')).total;
  return told;
}

async function members(inactive) {
  const names = [];
  const pages = [];
  for (let start = 0, last = false; !last; start += PAGE) {
    // Asks for more than a page holds, as a client that does not know the limit would.
    const page = await GroupService.getUsersFromGroup('walkers', inactive, 1000, start);
    names.push(...page.values.map((user) => user.name));
    pages.push(page.values.length);
    last = page.isLast;
  }
  return { count: new Set(names).size, pages };
}

async function leads() {
  const project = (await ProjectService.getAllProjects()).find((one) => one.key === 'OPS');
  const before = await ProjectService.getProject(project.key);
  const [component] = await ProjectService.getProjectComponents(project.key);
  await ProjectService.updateProject(project.key, { lead: 'admin' });
  await ComponentService.updateComponent(component.id, { leadUserName: 'admin' });
  return {
    before: before.lead.name,
    project: (await ProjectService.getProject(project.key)).lead.name,
    component: (await ComponentService.getComponent(component.id)).lead.name,
  };
}

async function rights() {
  const [scheme] = (await PermissionschemeService.getPermissionSchemes('permissions')).permissionSchemes;
  const role = (await RoleService.getProjectRoles1()).find((one) => one.name === 'Developers');
  const places = await ProjectService.getProjectRoles('OPS');
  const played = await ProjectService.getProjectRole('OPS', role.id);
  return {
    granted: scheme.permissions.filter((one) => one.holder.type === 'group').map((one) => one.holder.parameter).sort(),
    sameRole: places.Developers.endsWith(`/${role.id}`),
    actors: names(played),
    twoDirectories: [(await UserService.getDuplicatedUsersCount()).count, await UserService.getDuplicatedUsersMapping()],
  };
}

function names(role) {
  return role.actors.map((one) => one.name).sort();
}

async function roles() {
  const { id } = await RoleService.createProjectRole({ name: 'Testers', description: 'They test' });
  const told = { twice: await status(RoleService.createProjectRole({ name: 'testers' })) };
  await RoleService.partialUpdateProjectRole(id, { name: 'Reviewers' });
  const kept = await RoleService.getProjectRolesById(id);
  told.kept = [kept.name, kept.description];
  told.half = await status(RoleService.fullyUpdateProjectRole(id, { name: 'Readers' }));
  await RoleService.fullyUpdateProjectRole(id, { name: 'Readers', description: 'They read' });
  await RoleService.addProjectRoleActorsToRole(id, { group: ['software_dev'] });
  await RoleService.addProjectRoleActorsToRole(id, { user: ['tbecker'] });
  told.both = await status(RoleService.addProjectRoleActorsToRole(id, { user: ['tbecker'], group: ['software_dev'] }));
  told.defaults = names(await RoleService.getProjectRoleActorsForRole(id));
  told.left = names(await RoleService.deleteProjectRoleActorsFromRole(id, 'tbecker'));
  told.added = names(await ProjectService.addActorUsers('OPS', id, { user: ['tbecker', 'nobody'], group: ['software_dev'] }));
  told.nobody = await status(ProjectService.addActorUsers('OPS', id, { user: ['nobody'] }));
  await ProjectService.deleteActor('OPS', id, undefined, 'software_dev');
  told.notThere = await status(ProjectService.deleteActor('OPS', id, undefined, 'software_dev'));
  told.one = names(await ProjectService.getProjectRole('OPS', id));
  const wanted = { 'atlassian-user-role-actor': ['admin'], 'atlassian-group-role-actor': ['jira-software-users'] };
  await ProjectService.setActors('OPS', id, { id, categorisedActors: wanted });
  told.set = names(await ProjectService.getProjectRole('OPS', id));
  told.unknown = await status(ProjectService.setActors('OPS', id, { categorisedActors: { 'atlassian-user-role-actor': ['nobody'] } }));
  const scheme = await PermissionschemeService.createPermissionScheme('permissions', {
    name: 'Readers only', permissions: [{ permission: 'BROWSE_PROJECTS', holder: { type: 'projectRole', parameter: `${id}` } }],
  });
  told.used = await status(RoleService.deleteProjectRole(id));
  await RoleService.deleteProjectRole(id, 10100);
  const swapped = await PermissionschemeService.getPermissionScheme(scheme.id, 'projectRole');
  told.swapped = swapped.permissions[0].holder.projectRole.name;
  told.gone = await status(RoleService.getProjectRolesById(id));
  await PermissionschemeService.deletePermissionScheme(scheme.id);
  return told;
}

async function schemes() {
  const service = PermissionschemeService;
  const { id } = await service.createPermissionScheme(undefined, { name: 'Narrow', description: 'For few' });
  const told = { twice: await status(service.createPermissionScheme(undefined, { name: 'narrow' })) };
  const holder = { type: 'group', parameter: 'software_dev' };
  const grant = await service.createPermissionGrant(id, 'group', { permission: 'BROWSE_PROJECTS', holder });
  told.grant = [grant.permission, grant.holder.group.name];
  told.grantedTwice = await status(service.createPermissionGrant(id, undefined, { permission: 'BROWSE_PROJECTS', holder }));
  told.noPermission = await status(service.createPermissionGrant(id, undefined, { permission: 'FLY', holder }));
  told.noGroup = await status(service.createPermissionGrant(id, undefined, { permission: 'CREATE_ISSUES', holder: { ...holder, parameter: 'nowhere' } }));
  told.same = (await service.getPermissionSchemeGrant(grant.id, id)).id === grant.id;
  await service.deletePermissionSchemeEntity(grant.id, id);
  told.grantGone = await status(service.getPermissionSchemeGrant(grant.id, id));
  await service.updatePermissionScheme(id, undefined, { name: 'Narrower', permissions: [{ permission: 'ASSIGNABLE_USER', holder }] });
  told.grants = (await service.getPermissionSchemeGrants(id)).permissions.map((one) => one.permission);
  await service.updatePermissionScheme(id, undefined, { description: 'For fewer' });
  const after = await service.getPermissionScheme(id, 'permissions');
  told.after = [after.name, after.description, after.permissions.length];
  told.noAttribute = await status(service.getSchemeAttribute(id, 'origin'));
  await service.setSchemeAttribute(id, 'origin', 'by hand');
  told.attribute = (await service.getSchemeAttribute(id, 'origin')).value;
  await ProjectService.assignPermissionScheme('OPS', { id });
  told.assigned = (await ProjectService.getAssignedPermissionScheme('OPS')).name;
  told.inUse = await status(service.deletePermissionScheme(id));
  await ProjectService.assignPermissionScheme('OPS', { id: 0 });
  await service.deletePermissionScheme(id);
  told.gone = await status(service.getPermissionScheme(id));
  const { permissions } = await PermissionsService.getAllPermissions();
  told.types = [permissions.ADMINISTER.type, permissions.BROWSE_PROJECTS.type];
  return told;
}

async function applications() {
  const key = 'jira-core';
  const service = ApplicationroleService;
  const seats = async () => (await service.get4(key)).userCount;
  await GroupService.createGroup({ name: 'helpers' });
  const told = { before: await seats() };
  told.closed = await status(UserService.addUserToApplication1(key, 'tbecker'));
  told.stranger = await status(service.put2(key, undefined, undefined, { key, groups: ['nowhere'] }));
  const set = await service.put2(key, undefined, undefined, { key, name: 'Other', groups: ['helpers'], defaultGroups: ['helpers'] });
  told.set = [set.name, set.groups, set.defaultGroups, await seats()];
  told.outdated = [
    await status(service.put2(key, 'not-the-hash', undefined, { key, groups: [] })),
    await status(service.putBulk('not-the-hash', [{ key, groups: [] }])),
  ];
  await UserService.addUserToApplication1(key, 'tbecker');
  told.entered = [await seats(), (await UserService.getUser1(false, undefined, 'tbecker', 'groups')).applicationRoles.size];
  await UserService.removeUserFromApplication1(key, 'tbecker');
  told.left = await seats();
  told.unknown = await status(UserService.addUserToApplication1(key, 'nobody'));
  told.all = (await service.putBulk(undefined, [{ key, groups: [], defaultGroups: [] }])).map((role) => [role.key, role.groups]);
  told.others = (await service.get4('jira-software')).groups;
  return told;
}

async function searches() {
  const names = (users) => users.map((user) => user.name).sort();
  const picked = await UserService.findUsersForPicker(10, 'becker', ['nobody']);
  const told = { picked: [names(picked.users), picked.total, picked.users[0].html.includes('<strong>')] };
  told.excluded = (await UserService.findUsersForPicker(10, 'becker', ['tbecker'])).total;
  const both = await GroupuserpickerService.findUsersAndGroups(undefined, 10, 'wal');
  told.together = [both.users.total > 0, both.groups.groups.map((group) => group.name)];
  told.none = (await UserService.findAssignableUsers1(undefined, 50, 'OPS')).length;
  const holder = { type: 'user', parameter: (await UserService.getUser1(false, undefined, 'tbecker')).key };
  for (const permission of ['ASSIGNABLE_USER', 'BROWSE_PROJECTS']) {
    await PermissionschemeService.createPermissionGrant(0, undefined, { permission, holder });
  }
  told.assignable = names(await UserService.findAssignableUsers1('OPS-1', 50));
  told.everywhere = names(await UserService.findBulkAssignableUsers(50, 'OPS'));
  told.nowhere = await status(UserService.findBulkAssignableUsers(50, 'OPS,NONE'));
  told.both = names(await UserService.findUsersWithAllPermissions('OPS', undefined, 50, 'ASSIGNABLE_USER,BROWSE_PROJECTS', 0));
  told.unknown = await status(UserService.findUsersWithAllPermissions('OPS', undefined, 50, 'FLY', 0));
  told.sees = names(await UserService.findUsersWithBrowsePermission('OPS', undefined, 50, 'becker'));
  told.unnamed = (await UserService.findUsersWithBrowsePermission('OPS')).length;
  return told;
}

async function looks() {
  const known = (await AvatarService.getAllSystemAvatars('user')).system.map((one) => one.id);
  const told = { chosen: (await UserService.updateUserAvatar1({ id: known[1] }, 'tbecker')).id === known[1] };
  told.shown = (await UserService.getAllAvatars1('tbecker')).system.filter((one) => one.selected).map((one) => one.id === known[1]);
  told.refused = [await status(UserService.updateUserAvatar1({ id: '1' }, 'tbecker')), await status(UserService.getAllAvatars1('nobody'))];
  told.columns = (await UserService.defaultColumns('tbecker')).map((one) => one.value).slice(0, 2);
  await UserService.resetColumns('tbecker');
  told.noColumns = await status(UserService.defaultColumns('nobody'));
  told.settings = (await UserService.getA11YPersonalSettings()).map((one) => one.enabled);
  const key = 'user.notifications.mimetype';
  told.before = await status(MypreferencesService.getPreference(key));
  await MypreferencesService.setPreference(key, 'html');
  told.preference = await MypreferencesService.getPreference(key);
  await MypreferencesService.removePreference(key);
  told.after = [await status(MypreferencesService.getPreference(key)), await status(MypreferencesService.removePreference(key))];
  await WebsudoService.release();
  return told;
}

// Signs in by name and password, and goes on with the cookie alone.
async function sessions() {
  const password = 'her-own-secret-1';
  await UserService.createUser({ name: 'ida', password, emailAddress: 'ida@example.org', displayName: 'Ida', applicationKeys: [] });
  const told = { wrong: await status(SessionService.login({ username: 'ida', password: 'no' })) };
  const { session } = await SessionService.login({ username: 'ida', password });
  const token = OpenAPI.TOKEN;
  OpenAPI.TOKEN = undefined;
  OpenAPI.HEADERS = { Cookie: `${session.name}=${session.value}` };
  told.who = (await SessionService.currentUser()).name;
  told.guessed = await status(MyselfService.changeMyPassword({ currentPassword: 'no', password: 'a-new-secret-1' }));
  await MyselfService.changeMyPassword({ currentPassword: password, password: 'a-new-secret-1' });
  await SessionService.logout();
  told.out = await status(MyselfService.getUser());
  OpenAPI.HEADERS = undefined;
  told.old = await status(SessionService.login({ username: 'ida', password }));
  const second = (await SessionService.login({ username: 'ida', password: 'a-new-secret-1' })).session;
  OpenAPI.TOKEN = token;
  await UserService.deleteSession('ida');
  OpenAPI.TOKEN = undefined;
  OpenAPI.HEADERS = { Cookie: `${second.name}=${second.value}` };
  told.ended = await status(MyselfService.getUser());
  OpenAPI.HEADERS = undefined;
  OpenAPI.TOKEN = token;
  return told;
}

async function anonymization() {
  const { key } = await UserService.createUser({
    name: 'hal', emailAddress: 'hal@example.org', displayName: 'Hal', applicationKeys: [],
  });
  const told = {
    none: await status(UserService.getProgress1()),
    unnamed: await status(UserService.validateUserAnonymization()),
    allowed: (await UserService.validateUserAnonymization('affectedEntities', key)).success,
  };
  const task = await UserService.scheduleUserAnonymization({ userKey: key, newOwnerKey: 'admin' });
  told.second = await status(UserService.scheduleUserAnonymization({ userKey: key, newOwnerKey: 'admin' }));
  const number = new URL(task.progressUrl, address).searchParams.get('taskId');
  await finished(task, number);
  const left = await UserService.getUser1(false, key);
  told.left = [left.name === key.toLowerCase(), left.active, left.displayName === 'Hal'];
  told.oldName = await status(UserService.getUser1(false, undefined, 'hal'));
  const again = await UserService.validateUserAnonymizationRerun(undefined, key, 'hal', left.key);
  told.again = [again.success, again.userName];
  const { progressUrl, ...second } = await UserService.scheduleUserAnonymizationRerun({ userKey: left.key, oldUserName: 'hal', newOwnerKey: 'admin' });
  told.busy = await status(UserService.scheduleUserAnonymizationRerun({ userKey: left.key }));
  const done = await finished(second, new URL(progressUrl, address).searchParams.get('taskId'));
  told.rerun = [done.isRerun, done.userName, done.errors];
  told.unlocked = await status(UserService.unlockAnonymization());
  return told;
}

async function finished(task, number) {
  let seen = task;
  while (seen.status === 'IN_PROGRESS') {
    seen = await UserService.getProgress1(number);
  }
  return seen;
}

OpenAPI.USERNAME = 'admin';
OpenAPI.PASSWORD = 'wrong';
const refused = await status(MyselfService.getUser());
OpenAPI.PASSWORD = 'admin';
const told = { refused, people: await people(), properties: await properties(), leads: await leads() };
OpenAPI.USERNAME = OpenAPI.PASSWORD = undefined;
OpenAPI.TOKEN = 'sandbox';
told.groups = await groups();
told.rights = await rights();
told.roles = await roles();
told.schemes = await schemes();
told.applications = await applications();
told.searches = await searches();
told.looks = await looks();
told.sessions = await sessions();
told.anonymization = await anonymization();
told.site = await site();
process.stdout.write(JSON.stringify({ ...told, sent: [...sent].sort(), operations: operations() }));
