// Drive a Crowd with npm's atlassian-crowd-client and print what it answered.
// node crowd_peer.mjs PACKAGE_FOLDER ADDRESS

import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, address] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const http = require('node:http');

// What goes over the wire, so that the test can say which operations were driven.
const sent = new Set();
const overTheWire = http.request;
http.request = (options, answer) => {
  const [path] = options.path.split('?');
  sent.add(`${options.method} ${path.slice(new URL(address).pathname.length)}`);
  return overTheWire(options, answer);
};

const load = (name) => {
  const loaded = require(name);
  return loaded.default ?? loaded;
};
const Client = load('./lib/client.js');
const User = load('./lib/models/user.js');
const Group = load('./lib/models/group.js');
const Attributes = load('./lib/models/attributes.js');
const ValidationFactors = load('./lib/models/validation-factors.js');

const open = (password) => new Client({ baseUrl: address, application: { name: 'admin', password }, nesting: true });
const crowd = open('admin');

// The reason with which a call was refused; null if it was not.
async function refused(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return error.type ?? String(error);
  }
}

const shown = ({ username, firstname, lastname, displayname, email, active }) => [username, firstname, lastname, displayname, email, active];

async function users() {
  const fay = new User('Fay', 'Ross', 'Fay Ross', 'fay@example.org', 'fay', 'first-secret');
  const made = await crowd.user.create(fay);
  const told = { made: [made.username, made.displayname, made.active], twice: await refused(crowd.user.create(fay)) };
  const changed = await crowd.user.update('fay', new User('Fay', 'Marsh', 'Fay Marsh', 'fay@example.org', 'fay'));
  told.changed = [changed.lastname, changed.displayname];
  told.attributes = [];
  for (const kept of [{ foo: 'Foo', bar: ['Bar', 'Baz'], obj: { a: 'A' } }, { foo: 'FOO', bar: ['Bar'] }]) {
    told.attributes.push((await crowd.user.attributes.set('fay', new Attributes(kept))).attributes);
  }
  told.tooLong = await refused(Promise.resolve().then(() => crowd.user.attributes.set('fay', new Attributes({ foo: 'x'.repeat(254) }))));
  await crowd.user.attributes.remove('fay', 'obj');
  told.left = Object.keys((await crowd.user.get('fay', true)).attributes).sort();
  told.listed = Object.keys((await crowd.user.attributes.list('fay')).attributes).sort();
  await crowd.user.password.set('fay', 'other-secret');
  told.signedIn = shown(await crowd.authentication.authenticate('fay', 'other-secret'));
  told.wrong = await refused(crowd.authentication.authenticate('fay', 'first-secret'));
  await crowd.user.password.reset('fay');
  await crowd.user.username.request('fay@example.org');
  await crowd.user.rename('fay', 'fmarsh');
  told.renamed = (await crowd.user.get('fmarsh')).email;
  told.oldName = await refused(crowd.user.get('fay'));
  await crowd.user.remove('fmarsh');
  told.gone = await refused(crowd.user.get('fmarsh'));
  return told;
}

async function groups() {
  const team = await crowd.group.create(new Group('team', 'A team'));
  const told = { made: [team.groupname, team.description], twice: await refused(crowd.group.create(new Group('team'))) };
  told.changed = (await crowd.group.update('team', new Group('team', 'The team'))).description;
  told.renamed = await refused(crowd.group.update('team', new Group('crew', 'The team')));
  told.attributes = [];
  for (const kept of [{ floor: 3, old: 1, rooms: ['a', 'b'] }, { floor: { no: 4 } }]) {
    told.attributes.push((await crowd.group.attributes.set('team', new Attributes(kept))).attributes);
  }
  await crowd.group.attributes.remove('team', 'rooms');
  await crowd.group.attributes.remove('team', 'old');
  told.expanded = (await crowd.group.get('team', true)).attributes;
  told.listed = (await crowd.group.attributes.list('team')).attributes;
  for (const name of ['gus', 'hal', 'ida']) {
    await crowd.user.create(new User(name, 'Test', `${name} Test`, `${name}@example.org`, name, 'secret'));
  }
  await crowd.group.users.add('team', 'gus');
  await crowd.user.groups.add('hal', 'team');
  told.joinedTwice = await refused(crowd.group.users.add('team', 'gus'));
  told.noUser = await refused(crowd.group.users.add('team', 'nobody'));
  told.noGroup = await refused(crowd.user.groups.add('gus', 'nothing'));
  told.members = await crowd.group.users.list('team');
  told.expandedMembers = (await crowd.group.users.list('team', false, 0, 1, true)).map((user) => user.email);
  told.member = [await crowd.group.users.get('team', 'gus'), await refused(crowd.group.users.get('team', 'ida'))];
  told.of = [await crowd.user.groups.list('gus'), await crowd.user.groups.get('gus', 'team')];
  told.notOf = await refused(crowd.user.groups.get('ida', 'team'));
  await nested(told);
  await crowd.group.users.remove('team', 'gus');
  await crowd.user.groups.remove('hal', 'team');
  told.empty = await crowd.group.users.list('team');
  await crowd.group.remove('team');
  told.gone = await refused(crowd.group.get('team'));
  return told;
}

async function nested(told) {
  for (const name of ['above', 'below', 'aside', 'inside']) {
    await crowd.group.create(new Group(name, ''));
  }
  await crowd.group.parents.add('team', 'above');
  await crowd.group.children.add('team', 'below');
  told.circle = await refused(crowd.group.children.add('below', 'above'));
  await crowd.group.users.add('below', 'ida');
  told.parents = [await crowd.group.parents.list('below'), await crowd.group.parents.list('below', true)];
  told.parent = [await crowd.group.parents.get('team', 'above'), await crowd.group.parents.get('below', 'above', true)];
  told.children = [await crowd.group.children.list('above'), await crowd.group.children.list('above', true)];
  told.child = [(await crowd.group.children.get('team', 'below')).name, (await crowd.group.children.get('above', 'below', true)).name];
  told.direct = await crowd.group.users.list('above');
  told.nested = await crowd.group.users.list('above', true);
  told.nestedMember = await crowd.group.users.get('above', 'ida', true);
  told.nestedOf = [await crowd.user.groups.list('ida', true), await crowd.user.groups.get('ida', 'above', true)];
  told.memberships = (await crowd.group.membership()).match(/<membership group="team">.*?<\/membership>/)[0];
  await crowd.group.parents.add('team', 'aside');
  await crowd.group.children.add('team', 'inside');
  told.both = [await crowd.group.parents.list('team'), await crowd.group.children.list('team')];
  await crowd.group.children.remove('team', 'inside');
  await crowd.group.children.remove('team', 'below');
  told.without = await crowd.group.children.list('team');
}

async function search() {
  const first = await crowd.search.user('firstName=Maria', true);
  return {
    names: await crowd.search.user('firstName=Maria'),
    expanded: first.map((user) => [user.username, user.email]),
    group: await crowd.search.group('name=helpdesk'),
    groups: (await crowd.search.group('name="jira*"', true)).map((group) => group.groupname),
    page: await crowd.search.user('active=true', false, 1, 2),
    unreadable: await refused(crowd.search.user('this is no query')),
  };
}

async function sessions() {
  await crowd.user.create(new User('Jo', 'Test', 'Jo Test', 'jo@example.org', 'jo', 'secret'));
  const factors = new ValidationFactors({ remote_address: '127.0.0.1' });
  const made = await crowd.session.create('jo', 'secret', factors);
  const told = { lasts: made.expiresAt - made.createdAt, user: shown(await crowd.session.getUser(made.token)) };
  told.again = (await crowd.session.create('jo', 'secret', factors)).token === made.token;
  told.validated = (await crowd.session.validate(made.token, factors)).token === made.token;
  told.unvalidated = await refused(crowd.session.validate(made.token));
  told.elsewhere = await refused(crowd.session.validate(made.token, new ValidationFactors({ remote_address: '127.0.0.2' })));
  const plain = await crowd.session.create('jo', 'secret');
  told.plain = (await crowd.session.validate(plain.token)).token === plain.token;
  told.wrong = await refused(crowd.session.create('jo', 'wrong'));
  const vouched = await crowd.session.createUnvalidated('jo');
  await crowd.session.removeAll('jo', vouched.token);
  told.excluded = [await refused(crowd.session.getUser(made.token)), await refused(crowd.session.getUser(vouched.token))];
  await crowd.session.remove(vouched.token);
  told.gone = await refused(crowd.session.getUser(vouched.token));
  return told;
}

const told = { denied: await refused(open('wrong').config.cookie()), cookie: await crowd.config.cookie() };
Object.assign(told, { users: await users(), groups: await groups(), search: await search(), sessions: await sessions() });
process.stdout.write(JSON.stringify({ ...told, sent: [...sent].sort() }));
