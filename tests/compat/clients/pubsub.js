// salesforce-pubsub-api-client, with every way to log in that it has.
// compat: npm salesforce-pubsub-api-client@5.5.2 underscore@1.13.7
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { org, run, until } = require('compat');
const PubSubApiClient = require('salesforce-pubsub-api-client').default ?? require('salesforce-pubsub-api-client');

const { ready } = org;
const TOPIC = '/event/Sample__e';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
// The client brings its own list of authorities, so the simulator's certificate cannot be checked.
const endpoint = { pubSubEndpoint: ready.grpc_tls, rejectUnauthorizedSsl: false };

const logins = {
  'user-supplied': { authType: 'user-supplied', accessToken: ready.access_token, instanceUrl: ready.https },
  'username-password': {
    authType: 'username-password', loginUrl: ready.http, username: ready.username, password: ready.password,
    userToken: ready.security_token,
  },
  'oauth-client-credentials': {
    authType: 'oauth-client-credentials', loginUrl: ready.http, clientId: ready.client_id, clientSecret: ready.client_secret,
  },
  'oauth-jwt-bearer': {
    authType: 'oauth-jwt-bearer', loginUrl: ready.http, clientId: ready.client_id, username: ready.username,
    privateKey: fs.readFileSync(ready.jwt_key_file, 'utf8'),
  },
};

async function connected(login = logins['user-supplied'], more = endpoint) {
  const client = new PubSubApiClient({ ...login, ...more }, silent);
  await client.connect();
  return client;
}

/// A connected client for the length of one test.
async function withClient(test, ...args) {
  const client = await connected(...args);
  try {
    return await test(client);
  } finally {
    client.close();
  }
}

/// Collects what a subscription reports; `start` is called with the callback to subscribe with. The client parses events
/// concurrently and may report the first ones out of order: they are sorted here.
function collect(start) {
  const seen = { events: [], errors: [], statuses: [], keepAlives: 0, lasts: 0, ended: false };
  const handlers = {
    event: (data) => seen.events.push(data) && seen.events.sort((a, b) => a.replayId - b.replayId),
    error: (data) => seen.errors.push(data),
    grpcStatus: (data) => seen.statuses.push(data),
    grpcKeepAlive: () => seen.keepAlives++,
    lastEvent: () => seen.lasts++,
    end: () => { seen.ended = true; },
  };
  const promise = start((info, type, data) => { seen.info = info; handlers[type](data); });
  return promise instanceof Promise ? promise.then(() => seen) : seen;
}

/// A subscription that is known to be open: its first keep-alive has come.
async function subscribed(client, topic, count = null) {
  await org.settings({ keep_alive_ms: 20 });
  const seen = collect((callback) => client.subscribe(topic, callback, count));
  await until(() => seen.keepAlives > 0);
  await org.settings({ keep_alive_ms: 270000 });
  return seen;
}

const message = (text) => ({ CreatedDate: Date.now(), CreatedById: '005000000000000AAA', Message__c: { string: text } });

async function roundTrip(login, more) {
  await withClient(async (client) => {
    const seen = await subscribed(client, TOPIC, 1);
    const text = `hello ${Math.random()}`;
    const published = await client.publish(TOPIC, message(text), 'my-key');
    assert.equal(published.correlationKey, 'my-key');
    assert.ok(Number.isSafeInteger(published.replayId));
    await until(() => seen.lasts === 1);
    assert.equal(seen.events[0].payload.Message__c, text);
    assert.equal(seen.events[0].replayId, published.replayId);
    assert.equal(seen.events[0].id, 'my-key');
  }, login, more);
}

const statusOf = (seen) => until(() => seen.statuses.at(-1));
const errorCode = (status) => String(status.metadata.get('error-code')[0]).replace('sfdc.platform.eventbus.grpc.', '');

const cases = {};
for (const [name, login] of Object.entries(logins)) cases[`login: ${name}`] = () => roundTrip(login);

Object.assign(cases, {
  'wrong credentials are refused': async () => {
    for (const wrong of [
      { ...logins['username-password'], password: 'wrong' },
      { ...logins['oauth-client-credentials'], clientSecret: 'wrong' },
      { ...logins['oauth-jwt-bearer'], username: 'nobody@example.com' },
    ]) {
      await assert.rejects(connected(wrong), /Failed to authenticate/, wrong.authType);
    }
  },

  'its default endpoint, through the proxy': async () => {
    process.env.grpc_proxy = ready.proxy;
    try {
      await roundTrip(logins['oauth-client-credentials'], { rejectUnauthorizedSsl: false });
    } finally {
      delete process.env.grpc_proxy;
    }
  },

  'subscribe from the earliest event and from a replay id': () => withClient(async (client) => {
    const first = await client.publish(TOPIC, message('first'));
    const second = await client.publish(TOPIC, message('second'));
    const earliest = collect((callback) => client.subscribeFromEarliestEvent(TOPIC, callback));
    await until(() => earliest.events.some((event) => event.replayId === second.replayId));
    assert.equal(earliest.events.filter((event) => event.replayId === first.replayId).length, 1);
    await withClient(async (other) => {
      const rest = collect((callback) => other.subscribeFromReplayId(TOPIC, callback, 1, first.replayId));
      await until(() => rest.lasts === 1);
      assert.equal(rest.events[0].payload.Message__c, 'second');
    });
  }),

  'more events than one batch': () => withClient(async (client) => {
    const seen = await subscribed(client, TOPIC);
    const responses = [];
    const batch = Array.from({ length: 150 }, (_, i) => ({ id: `batch-${i}`, payload: message(`m${i}`) }));
    await client.publishBatch(TOPIC, batch, (info, type, data) => { if (type === 'publishResponse') responses.push(data); });
    await until(() => responses.length === 1 && seen.events.length === 150);
    assert.deepEqual(responses[0].results.map((result) => result.correlationKey), batch.map((event) => event.id));
    assert.deepEqual(seen.events.map((event) => event.payload.Message__c), batch.map((_, i) => `m${i}`));
  }),

  'changes of records': () => withClient(async (client) => {
    const seen = await subscribed(client, '/data/AccountChangeEvent');
    const [id] = await org.insert('Account', [{ Name: 'Acme', Phone: '1', BillingCity: 'Bonn', BillingStreet: 'A', Fax: '9' }]);
    await org.insert('Account', [{ Id: id, Phone: null, BillingCity: 'Köln', BillingStreet: null, NumberOfEmployees: 7 }]);
    await org.call('POST', 'records/Account', { delete: [id] });
    await org.call('POST', 'records/Account', { undelete: [id] });
    await until(() => seen.events.length === 4);
    const [made, changed, gone, back] = seen.events.map((event) => event.payload);
    assert.deepEqual(seen.events.map((event) => event.payload.ChangeEventHeader.changeType), ['CREATE', 'UPDATE', 'DELETE', 'UNDELETE']);
    assert.equal(made.Name, 'Acme');
    assert.equal(made.BillingAddress.City, 'Bonn');
    assert.deepEqual(made.ChangeEventHeader.changedFields, []);
    const header = changed.ChangeEventHeader;
    assert.deepEqual([...header.changedFields].sort(),
      ['BillingAddress.City', 'BillingAddress.Street', 'LastModifiedDate', 'NumberOfEmployees', 'Phone']);
    assert.deepEqual([...header.nulledFields].sort(), ['BillingAddress.Street', 'Phone']);
    assert.deepEqual(header.recordIds, [id]);
    assert.equal(header.entityName, 'Account');
    assert.equal(changed.BillingAddress.City, 'Köln');
    assert.equal(changed.NumberOfEmployees, 7);
    assert.equal(changed.Fax, null, 'unchanged is null');
    assert.equal(gone.Name, null);
    assert.equal(back.Name, 'Acme');
  }),

  'all changes, and a custom channel': () => withClient(async (client) => {
    await org.call('POST', 'channels', { name: 'Sales__chn', members: [{ entity: 'Account', enrichedFields: ['Name'] }] });
    const all = await subscribed(client, '/data/ChangeEvents');
    const some = await subscribed(client, '/data/Sales__chn');
    const [account] = await org.insert('Account', [{ Name: 'Rich' }]);
    await org.insert('Contact', [{ LastName: 'C', AccountId: account }]);
    await org.insert('Account', [{ Id: account, Phone: '5' }]);
    await until(() => all.events.length === 3 && some.events.length === 2);
    assert.deepEqual(all.events.map((event) => event.payload.ChangeEventHeader.entityName), ['Account', 'Contact', 'Account']);
    assert.equal(all.events[1].payload.Name.LastName ?? all.events[1].payload.Name, 'C');
    assert.equal(some.events[1].payload.Name, 'Rich');
    assert.equal(all.events[2].payload.Name, null);
  }),

  'a schema that changes in mid-stream': () => withClient(async (client) => {
    const seen = await subscribed(client, '/data/ContactChangeEvent');
    const [id] = await org.insert('Contact', [{ LastName: 'Before' }]);
    await org.objects({ name: 'Contact', fields: [{ name: 'Extra__c', type: 'string', length: 20 }] });
    await org.insert('Contact', [{ Id: id, Extra__c: 'new' }]);
    await until(() => seen.events.length === 2);
    assert.notEqual(seen.events[0].schemaId, seen.events[1].schemaId);
    assert.deepEqual([...seen.events[1].payload.ChangeEventHeader.changedFields].sort(), ['Extra__c', 'LastModifiedDate']);
    assert.equal(seen.events[1].payload.Extra__c, 'new');
  }),

  'gap, overflow and doubled events': () => withClient(async (client) => {
    const seen = await subscribed(client, '/data/LeadChangeEvent');
    const fault = (event, ordinal) => org.call('POST', 'faults', { event, object: 'Lead', ordinal });
    await fault('gap', 1);
    await fault('overflow', 2);
    await fault('duplicate', 3);
    for (const name of ['a', 'b', 'c']) await org.insert('Lead', [{ LastName: name, Company: 'X' }]);
    await until(() => seen.events.length === 4);
    await org.call('DELETE', 'faults');
    const headers = seen.events.map((event) => event.payload.ChangeEventHeader);
    assert.deepEqual(headers.map((header) => header.changeType), ['GAP_CREATE', 'GAP_OVERFLOW', 'CREATE', 'CREATE']);
    assert.deepEqual(headers[1].recordIds, ['000000000000000AAA']);
    assert.equal(seen.events[2].id, seen.events[3].id);
    assert.notEqual(seen.events[2].replayId, seen.events[3].replayId);
  }),

  'a managed subscription goes on after its commit': async () => {
    const made = await org.call('POST', 'subscriptions', { developerName: 'Managed_Sample', topicName: TOPIC });
    const login = { ...logins['oauth-client-credentials'] };
    const replayIds = await withClient(async (client) => {
      await org.settings({ keep_alive_ms: 20 });
      const seen = await collect((callback) => client.subscribeWithManagedSubscription('Managed_Sample', callback));
      await until(() => seen.keepAlives > 0);
      await org.settings({ keep_alive_ms: 270000 });
      for (const text of ['x', 'y', 'z']) await client.publish(TOPIC, message(text));
      await until(() => seen.events.length === 3);
      const keepAlives = seen.keepAlives;
      assert.match(client.commitReplayId(made.Id, seen.events[0].replayId), /^[0-9a-f-]{36}$/);
      await until(() => seen.keepAlives > keepAlives);
      // The client's close() would leave the stream to the end of the process, and only one may be active.
      await org.call('POST', 'subscriptions', { developerName: 'Managed_Sample', state: 'STOP' });
      assert.equal(errorCode(await statusOf(seen)), 'managed.subscription.config.stopped');
      await org.call('POST', 'subscriptions', { developerName: 'Managed_Sample', state: 'RUN' });
      return seen.events.map((event) => event.replayId);
    }, login);
    await withClient(async (client) => {
      const seen = await collect((callback) => client.subscribeWithManagedSubscription(made.Id, callback));
      await until(() => seen.events.length === 2);
      assert.deepEqual(seen.events.map((event) => event.replayId), replayIds.slice(1));
    }, login);
  },

  'managed subscriptions that cannot be used': () => withClient(async (client) => {
    await org.call('POST', 'subscriptions', { developerName: 'Managed_Inactive', topicName: TOPIC, state: 'STOP' });
    await assert.rejects(client.subscribeWithManagedSubscription('Managed_Inactive', () => {}), /subscription is in STOP state/);
    await assert.rejects(client.subscribeWithManagedSubscription('INVALID', () => {}), /Failed to retrieve managed event subscription/);
  }, logins['oauth-client-credentials']),

  'error codes': async () => {
    await withClient(async (client) => {
      const status = await statusOf(collect((callback) => client.subscribe('/event/INVALID__e', callback)));
      assert.ok([5, 7].includes(status.code), `code ${status.code}`);
      assert.equal(errorCode(status), 'topic.not.found');
      const corrupted = await statusOf(collect((callback) => client.subscribeFromReplayId(TOPIC, callback, 1, 5)));
      assert.equal(corrupted.code, 3);
      assert.equal(errorCode(corrupted), 'subscription.fetch.replayid.corrupted');
      await assert.rejects(client.publish('/event/INVALID__e', {}), (error) => error.cause.code === 5);
    });
    await withClient(async (client) => {
      const status = await statusOf(collect((callback) => client.subscribe(TOPIC, callback)));
      assert.equal(status.code, 16);
      assert.equal(errorCode(status), 'service.auth.error');
    }, { ...logins['user-supplied'], accessToken: `${ready.org_id}!INVALID` });
  },

  'a stream that the server cuts': () => withClient(async (client) => {
    // A topic of its own: the streams of closed clients are still there, and an error that nobody listens to ends the process.
    await org.objects({ name: 'Cut__e', fields: [{ name: 'Message__c', type: 'string', length: 255 }] });
    const seen = await subscribed(client, '/event/Cut__e');
    await org.call('POST', 'faults',
      { method: 'GRPC', path_prefix: '/eventbus.v1.PubSub/Deliver', object: 'Cut__e', action: 'status', status: 14, count: 1 });
    await client.publish('/event/Cut__e', message('cut'));
    const status = await statusOf(seen);
    assert.equal(status.code, 14);
    assert.equal(errorCode(status), 'service.unavailable');
    await org.call('DELETE', 'faults');
  }),

  'the delivery limit': () => withClient(async (client) => {
    const { events_in_24_hours: used } = await org.call('GET', 'status');
    await org.settings({ daily_event_limit: used + 1 });
    const seen = collect((callback) => client.subscribeFromEarliestEvent(TOPIC, callback));
    const status = await statusOf(seen);
    await org.settings({ daily_event_limit: 0 });
    assert.equal(errorCode(status), 'subscription.limit.exceeded');
    assert.equal((await org.call('GET', 'status')).events_in_24_hours, used + 1);
  }),
});

(async () => {
  await org.objects({ name: 'Sample__e', fields: [{ name: 'Message__c', type: 'string', length: 255 }] });
  for (const name of ['Account', 'Contact', 'Lead']) await org.objects({ name, cdc: true });
  await run(cases);
})();
