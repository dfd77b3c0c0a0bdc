// jsforce, as its users call it.
// compat: npm jsforce@3.10.26
'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { promisify } = require('node:util');
const jsforce = require('jsforce');
const { StreamingExtension } = require('jsforce/lib/api/streaming');
const { org, run, until } = require('compat');

const { ready } = org;
const url = ready.http;
const version = '62.0';
const connect = (options = {}) => new jsforce.Connection({ instanceUrl: url, accessToken: ready.access_token, version, ...options });
const conn = connect();
conn.bulk.pollInterval = conn.bulk2.pollInterval = 100;

const REQUIRED = 'REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --';
const names = (records) => [...records.values()].map((record) => record.Name);

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

const login = {
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
    assert.equal((await own.identity()).user_id, user.id);
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

  'login by JWT': async () => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: ready.client_id, sub: ready.username, aud: url, exp: Math.floor(Date.now() / 1000) + 180 };
    const text = `${part({ alg: 'RS256' })}.${part(claims)}`;
    const signature = crypto.createSign('RSA-SHA256').update(text).sign(fs.readFileSync(ready.jwt_key_file), 'base64url');
    const own = new jsforce.Connection({ loginUrl: url, version });
    const user = await own.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature}` });
    assert.equal(user.organizationId, ready.org_id);
    assert.equal((await own.query('SELECT Id FROM Organization')).totalSize, 1);
  },

  'login by the web-server flow': async () => {
    const redirectUri = 'http://localhost:1717/callback';
    const oauth2 = new jsforce.OAuth2({ loginUrl: url, clientId: ready.client_id, clientSecret: ready.client_secret, redirectUri, useVerifier: true });
    const answer = await fetch(oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 'mine' }), { redirect: 'manual' });
    const target = new URL(answer.headers.get('location'));
    assert.deepEqual([target.origin + target.pathname, target.searchParams.get('state')], [redirectUri, 'mine']);
    const own = new jsforce.Connection({ oauth2, version });
    const user = await own.authorize(target.searchParams.get('code'));
    assert.deepEqual([user.organizationId, typeof own.refreshToken], [ready.org_id, 'string']);
    assert.equal((await own.identity()).username, ready.username);
  },

  'https with the simulator\'s own CA': async () => {
    const script = `const { Connection } = require('jsforce');
      new Connection({ loginUrl: process.argv[1], version: '62.0' }).login(process.argv[2], process.argv[3])
        .then((user) => console.log(user.organizationId));`;
    const { stdout } = await promisify(execFile)(process.execPath,
      ['-e', script, ready.https, ready.username, ready.password + ready.security_token],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: ready.ca_file } });
    assert.equal(stdout.trim(), ready.org_id);
  },

  'SOAP: records': async () => {
    const results = await conn.soap.create([{ type: 'Account', Name: 'By <SOAP> & co' }, { type: 'Account' }]);
    assert.deepEqual(results.map((result) => result.success), [true, false]);
    assert.equal([].concat(results[1].errors)[0].statusCode, 'REQUIRED_FIELD_MISSING');
    const [{ id }] = results;
    assert.equal((await org.records('Account')).get(id).Name, 'By <SOAP> & co');
    await conn.soap.update({ type: 'Account', Id: id, Phone: '7' });
    assert.equal((await org.records('Account')).get(id).Phone, '7');
    await conn.soap.delete(id);
    assert.equal((await org.records('Account')).has(id), false);
    assert.equal((await conn.soap.emptyRecycleBin([id]))[0].success, true);
    const { timestamp } = await conn.soap.getServerTimestamp();
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60e3);
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
};

const rows = {
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

  'upsert by external id': async () => {
    await org.objects({ name: 'UpsertTable__c', fields: [{ name: 'ExtId__c', type: 'string', length: 50, externalId: true }] });
    const table = conn.sobject('UpsertTable__c');
    const first = await table.upsert({ Name: 'One', ExtId__c: 'ID 1' }, 'ExtId__c');
    assert.deepEqual([first.success, first.created], [true, true]);
    const second = await table.upsert({ Name: 'Two', ExtId__c: 'ID 1' }, 'ExtId__c');
    assert.deepEqual([second.success, second.created, second.id], [true, false, first.id]);
    assert.deepEqual(names(await org.records('UpsertTable__c')), ['Two']);
    // Not unique: a second record with the key makes every later upsert fail.
    await org.insert('UpsertTable__c', [{ Name: 'Twin', ExtId__c: 'ID 1' }]);
    await assert.rejects(table.upsert({ Name: 'Three', ExtId__c: 'ID 1' }, 'ExtId__c'), { name: 'MULTIPLE_CHOICES' });
  },

  collections: async () => {
    const accounts = conn.sobject('Account');
    const made = await accounts.create(Array.from({ length: 250 }, (_, n) => ({ Name: `Many ${n}` })), { allowRecursive: true });
    assert.equal(made.filter((result) => result.success).length, 250);
    const ids = made.map((result) => result.id);
    const read = await accounts.retrieve(ids, { allowRecursive: true });
    assert.deepEqual(read.map((record) => record.Name), Array.from({ length: 250 }, (_, n) => `Many ${n}`));
    const mixed = await accounts.update([{ Id: ids[0], Name: 'First' }, { Id: ids[1], Name: null }]);
    assert.deepEqual(mixed.map((result) => result.success), [true, false]);
    assert.equal(mixed[1].errors[0].statusCode ?? mixed[1].errors[0].errorCode, 'REQUIRED_FIELD_MISSING');
    const none = await accounts.create([{ Name: 'Fine' }, {}], { allOrNone: true });
    assert.deepEqual(none.map((result) => result.success), [false, false]);
    await accounts.destroy(ids, { allowRecursive: true });
    const left = names(await org.records('Account'));
    assert.equal(left.some((name) => name.startsWith('Many') || name === 'First' || name === 'Fine'), false);
  },

  'upsert of a collection': async () => {
    await org.objects({ name: 'UpsertTable__c', fields: [{ name: 'Key__c', type: 'string', length: 50, externalId: true, unique: true }] });
    const results = await conn.sobject('UpsertTable__c').upsert(
      Array.from({ length: 30 }, (_, n) => ({ Name: `Row ${n}`, Key__c: `k${n}` })), 'Key__c');
    assert.equal(results.filter((result) => result.success && result.created).length, 30);
    const again = await conn.sobject('UpsertTable__c').upsert([{ Name: 'Changed', Key__c: 'k3' }, { Name: 'New', Key__c: 'k30' }], 'Key__c');
    assert.deepEqual(again.map((result) => result.created), [false, true]);
  },
};

const queries = {
  'query with autofetch beyond 2,000 rows': async () => {
    await org.objects({ name: 'BigTable__c' });
    await org.generate('BigTable__c', 4500);
    const page = await conn.query('SELECT Id, Name FROM BigTable__c');
    assert.deepEqual([page.records.length, page.done, page.totalSize], [2000, false, 4500]);
    const second = await conn.queryMore(page.nextRecordsUrl);
    assert.equal(second.records.length, 2000);
    const all = await conn.query('SELECT Id FROM BigTable__c', { autoFetch: true, maxFetch: 10000 });
    assert.equal(all.records.length, 4500);
    const truth = await org.records('BigTable__c');
    assert.deepEqual(new Set(all.records.map((record) => record.Id)), new Set(truth.keys()));
    const streamed = await new Promise((resolve, reject) => {
      const records = [];
      conn.query('SELECT Id FROM BigTable__c').on('record', (record) => records.push(record))
        .on('end', () => resolve(records)).on('error', reject).run({ autoFetch: true, maxFetch: 3000 });
    });
    assert.equal(streamed.length, 3000);
  },

  'query builder, relationships, explain': async () => {
    const [account] = await org.insert('Account', [{ Name: "O'Neil's", Industry: 'Energy' }]);
    await org.insert('Contact', [{ LastName: 'Reach', FirstName: 'Out', AccountId: account }]);
    const found = await conn.sobject('Contact').find({ 'Account.Name': "O'Neil's" }, 'Id, LastName, Account.Name, Account.Owner.Username').limit(5);
    assert.deepEqual(found.map((contact) => [contact.LastName, contact.Account.Name]), [['Reach', "O'Neil's"]]);
    assert.equal(await conn.sobject('Contact').count({ LastName: 'Reach' }), 1);
    const everything = await conn.sobject('Account').findOne({ Id: account }, '*');
    assert.equal(everything.Industry, 'Energy');
    const plan = await conn.query("SELECT Id FROM Account WHERE Name = 'x'").explain();
    assert.equal(plan.plans[0].sobjectType, 'Account');
    await assert.rejects(conn.query('SELECT Id FROM'), { errorCode: 'MALFORMED_QUERY' });
  },

  'sub-queries': async () => {
    const [first, second] = await org.insert('Account', [{ Name: 'With children' }, { Name: 'Without' }]);
    await org.insert('Contact', ['A', 'B', 'C'].map((LastName) => ({ LastName, AccountId: first })));
    const result = await conn.query(
      `SELECT Id, Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Id IN ('${first}', '${second}') ORDER BY Name`);
    assert.deepEqual(result.records[0].Contacts.records.map((contact) => contact.LastName), ['A', 'B', 'C']);
    assert.equal(result.records[0].Contacts.totalSize, 3);
    assert.equal(result.records[1].Contacts, null);
  },

  'aggregates': async () => {
    await org.insert('Account', [1, 2, 3].map((n) => ({ Name: 'Counted', NumberOfEmployees: n })));
    const { records } = await conn.query(
      "SELECT Name, COUNT(Id) n, SUM(NumberOfEmployees) FROM Account WHERE Name = 'Counted' GROUP BY Name");
    assert.deepEqual([records[0].Name, records[0].n, records[0].expr0], ['Counted', 3, 6]);
  },

  'updated and deleted': async () => {
    const [kept, gone] = await org.insert('Account', [{ Name: 'Kept' }, { Name: 'Gone' }]);
    await conn.sobject('Account').destroy(gone);
    const start = new Date(Date.now() - 3600e3);
    const end = new Date(Date.now() + 120e3);
    const updated = await conn.sobject('Account').updated(start, end);
    assert.ok(updated.ids.includes(kept));
    const deleted = await conn.sobject('Account').deleted(start, end);
    assert.ok(deleted.deletedRecords.some((record) => record.id === gone));
  },
};

const bulk = {
  'Bulk 1.0: insert, update, upsert, delete, query': async () => {
    await org.objects({ name: 'Old__c', fields: [{ name: 'Key__c', type: 'string', length: 20, externalId: true, unique: true }] });
    const made = await conn.bulk.load('Old__c', 'insert', [{ Name: 'a', Key__c: '1' }, { Name: 'b', Key__c: '2' }, { Name: 'd', Key__c: 'x' }]);
    assert.deepEqual(made.map((result) => result.success), [true, true, true]);
    const failed = await conn.bulk.load('Account', 'insert', [{ Name: 'bulk one', Phone: '' }, { Name: '', Phone: '1' }]);
    assert.deepEqual(failed.map((result) => [result.success, result.errors]), [[true, []], [false, [REQUIRED]]]);
    const changed = await conn.bulk.load('Old__c', 'update', [{ Id: made[0].id, Name: 'a, "quoted"\nline' }]);
    assert.equal(changed[0].id, made[0].id);
    const upserted = await conn.bulk.load('Old__c', 'upsert', { extIdField: 'Key__c' }, [{ Key__c: '2', Name: 'B' }, { Key__c: '3', Name: 'c' }]);
    assert.deepEqual(upserted.map((result) => result.success), [true, true]);
    const truth = await org.records('Old__c');
    assert.equal(truth.get(made[0].id).Name, 'a, "quoted"\nline');
    const stream = await conn.bulk.query('SELECT Id, Name, Key__c FROM Old__c');
    const queried = await stream.toArray();
    assert.deepEqual(new Map(queried.map((row) => [row.Id, row.Name])), new Map([...truth].map(([id, row]) => [id, row.Name])));
    const gone = await conn.bulk.load('Old__c', 'delete', made.map(({ id }) => ({ Id: id })));
    assert.equal(gone.every((result) => result.success), true);
    assert.deepEqual(names(await org.records('Old__c')), ['c']);
  },

  'Bulk 1.0: errors': async () => {
    const stranger = connect({ accessToken: ready.access_token.slice(0, -3) + 'xyz' });
    await assert.rejects(async () => stranger.bulk.load('Account', 'insert', [{ Name: 'x' }]), { errorCode: 'InvalidSessionId' });
  },

  'Bulk 2.0: insert, update, upsert, delete': async () => {
    await org.objects({ name: 'New__c', fields: [{ name: 'Key__c', type: 'string', length: 20, externalId: true, unique: true }] });
    const input = Array.from({ length: 1000 }, (_, n) => ({ Name: `n ${n}`, Key__c: String(n) }));
    const made = await conn.bulk2.loadAndWaitForResults({ object: 'New__c', operation: 'insert', input });
    assert.deepEqual([made.successfulResults.length, made.failedResults.length, made.unprocessedRecords.length], [1000, 0, 0]);
    assert.equal(made.successfulResults[0].sf__Created, 'true');
    const ids = made.successfulResults.map((row) => row.sf__Id);
    assert.deepEqual(new Set((await org.records('New__c')).keys()), new Set(ids));
    const failed = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input: [{ Name: 'good', Phone: '' }, { Name: '', Phone: '1' }] });
    assert.deepEqual(failed.failedResults.map((row) => row.sf__Error), [REQUIRED]);
    await conn.bulk2.loadAndWaitForResults({ object: 'New__c', operation: 'update', input: ids.slice(0, 2).map((Id) => ({ Id, Name: 'changed' })) });
    const upserted = await conn.bulk2.loadAndWaitForResults({ object: 'New__c', operation: 'upsert', externalIdFieldName: 'Key__c',
      input: [{ Key__c: '5', Name: 'five' }, { Key__c: 'new', Name: 'made' }] });
    assert.deepEqual(upserted.successfulResults.map((row) => row.sf__Created).sort(), ['false', 'true']);
    const truth = names(await org.records('New__c'));
    assert.equal(truth.filter((name) => name === 'changed').length, 2);
    assert.ok(truth.includes('five') && truth.includes('made'));
    const gone = await conn.bulk2.loadAndWaitForResults({ object: 'New__c', operation: 'delete', input: ids.map((Id) => ({ Id })) });
    assert.equal(gone.successfulResults.length, 1000);
    assert.deepEqual(names(await org.records('New__c')), ['made']);
  },

  'Bulk 2.0: an aborted job': async () => {
    const job = conn.bulk2.createJob({ object: 'Account', operation: 'insert' });
    await job.open();
    await job.uploadData([{ Name: 'never' }]);
    await job.abort();
    assert.equal((await job.check()).state, 'Aborted');
    assert.equal(names(await org.records('Account')).includes('never'), false);
  },

  'Bulk 2.0: query': async () => {
    await org.insert('Case', Array.from({ length: 30 }, (_, n) => ({ Subject: `Line\n"${n}", one`, Origin: n % 2 ? 'Web' : null })));
    const rows = await (await conn.bulk2.query('SELECT Id, Subject, Origin FROM Case')).toArray();
    const truth = await org.records('Case');
    assert.equal(rows.length, truth.size);
    for (const row of rows) {
      assert.deepEqual([row.Subject, row.Origin], [truth.get(row.Id).Subject, truth.get(row.Id).Origin ?? '']);
    }
    await assert.rejects(conn.bulk2.query('SELECT Nope FROM Account'), /Nope/);
  },
};

const metadata = {
  'describe': async () => {
    const global = await conn.describeGlobal();
    assert.ok(global.sobjects.some((object) => object.name === 'Account' && object.keyPrefix === '001'));
    const account = await conn.sobject('Account').describe();
    assert.equal(account.name, 'Account');
    assert.ok(account.fields.find((field) => field.name === 'Name').nameField);
    assert.ok(account.childRelationships.some((child) => child.relationshipName === 'Contacts'));
    await assert.rejects(conn.sobject('Nothing__c').describe(), { errorCode: 'NOT_FOUND' });
  },

  'layouts': async () => {
    const layouts = await conn.sobject('Account').layouts();
    assert.ok(layouts.layouts.length > 0 && layouts.recordTypeMappings.length > 0);
    assert.ok((await conn.sobject('User').layouts('UserAlt')).layouts.length > 0);
    assert.ok((await conn.sobject('Account').compactLayouts()).compactLayouts.length > 0);
    assert.deepEqual((await conn.sobject('Account').approvalLayouts()).approvalLayouts, []);
  },

  'list views': async () => {
    await org.insert('Campaign', [{ Name: 'Spring' }, { Name: 'Autumn' }]);
    const { listviews } = await conn.sobject('Campaign').listviews();
    const view = conn.sobject('Campaign').listview(listviews[0].id);
    const { records } = await view.results();
    const shown = records.map((record) => record.columns.find((column) => column.fieldNameOrPath === 'Name').value);
    assert.deepEqual(shown, ['Autumn', 'Spring']);
    assert.equal((await view.describe()).sobjectType, 'Campaign');
    assert.ok((await view.explain()).plans.length > 0);
  },

  'recent': async () => {
    const made = await conn.sobject('Account').create({ Name: 'Seen' }, { headers: { 'Sforce-Mru': 'updateMru=true' } });
    assert.deepEqual((await conn.sobject('Account').recent()).map((item) => [item.Id, item.Name]), [[made.id, 'Seen']]);
    assert.equal((await conn.recent(1)).length, 1);
  },

  'search': async () => {
    const [id] = await org.insert('Account', [{ Name: 'Zanzibar Trading', Phone: '+49 30 999' }]);
    const { searchRecords } = await conn.search('FIND {zanzi*} IN NAME FIELDS RETURNING Account(Id, Name), Contact(Id)');
    assert.deepEqual(searchRecords.map((record) => [record.Id, record.Name]), [[id, 'Zanzibar Trading']]);
    await assert.rejects(conn.search('zanzibar'), { errorCode: 'MALFORMED_SEARCH' });
  },

  'tabs, theme, limits, quick actions': async () => {
    assert.ok((await conn.tabs()).some((tab) => tab.sobjectName === 'Account'));
    assert.ok((await conn.theme()).themeItems.some((item) => item.name === 'Account'));
    const { DailyApiRequests } = await conn.limits();
    assert.ok(DailyApiRequests.Remaining < DailyApiRequests.Max);
    assert.deepEqual(await conn.quickActions(), []);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
  },

  'composite': async () => {
    const answer = await conn.requestPost('/composite', { allOrNone: true, compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/Account`, referenceId: 'a', body: { Name: 'Composite' } },
      { method: 'POST', url: `/services/data/v${version}/sobjects/Contact`, referenceId: 'c', body: { LastName: 'Part', AccountId: '@{a.id}' } },
    ] });
    const [account, contact] = answer.compositeResponse.map((response) => response.body.id);
    assert.equal((await org.records('Contact')).get(contact).AccountId, account);
  },
};

const streaming = {
  'streaming: a PushTopic': async () => {
    const topic = { Name: 'Busy', Query: 'SELECT Id, Name FROM Account WHERE NumberOfEmployees > 100', ApiVersion: 62.0 };
    assert.equal((await conn.sobject('PushTopic').create(topic)).success, true);
    const got = [];
    const subscription = conn.streaming.topic('Busy').subscribe((message) => got.push(message));
    await subscription;
    const ids = await org.insert('Account', [{ Name: 'Quiet', NumberOfEmployees: 1 }, { Name: 'Busy Inc', NumberOfEmployees: 200 }]);
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
};

run({ ...login, ...rows, ...queries, ...bulk, ...metadata, ...streaming });
