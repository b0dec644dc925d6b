// Drive a Bitbucket with the client of npm's @atlassian-dc-mcp/bitbucket and print what it answered.
// node bitbucket_peer.mjs PACKAGE_FOLDER ADDRESS

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, address] = process.argv.slice(2);
const generated = join(folder, 'build', 'bitbucket-client');
const client = await import(pathToFileURL(join(generated, 'index.js')));
const { AuthenticationService, DeprecatedService, OpenAPI, PermissionManagementService } = client;
const { ProjectService, PullRequestsService, RepositoryService, SecurityService, SystemMaintenanceService } = client;
const Admin = PermissionManagementService;

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
  const found = new Set();
  for (const file of readdirSync(join(generated, 'services')).filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(generated, 'services', file), 'utf8');
    for (const [, method, path] of text.matchAll(/method: '(\w+)',\s*url: '([^']+)'/g)) {
      found.add(`${method} /rest${path}`);
    }
  }
  return [...found];
}

async function status(call) {
  try {
    await call;
    return 200;
  } catch (error) {
    return error.status;
  }
}

const names = (page) => page.values.map((row) => row.name ?? row);

function make(name, toDefaultGroup = false) {
  return Admin.createUser(`${name}@example.org`, `${name} Ross`, name, 'first-secret-1', toDefaultGroup);
}

async function one(name) {
  return (await Admin.getUsers1(name, 0, 1000)).values.find((user) => user.name === name);
}

async function people() {
  await make('fay');
  const made = await one('fay');
  const told = {
    made: [made.slug, made.active, made.mutableDetails, typeof made.id],
    twice: await status(make('FAY')),
    bySlug: (await SystemMaintenanceService.getUser('fay')).id === made.id,
    noSlug: await status(SystemMaintenanceService.getUser('nobody')),
    found: names(await SystemMaintenanceService.getUsers2('fay ross')),
    licensed: names(await SystemMaintenanceService.getUsers2('fay', undefined, 'LICENSED_USER')),
    inGroup: names(await SystemMaintenanceService.getUsers2(undefined, undefined, undefined, 'software_dev')),
  };
  const updated = await Admin.updateUserDetails({ name: 'fay', displayName: 'Fay R. Ross', email: 'f.ross@example.org' });
  told.updated = [updated.displayName, updated.emailAddress, updated.id === made.id];
  told.deactivated = await status(Admin.updateUserDetails({ name: 'fay', active: false }));
  const renamed = await Admin.renameUser({ name: 'fay', newName: 'fross' });
  told.renamed = [renamed.name, renamed.id === made.id];
  told.oldName = await status(Admin.renameUser({ name: 'fay', newName: 'f' }));
  await Admin.updateUserPassword({ name: 'fross', password: 'second-secret-1', passwordConfirm: 'second-secret-1' });
  await Admin.clearUserCaptchaChallenge('fross');
  told.notErasable = await status(Admin.validateErasable('fross'));
  told.deleted = (await Admin.deleteUser('fross')).id === made.id;
  told.gone = await status(Admin.deleteUser('fross'));
  told.erasable = await status(Admin.validateErasable('fross'));
  told.erased = (await Admin.eraseUser('fross')).newIdentifier.startsWith('user-');
  told.forgotten = await status(Admin.eraseUser('fross'));
  return told;
}

async function groups() {
  const told = { made: (await Admin.createGroup('walkers')).name, twice: await status(Admin.createGroup('Walkers')) };
  await Admin.createGroup('runners');
  for (let number = 0; number < 60; number += 1) {
    await make(`walker${String(number).padStart(2, '0')}`);
  }
  const users = Array.from({ length: 58 }, (_, number) => `walker${String(number).padStart(2, '0')}`);
  await Admin.addUsersToGroup({ group: 'walkers', users });
  await Admin.addUserToGroups({ user: 'walker58', groups: ['walkers', 'runners'] });
  await DeprecatedService.addUserToGroup({ context: 'walkers', itemName: 'walker59' });
  await DeprecatedService.addGroupToUser({ context: 'walker00', itemName: 'runners' });
  const pages = [];
  for (let start = 0, last = false; !last;) {
    const page = await Admin.findUsersInGroup('walkers', undefined, start);
    pages.push(page.size);
    [start, last] = [page.nextPageStart, page.isLastPage];
  }
  told.pages = pages;
  told.of = names(await Admin.findGroupsForUser('walker58'));
  told.notOf = names(await Admin.findOtherGroupsForUser('walker58', 'help'));
  told.notIn = names(await Admin.findUsersNotInGroup('walkers', 'wolf'));
  await Admin.removeGroupFromUser({ context: 'walker58', itemName: 'runners' });
  await DeprecatedService.removeUserFromGroup({ context: 'runners', itemName: 'walker00' });
  told.left = (await Admin.findUsersInGroup('runners')).size;
  told.unknown = await status(Admin.addUserToGroups({ user: 'walker58', groups: ['nowhere'] }));
  told.all = names(await Admin.getGroups1('ers'));
  told.names = names(await Admin.getGroups('ers'));
  told.removed = (await Admin.deleteGroup('runners')).name;
  return told;
}

async function permissions() {
  await make('gus');
  await Admin.setPermissionForUsers(['gus'], 'PROJECT_CREATE');
  await Admin.setPermissionForGroups(['helpdesk'], 'LICENSED_USER');
  const held = (page) => page.values.map((row) => [row.user?.name ?? row.group.name, row.permission]);
  const told = {
    users: held(await Admin.getUsersWithAnyPermission('gus')),
    groups: held(await Admin.getGroupsWithAnyPermission('helpdesk')),
    none: names(await Admin.getUsersWithoutAnyPermission('gus')),
    noGroup: names(await Admin.getGroupsWithoutAnyPermission('software')),
    wrong: await status(Admin.setPermissionForUsers(['gus'], 'KING')),
  };
  await Admin.revokePermissionsForUser('gus');
  await Admin.revokePermissionsForGroup('helpdesk');
  told.left = [held(await Admin.getUsersWithAnyPermission('gus')), held(await Admin.getGroupsWithAnyPermission('help'))];
  told.own = await status(Admin.revokePermissionsForGroup('bitbucket-administrators'));
  return { ...told, project: await onProject(held), repository: await onRepository(held) };
}

async function onProject(held) {
  const key = (await ProjectService.getProjects()).values[0].key;
  await ProjectService.setPermissionForUsers1(key, 'gus', 'PROJECT_WRITE');
  await ProjectService.setPermissionForGroups1(key, 'helpdesk', 'PROJECT_READ');
  const told = {
    name: (await ProjectService.getProject(key)).name,
    users: held(await ProjectService.getUsersWithAnyPermission1(key, 'gus')),
    groups: held(await ProjectService.getGroupsWithAnyPermission1(key, 'helpdesk')),
    none: (await ProjectService.getUsersWithoutPermission(key, 'gus')).size,
    noGroup: (await ProjectService.getGroupsWithoutAnyPermission1(key, 'helpdesk')).size,
    searched: held(await ProjectService.searchPermissions(key, undefined, 'gus', 'USER')),
  };
  await ProjectService.revokePermissionsForUser1(key, 'gus');
  await ProjectService.revokePermissionsForGroup1(key, 'helpdesk');
  await ProjectService.setPermissionForUsers1(key, 'gus', 'PROJECT_READ');
  await ProjectService.revokePermissions(key, 'gus');
  told.left = held(await ProjectService.getUsersWithAnyPermission1(key, 'gus'));
  const toAll = async (permission) => (await ProjectService.hasAllUserPermission(key, permission)).permitted;
  told.toAll = [await toAll('PROJECT_READ')];
  await ProjectService.modifyAllUserPermission(key, 'PROJECT_READ', 'true');
  told.toAll.push(await toAll('PROJECT_READ'), await toAll('PROJECT_WRITE'));
  await ProjectService.modifyAllUserPermission(key, 'PROJECT_READ', 'false');
  told.toAll.push(await toAll('PROJECT_READ'));
  told.unsaid = await status(ProjectService.modifyAllUserPermission(key, 'PROJECT_READ'));
  told.unknown = await status(ProjectService.hasAllUserPermission(key, 'REPO_READ'));
  return told;
}

async function onRepository(held) {
  const slug = (await ProjectService.getRepositories('OPS')).values[0].slug;
  await Admin.setPermissionForUser('OPS', ['gus'], 'REPO_WRITE', slug);
  await Admin.setPermissionForGroup('OPS', ['software_dev'], 'REPO_READ', slug);
  const told = {
    slug,
    users: held(await Admin.getUsersWithAnyPermission2('OPS', slug, 'gus')),
    groups: held(await Admin.getGroupsWithAnyPermission2('OPS', slug, 'software')),
    none: (await Admin.getUsersWithoutPermission1('OPS', slug, 'gus')).size,
    noGroup: (await Admin.getGroupsWithoutAnyPermission2('OPS', slug, 'software')).size,
    searched: held(await Admin.searchPermissions1('OPS', slug, undefined, 'software', 'GROUP')),
  };
  await Admin.revokePermissionsForUser2('OPS', 'gus', slug);
  await Admin.revokePermissionsForGroup2('OPS', 'software_dev', slug);
  await Admin.setPermissionForUser('OPS', ['gus'], 'REPO_READ', slug);
  await Admin.revokePermissions1('OPS', slug, 'gus');
  told.left = held(await Admin.getUsersWithAnyPermission2('OPS', slug, 'gus'));
  return told;
}

async function keys() {
  await make('hal');
  const text = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm hal@desk';
  const key = await AuthenticationService.addSshKey('hal', { text, label: 'desk' });
  const told = {
    ssh: [key.label, (await AuthenticationService.getSshKey(key.id)).id === key.id],
    taken: await status(AuthenticationService.addSshKey(undefined, { text })),
    listed: (await AuthenticationService.getSshKeys('hal')).size,
    own: (await AuthenticationService.getSshKeys()).size,
  };
  await AuthenticationService.deleteSshKey(key.id);
  await AuthenticationService.addSshKey('hal', { text });
  await AuthenticationService.deleteSshKeys('hal');
  told.sshLeft = (await AuthenticationService.getSshKeys(undefined, 'hal')).size;
  const gpg = await SecurityService.addKey('hal', { text: '-----BEGIN PGP PUBLIC KEY BLOCK-----' });
  told.gpg = (await SecurityService.getKeysForUser('hal')).values[0].fingerprint === gpg.fingerprint;
  await SecurityService.deleteKey(gpg.id);
  await SecurityService.deleteForUser('hal');
  told.gpgLeft = (await SecurityService.getKeysForUser('hal')).size;
  const wanted = { name: 'build', permissions: ['REPO_READ'] };
  const token = await AuthenticationService.createAccessToken2('hal', wanted);
  told.token = [token.name, typeof token.token, (await AuthenticationService.getById2(token.id, 'hal')).token === undefined];
  told.changed = (await AuthenticationService.updateAccessToken2(token.id, 'hal', { name: 'ci' })).name;
  told.tokens = (await AuthenticationService.getAllAccessTokens2('hal')).size;
  await AuthenticationService.deleteById2(token.id, 'hal');
  told.noToken = await status(AuthenticationService.getById2(token.id, 'hal'));
  return told;
}

async function placeTokens() {
  const service = AuthenticationService;
  const token = await service.createAccessToken('OPS', { name: 'build', permissions: ['PROJECT_READ'] });
  const told = { made: [token.name, typeof token.token, (await service.getById('OPS', token.id)).token === undefined] };
  told.notHere = await status(service.createAccessToken1('OPS', 'deploy', { name: 'x', permissions: ['PROJECT_READ'] }));
  const narrow = await service.createAccessToken1('OPS', 'deploy', { name: 'pull', permissions: ['REPO_READ'] });
  told.apart = [(await service.getAllAccessTokens('OPS')).size, (await service.getAllAccessTokens1('OPS', 'deploy')).size];
  told.changed = (await service.updateAccessToken('OPS', token.id, { name: 'ci' })).name;
  await service.updateAccessToken1('OPS', narrow.id, 'deploy', { permissions: ['REPO_WRITE'] });
  told.wider = (await service.getById1('OPS', narrow.id, 'deploy')).permissions;
  told.wrong = await status(service.updateAccessToken('OPS', token.id, { permissions: ['KING'] }));
  await service.deleteById('OPS', token.id);
  await service.deleteById1('OPS', narrow.id, 'deploy');
  told.gone = [await status(service.getById('OPS', token.id)), (await service.getAllAccessTokens1('OPS', 'deploy')).size];
  return told;
}

async function accessKeys() {
  const service = AuthenticationService;
  const key = { text: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDep deploy@ci', label: 'deploy' };
  const { id } = (await service.addForProject('OPS', { key, permission: 'PROJECT_READ' })).key;
  const told = { twice: await status(service.addForProject('OPS', { key, permission: 'PROJECT_READ' })) };
  told.ruling = await status(service.addForRepository('OPS', 'deploy', { key, permission: 'REPO_ADMIN' }));
  told.same = (await service.addForRepository('OPS', 'deploy', { key, permission: 'REPO_READ' })).key.id === id;
  told.personal = await status(service.addSshKey('hal', { text: key.text }));
  told.wider = [(await service.updatePermission('OPS', id, 'PROJECT_WRITE')).permission];
  told.wider.push((await service.updatePermission1('OPS', id, 'REPO_WRITE', 'deploy')).permission);
  told.listed = (await service.getSshKeysForProject('OPS', 'depl')).values.map((one) => one.permission);
  told.effective = [(await service.getForRepository1('OPS', 'deploy')).size, (await service.getForRepository1('OPS', 'deploy', undefined, 'true')).size];
  told.opens = [(await service.getForProjects(id)).size, (await service.getForRepositories(id)).size];
  await service.revokeForRepository('OPS', id, 'deploy');
  told.closed = [await status(service.getForRepository('OPS', id, 'deploy')), (await service.getForProject('OPS', id)).permission];
  await service.revokeForProject('OPS', id);
  told.forgotten = await status(service.getForProjects(id));
  const second = (await service.addForProject('OPS', { key, permission: 'PROJECT_READ' })).key.id;
  await service.addForRepository('OPS', 'deploy', { key, permission: 'REPO_READ' });
  await service.revokeMany(second, { projects: [{ key: 'OPS' }], repositories: [{ slug: 'deploy', project: { key: 'OPS' } }] });
  told.nowhere = [await status(service.getForRepositories(second)), (await service.getSshKeysForProject('OPS')).size];
  return told;
}

async function reviewers() {
  const service = PullRequestsService;
  const users = [await one('gus'), await one('lchen')];
  const all = await service.create1('OPS', { name: 'all', description: 'Who reviews', users });
  const few = await service.create2('OPS', 'deploy', { name: 'few', users: [users[1]] });
  const told = { made: [all.scope.type, names({ values: all.users }), few.scope.type] };
  told.refused = [
    await status(service.create1('OPS', { name: 'ALL' })),
    await status(service.create1('OPS', { description: 'no name' })),
    await status(service.update2('OPS', few.id, 'deploy', { name: 'x'.repeat(51) })),
  ];
  told.inherited = [names(await service.getReviewerGroups('OPS')), names(await service.getReviewerGroups1('OPS', 'deploy'))];
  told.changed = (await service.update1('OPS', all.id, { description: 'Everybody' })).description;
  told.swapped = names({ values: (await service.update2('OPS', few.id, 'deploy', { users })).users });
  told.reading = (await service.getUsers('OPS', few.id, 'deploy')).map((user) => user.name);
  told.same = [(await service.getReviewerGroup('OPS', all.id)).name, (await service.getReviewerGroup1('OPS', few.id, 'deploy')).name];
  await service.delete6('OPS', all.id);
  await service.delete7('OPS', few.id, 'deploy');
  told.gone = [await status(service.getReviewerGroup('OPS', all.id)), (await service.getReviewerGroups1('OPS', 'deploy')).size];
  return told;
}

async function restrictions() {
  const matcher = { id: 'refs/heads/main', type: { id: 'BRANCH' } };
  const given = [
    { type: 'read-only', matcher, userSlugs: ['lchen'], groupNames: ['software_dev'] },
    { type: 'no-deletes', matcher, users: [await one('gus')] },
  ];
  const made = await ProjectService.createRestrictions('OPS', given);
  const told = { made: made.map((row) => [row.type, names({ values: row.users }), row.groups]) };
  told.refused = [
    await status(ProjectService.createRestrictions('OPS', [{ type: 'no-fun', matcher }])),
    await status(ProjectService.createRestrictions('OPS', [{ type: 'read-only', matcher, groupNames: ['nowhere'] }])),
    await status(RepositoryService.createRestrictions1('OPS', 'deploy', [{ type: 'read-only', matcher: { id: 'x', type: { id: 'MOON' } } }])),
  ];
  const [again] = await ProjectService.createRestrictions('OPS', [{ type: 'read-only', matcher, groupNames: ['helpdesk'] }]);
  told.again = [again.id === made[0].id, again.users, again.groups];
  told.found = (await ProjectService.getRestrictions('OPS', undefined, undefined, 'read-only')).values.map((row) => row.id === again.id);
  const [here] = await RepositoryService.createRestrictions1('OPS', 'deploy', [given[1]]);
  told.here = [here.scope.type, (await RepositoryService.getRestriction1('OPS', here.id, 'deploy')).users[0].name];
  told.other = await status(ProjectService.getRestriction('OPS', here.id));
  told.one = (await ProjectService.getRestriction('OPS', again.id)).matcher.displayId;
  await ProjectService.deleteRestriction('OPS', again.id);
  await RepositoryService.deleteRestriction1('OPS', here.id, 'deploy');
  told.left = [(await ProjectService.getRestrictions('OPS')).size, (await RepositoryService.getRestrictions1('OPS', 'deploy')).size];
  return told;
}

async function limits() {
  const service = SystemMaintenanceService;
  const [few, many] = [{ capacity: 10, fillRate: 1 }, { capacity: 100, fillRate: 9 }];
  const told = { before: (await service.getSettings3()).enabled };
  const after = await service.setSettings3({ enabled: true, defaultSettings: many });
  told.after = [after.enabled, after.defaultSettings.capacity, await status(service.setSettings3({ enabled: 'yes' }))];
  told.many = (await service.set2({ usernames: ['gus', 'hal'], settings: few })).map((row) => [row.user.name, row.settings.fillRate]);
  told.free = (await service.set3('gus', { whitelisted: true })).whitelisted;
  told.refused = [
    await status(service.set3('gus', { whitelisted: true, settings: few })),
    await status(service.set3('gus', { settings: { capacity: 0, fillRate: 1 } })),
    await status(service.set2({ usernames: ['nobody'], settings: few })),
  ];
  told.listed = (await service.getAllRateLimitSettings()).values.map((row) => row.user.name);
  told.own = [(await service.get6('hal')).settings.capacity, await status(service.get6('lchen'))];
  await service.delete8('hal');
  told.gone = [await status(service.delete8('hal')), (await service.getAllRateLimitSettings('hal')).size];
  told.held = [(await service.getHistory('NEWEST')).size, await status(service.getHistory('OLDEST'))];
  return told;
}

async function settings() {
  await SystemMaintenanceService.updateSettings('gus', { 'diff.tabs': 4, keys: true });
  await SystemMaintenanceService.updateSettings('gus', { keys: false });
  return [await SystemMaintenanceService.getUserSettings('gus'), await status(SystemMaintenanceService.getUserSettings('nobody'))];
}

async function site() {
  const licence = await SystemMaintenanceService.get2();
  return {
    version: (await SystemMaintenanceService.getApplicationProperties()).version,
    counted: licence.status.currentNumberOfUsers,
    unlimited: licence.unlimitedNumberOfUsers,
    directories: (await Admin.getUserDirectories()).length,
    changed: (await SystemMaintenanceService.updateUserDetails1({ displayName: 'The Administrator', email: 'a@example.org' })).displayName,
    password: await status(SystemMaintenanceService.updateUserPassword1({ oldPassword: 'x', password: 'y', passwordConfirm: 'y' })),
  };
}

OpenAPI.USERNAME = 'admin';
OpenAPI.PASSWORD = 'wrong';
const refused = await status(Admin.getUsers1());
OpenAPI.PASSWORD = 'admin';
const told = { refused, people: await people(), groups: await groups(), permissions: await permissions(), keys: await keys(), placeTokens: await placeTokens(), accessKeys: await accessKeys(), settings: await settings(), site: await site() };
Object.assign(told, { reviewers: await reviewers(), restrictions: await restrictions(), limits: await limits() });
OpenAPI.USERNAME = OpenAPI.PASSWORD = undefined;
OpenAPI.TOKEN = 'sandbox';
told.token = [await status(Admin.getUsers1()), await status(Admin.getUsersWithAnyPermission())];
process.stdout.write(JSON.stringify({ ...told, sent: [...sent].sort(), operations: operations() }));
