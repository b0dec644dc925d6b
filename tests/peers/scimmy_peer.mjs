// A SCIM server in memory, made of npm's scimmy and scimmy-routers on express; it does not show a person's groups.
// node scimmy_peer.mjs MODULES_FOLDER TOKEN

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const [folder, token] = process.argv.slice(2);
const load = createRequire(join(folder, 'here.js'));
const { default: SCIMMY } = load('scimmy');
const { default: SCIMMYRouters } = load('scimmy-routers');
const express = load('express');

// What SCIMMY leaves to its user: where resources are kept, what is found, and who may not bear a name.
function kept(unique) {
  const rows = new Map();
  return {
    egress: (resource) => {
      if (resource.id) {
        if (!rows.has(resource.id)) throw new SCIMMY.Types.Error(404, null, `there is no ${resource.id}`);
        return rows.get(resource.id);
      }
      const all = [...rows.values()];
      return resource.filter ? resource.filter.match(all) : all;
    },
    ingress: (resource, data) => {
      const id = resource.id ?? randomUUID();
      if (resource.id && !rows.has(id)) throw new SCIMMY.Types.Error(404, null, `there is no ${id}`);
      const name = (row) => String(row[unique]).toLowerCase();
      const taken = unique && [...rows.values()].some((row) => row.id !== id && name(row) === name(data));
      if (taken) throw new SCIMMY.Types.Error(409, 'uniqueness', `${data[unique]} is taken`);
      const now = new Date().toISOString();
      const created = rows.get(id)?.meta.created ?? now;
      rows.set(id, { ...JSON.parse(JSON.stringify(data)), id, meta: { created, lastModified: now } });
      return rows.get(id);
    },
    degress: (resource) => {
      if (!rows.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `there is no ${resource.id}`);
    },
  };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser), kept('userName'));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, kept(null));

const app = express();
app.use((request, response, next) => {
  // Express 5 reads the query anew each time, and scimmy-routers makes numbers of its texts in place.
  Object.defineProperty(request, 'query', { value: { ...request.query } });
  next();
});
app.use('/scim', new SCIMMYRouters({
  type: 'bearer',
  handler: (request) => {
    if (request.header('Authorization') !== `Bearer ${token}`) throw new Error('a token is missing or wrong');
    return 'tenure';
  },
}));
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/scim`));
