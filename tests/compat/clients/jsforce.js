// jsforce, as its users call it.
// compat: npm jsforce@3.10.26
'use strict';

const assert = require('node:assert/strict');
const jsforce = require('jsforce');
const { org, run } = require('compat');

const { ready } = org;
const url = ready.http;
const version = '62.0';
const connect = (options = {}) => new jsforce.Connection({ instanceUrl: url, accessToken: ready.access_token, version, ...options });
const conn = connect();

const cases = {
  'login by access token': async () => {
    const identity = await conn.identity();
    assert.equal(identity.organization_id, ready.org_id);
    assert.equal(identity.username, ready.username);
    assert.match(identity.id, /^https:\/\//);
  },

  'login by OAuth2 password': async () => {
    const oauth2 = { loginUrl: url, clientId: ready.client_id, clientSecret: ready.client_secret };
    const own = new jsforce.Connection({ oauth2, version });
    const user = await own.login(ready.username, ready.password + ready.security_token);
    assert.equal(user.organizationId, ready.org_id);
    assert.equal((await own.query('SELECT Id FROM Organization')).totalSize, 1);
    await assert.rejects(new jsforce.Connection({ oauth2, version }).login(ready.username, 'wrong'), /authentication failure/);
  },

  'login by SOAP, logout': async () => {
    const own = new jsforce.Connection({ loginUrl: url, version });
    const user = await own.login(ready.username, ready.password + ready.security_token);
    assert.deepEqual([user.organizationId, own.instanceUrl], [ready.org_id, url]);
    const token = own.accessToken;
    assert.equal((await own.soap.getUserInfo()).userName, ready.username);
    await own.logout();
    await assert.rejects(connect({ accessToken: token }).query('SELECT Id FROM Account'), { errorCode: 'INVALID_SESSION_ID' });
    await assert.rejects(new jsforce.Connection({ loginUrl: url, version }).login(ready.username, 'wrong'), /^Error: INVALID_LOGIN: /);
  },

  'refresh of an ended session': async () => {
    const oauth2 = { loginUrl: url, clientId: ready.client_id, clientSecret: ready.client_secret };
    const own = new jsforce.Connection({ oauth2, version });
    await own.login(ready.username, ready.password + ready.security_token);
    const old = own.accessToken;
    await new jsforce.OAuth2(oauth2).revokeToken(old);
    assert.equal((await own.query('SELECT Id FROM Organization')).totalSize, 1);
    assert.notEqual(own.accessToken, old);
  },

  'create, retrieve, update, delete': async () => {
    const made = await conn.sobject('Account').create({ Name: 'Acme', NumberOfEmployees: 7 });
    assert.equal(made.success, true);
    assert.equal((await org.records('Account')).get(made.id).Name, 'Acme');
    const read = await conn.sobject('Account').retrieve(made.id);
    assert.deepEqual([read.Id, read.Name, read.NumberOfEmployees, read.Phone], [made.id, 'Acme', 7, null]);
    const changed = await conn.sobject('Account').update({ Id: made.id, Name: 'Acme & Sons', Phone: '123' });
    assert.deepEqual([changed.id, changed.success], [made.id, true]);
    assert.equal((await org.records('Account')).get(made.id).Name, 'Acme & Sons');
    const gone = await conn.sobject('Account').destroy(made.id);
    assert.equal(gone.success, true);
    assert.equal((await org.records('Account')).has(made.id), false);
    await assert.rejects(conn.sobject('Account').retrieve(made.id), { errorCode: 'ENTITY_IS_DELETED' });
    await assert.rejects(conn.sobject('Account').create({ Phone: '1' }), { errorCode: 'REQUIRED_FIELD_MISSING' });
  },
};

run(cases);
