// Drive a Confluence with the client of npm's @atlassian-dc-mcp/confluence and print what it answered.
// node confluence_peer.mjs PACKAGE_FOLDER ADDRESS

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, address] = process.argv.slice(2);
const generated = join(folder, 'build', 'confluence-client');
const client = await import(pathToFileURL(join(generated, 'index.js')));
const { AccessModeService, AdminGroupService, AdminUserService, AdminUsersService, GlobalPermissionsService } = client;
const { GroupService, InstanceMetricsService, LongTaskService, OpenAPI, ServerInformationService } = client;
const { SpacePermissionsService, SpaceService, UserGroupService, UserService } = client;

const MEMBERS = 230;
OpenAPI.BASE = address;

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
      found.push(`${method} ${path}`);
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

async function signedInAs(username, password, call) {
  Object.assign(OpenAPI, { TOKEN: undefined, USERNAME: username, PASSWORD: password });
  try {
    return await call();
  } finally {
    Object.assign(OpenAPI, { TOKEN: 'sandbox', USERNAME: undefined, PASSWORD: undefined });
  }
}

const person = (userName, more) => ({ userName, fullName: `${userName} Test`, email: `${userName}@example.org`, ...more });
const keys = (permissions) => permissions.map((one) => `${one.operation.targetType} ${one.operation.operationKey}`);

async function people() {
  const { userKey } = await AdminUserService.createUser(person('fay', { password: 'first-secret' }));
  const made = await UserService.getUser('status', undefined, 'FAY');
  const told = {
    made: [made.username, made.userKey === userKey, made.displayName, made.status, 'email' in made],
    by: (await UserService.getUser(undefined, userKey)).username,
    groups: (await UserService.getGroups1(undefined, 200, 0, undefined, 'fay')).results.map((group) => group.name),
    twice: await status(AdminUserService.createUser(person('fay', { password: 'x' }))),
    refused: [
      await status(AdminUserService.createUser(person('Gus', { password: 'x' }))),
      await status(AdminUserService.createUser(person('gus', { notifyViaEmail: true, password: 'x' }))),
    ],
    notified: await status(AdminUserService.createUser(person('gus', { notifyViaEmail: true }))),
  };
  await AdminUserService.updateUser('fay', { fullName: 'Fay Ross', email: 'fay.ross@example.org' });
  told.changed = (await UserService.getUser(undefined, userKey)).displayName;
  await AdminUserService.changePassword('fay', { password: 'second-secret' });
  told.own = await signedInAs('fay', 'second-secret', own);
  told.listed = (await UserService.getUsers('status', 100, 0)).results.filter((user) => user.username === 'fay').length;
  await AdminUserService.disable('fay');
  await AdminUserService.disable('fay');
  told.disabled = (await UserService.getUser('status', userKey)).status;
  told.shut = await signedInAs('fay', 'third-secret', () => status(UserService.getCurrent()));
  told.active = (await AdminUsersService.getActiveUsers(undefined, 100, 0)).results.some((user) => user.username === 'fay');
  await AdminUserService.enable('fay');
  told.enabled = (await UserService.getUser('status', userKey)).status;
  return told;
}

async function own() {
  const told = { name: (await UserService.getCurrent()).username, anonymous: (await UserService.getAnonymous()).type };
  await UserService.changePassword1({ oldPassword: 'second-secret', newPassword: 'third-secret' });
  OpenAPI.PASSWORD = 'third-secret';
  await UserService.updateUser1({ fullName: 'Fay R. Ross' });
  told.changed = (await UserService.getCurrent()).displayName;
  told.members = await status(GroupService.getMembers('helpdesk'));
  return told;
}

async function deletion() {
  const task = await AdminUserService.delete1('gus');
  const told = { result: typeof task.links.status, before: await status(UserService.getUser(undefined, undefined, 'gus')) };
  for (let asked = 0; asked < 10; asked += 1) {
    const now = await LongTaskService.getTask(task.id);
    told.done = now.percentageComplete === 100 && now.successful;
  }
  told.tasks = (await LongTaskService.getTasks()).results.map((one) => one.id === task.id);
  told.after = await status(UserService.getUser(undefined, undefined, 'gus'));
  told.nobody = await status(AdminUserService.delete1('nobody'));
  return told;
}

async function members() {
  const names = [];
  const pages = [];
  for (let start = 0, more = true; more; ) {
    // Asks for more than a page holds, as a client that does not know the limit would.
    const page = await GroupService.getMembers('walkers', 'status', 1000, start);
    names.push(...page.results.map((user) => user.username));
    pages.push(page.size);
    start += page.size;
    more = 'next' in page._links;
  }
  return { count: new Set(names).size, pages };
}

async function groups() {
  const made = await AdminGroupService.create({ name: 'walkers', type: 'group' });
  const told = { made: [made.type, made.name], twice: await status(AdminGroupService.create({ name: 'WALKERS', type: 'group' })) };
  for (let number = 0; number < MEMBERS; number += 1) {
    const name = `walker${String(number).padStart(3, '0')}`;
    await AdminUserService.createUser(person(name, { password: 'secret' }));
    await UserGroupService.update5('walkers', name);
  }
  told.joinedTwice = await status(UserGroupService.update5('walkers', 'walker000'));
  told.members = await members();
  told.leftTwice = [await status(UserGroupService.delete6('walkers', 'walker000')), await status(UserGroupService.delete6('walkers', 'walker000'))];
  told.noGroup = await status(UserGroupService.update5('nothing', 'walker000'));
  told.noUser = await status(UserGroupService.update5('walkers', 'nobody'));
  told.left = (await members()).count;
  told.one = (await GroupService.getGroup('Walkers')).name;
  told.inside = (await GroupService.getNestedGroupMembers('walkers')).results;
  told.listed = (await GroupService.getGroups(undefined, 200, 0)).results.map((group) => group.name);
  await AdminGroupService.delete('walkers');
  told.gone = [await status(GroupService.getGroup('walkers')), await status(AdminGroupService.delete('walkers'))];
  told.last = await status(AdminGroupService.delete('confluence-administrators'));
  return told;
}

async function globalPermissions() {
  const service = GlobalPermissionsService;
  const use = [{ targetType: 'application', operationKey: 'use' }];
  const create = [{ targetType: 'space', operationKey: 'create' }];
  const look = [{ targetType: 'user', operationKey: 'read' }];
  const fay = (await UserService.getUser(undefined, undefined, 'fay')).userKey;
  const told = { all: keys(await service.getAllGlobalPermissions()).length };
  await service.grantPermissionsToUser(fay, [...use, ...create]);
  told.user = keys(await service.getPermissionsGrantedToUser('fay'));
  await service.revokePermissionsFromUser(fay, create);
  told.revoked = keys(await service.getPermissionsGrantedToUser(fay));
  await service.grantPermissionsToGroup('helpdesk', [...use, ...create]);
  told.group = keys(await service.getPermissionsGrantedToGroup('helpdesk'));
  await service.revokePermissionsFromGroup('helpdesk', use);
  told.nothing = keys(await service.getPermissionsGrantedToGroup('helpdesk'));
  await service.grantPermissionsToAnonymousUsers(use);
  told.anonymous = keys(await service.getPermissionsGrantedToAnonymousUsers());
  await service.revokePermissionsFromAnonymousUsers(use);
  await service.grantPermissionsToUnlicensedUsers(look);
  told.unlicensed = keys(await service.getPermissionsGrantedToUnlicensedUsers());
  await service.revokePermissionsFromUnlicensedUsers(look);
  await service.setPermissions([{ groupName: 'helpdesk', operations: use }, { userKey: fay, operations: [] }]);
  told.set = [keys(await service.getPermissionsGrantedToGroup('helpdesk')), keys(await service.getPermissionsGrantedToUser(fay))];
  told.unknown = [await status(service.getPermissionsGrantedToUser('nobody')), await status(service.grantPermissionsToUser(fay, look))];
  return told;
}

async function spacePermissions() {
  const service = SpacePermissionsService;
  const read = [{ targetType: 'space', operationKey: 'read' }];
  const write = [{ targetType: 'page', operationKey: 'create' }];
  const fay = (await UserService.getUser(undefined, undefined, 'fay')).userKey;
  const told = { all: keys(await service.getAllSpacePermissions('OPS')).length };
  await service.grantPermissionsToUser1('OPS', fay, [...read, ...write]);
  told.user = keys(await service.getPermissionsGrantedToUser1('OPS', fay));
  await service.revokePermissionsFromUser1('OPS', fay, write);
  told.revoked = keys(await service.getPermissionsGrantedToUser1('OPS', fay));
  await service.grantPermissionsToGroup1('DEV', 'helpdesk', read);
  told.group = keys(await service.getPermissionsGrantedToGroup1('DEV', 'helpdesk'));
  await service.revokePermissionsFromGroup1('DEV', 'helpdesk', read);
  await service.grantPermissionsToAnonymousUsers1('OPS', read);
  told.anonymous = keys(await service.getPermissionsGrantedToAnonymousUsers1('OPS'));
  await service.revokePermissionsFromAnonymousUser('OPS', read);
  await service.setPermissions1('OPS', [{ userKey: fay, operations: write }]);
  told.set = keys(await service.getPermissionsGrantedToUser1('OPS', fay));
  told.nowhere = await status(service.getAllSpacePermissions('NONE'));
  return told;
}

async function site() {
  const listed = await SpaceService.spaces(undefined, 0, undefined, undefined, undefined, ['OPS', 'LAB']);
  return {
    access: await AccessModeService.getAccessModeStatus(),
    spaces: listed.results.map((space) => space.key),
    space: (await SpaceService.space('DEV')).name,
    version: (await ServerInformationService.index2()).version,
    metrics: (await InstanceMetricsService.index1()).spaces,
  };
}

const refused = await signedInAs('admin', 'wrong', () => status(UserService.getCurrent()));
const told = { refused, nobody: await signedInAs('fay', 'x', () => status(UserService.getUsers())) };
Object.assign(told, { people: await people(), deletion: await deletion(), groups: await groups() });
Object.assign(told, { global: await globalPermissions(), spaces: await spacePermissions(), site: await site() });
process.stdout.write(JSON.stringify({ ...told, sent: [...sent].sort(), operations: operations() }));
