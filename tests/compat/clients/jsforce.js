// jsforce, as its users call it.
// compat: npm jsforce@3.10.26
'use strict';

const assert = require('node:assert/strict');
const jsforce = require('jsforce');
const { org, run, until } = require('compat');

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

const { StreamingExtension } = require('jsforce/lib/api/streaming');

/// Subscribes, runs `act` when the subscription stands, and gives the first `count` messages.
async function messages(client, channel, count, act) {
  const got = [];
  const subscription = client.subscribe(channel, (message) => got.push(message));
  try {
    await subscription;
    await act();
    await until(() => got.length >= count);
  } finally {
    subscription.cancel();
    client.disconnect();
  }
  return got;
}

Object.assign(cases, {
  'streaming: a PushTopic': async () => {
    const topic = { Name: 'Busy', Query: 'SELECT Id, Name FROM Account WHERE NumberOfEmployees > 100', ApiVersion: 62.0 };
    assert.equal((await conn.sobject('PushTopic').create(topic)).success, true);
    let ids;
    const got = [];
    const subscription = conn.streaming.topic('Busy').subscribe((message) => got.push(message));
    await subscription;
    ids = await org.insert('Account', [{ Name: 'Quiet', NumberOfEmployees: 1 }, { Name: 'Busy Inc', NumberOfEmployees: 200 }]);
    await until(() => got.length === 1);
    assert.deepEqual(got[0].sobject, { Id: ids[1], Name: 'Busy Inc' });
    assert.equal(got[0].event.type, 'created');
    await conn.sobject('Account').update({ Id: ids[1], Name: 'Busier Inc' });
    await conn.sobject('Account').destroy(ids[1]);
    await until(() => got.length === 3);
    assert.deepEqual(got.map((message) => message.event.type), ['created', 'updated', 'deleted']);
    assert.ok(got[2].event.replayId > got[1].event.replayId);
    subscription.cancel();
  },

  'streaming: a generic channel': async () => {
    assert.equal((await conn.sobject('StreamingChannel').create({ Name: '/u/TestChannel' })).success, true);
    const channel = conn.streaming.channel('/u/TestChannel');
    const got = [];
    const subscription = channel.subscribe((message) => got.push(message));
    await subscription;
    const answer = await channel.push({ payload: 'hello world', userIds: [] });
    assert.deepEqual(answer, { fanoutCount: -1, userOnlineStatus: {} });
    await until(() => got.length === 1);
    assert.equal(got[0].payload, 'hello world');
    subscription.cancel();
  },

  'streaming: change events, replay': async () => {
    const channel = '/data/ContactChangeEvent';
    const got = await messages(conn.streaming.createClient(), channel, 2, async () => {
      const [id] = await org.insert('Contact', [{ FirstName: 'Ada', LastName: 'Lovelace', Phone: '1' }]);
      await conn.sobject('Contact').update({ Id: id, Phone: null, Title: 'Countess' });
    });
    const [created, updated] = got.map((message) => message.payload);
    assert.equal(created.ChangeEventHeader.changeType, 'CREATE');
    assert.equal(created.Name.LastName, 'Lovelace');
    assert.deepEqual(updated.ChangeEventHeader.nulledFields, ['Phone']);
    assert.equal(updated.Title, 'Countess');
    assert.equal('Name' in updated, false);
    const again = conn.streaming.createClient([new StreamingExtension.Replay(channel, got[0].event.replayId)]);
    const replayed = await messages(again, channel, 1, async () => {});
    assert.equal(replayed[0].event.replayId, got[1].event.replayId);
  },

  'streaming: an ended session': async () => {
    let failure;
    const stranger = connect({ accessToken: ready.access_token.slice(0, -3) + 'xyz' });
    const client = stranger.streaming.createClient([new StreamingExtension.AuthFailure((message) => (failure = message))]);
    client.subscribe('/data/ContactChangeEvent', () => {});
    await until(() => failure);
    assert.match(failure.ext.sfdc.failureReason, /^401::/);
  },
});

run(cases);
