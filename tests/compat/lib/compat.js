// What a client's file in JavaScript uses: the org it was given, and the protocol of run.py.
'use strict';

const ready = JSON.parse(process.env.ORGSIM);
const control = process.env.COMPAT_CONTROL;

/// A call of /orgsim/; its JSON answer, for records one object a line as an array.
async function call(method, path, body) {
  const response = await fetch(control + '/orgsim/' + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /orgsim/${path}: HTTP ${response.status}: ${text.slice(0, 500)}`);
  if (/^records\/\w+$/.test(path) && method === 'GET') return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return JSON.parse(text);
}

const org = {
  ready,
  call,
  /// The truth: the records of an object by Id, deleted ones left out.
  async records(object) {
    const rows = await call('GET', `records/${object}`);
    return new Map(rows.filter((row) => !row.IsDeleted).map((row) => [row.Id, row]));
  },
  /// Writes as another person would; the Ids.
  async insert(object, records) {
    const made = await call('POST', `records/${object}`, { records, allOrNone: true });
    return made.results.map((result) => result.id);
  },
  generate: (object, count) => call('POST', `records/${object}`, { generate: count }),
  objects: (definitions) => call('POST', 'objects', definitions),
  settings: (values) => call('POST', 'settings', values),
};

const CASE_SECONDS = 60;

function tell(message) {
  process.stdout.write(JSON.stringify(message) + '\n');
}

function timeout(promise, seconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// What a client throws beside its promises and events fails the case that runs.
let failCase = () => {};
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => failCase(error));

/// Runs the cases in their order; `cases` maps a name to a function that throws when the client did not get what it should.
async function run(cases) {
  tell({ cases: Object.keys(cases) });
  for (const [name, test] of Object.entries(cases)) {
    try {
      const astray = new Promise((_, reject) => (failCase = reject));
      astray.catch(() => {});
      await timeout(Promise.race([Promise.resolve().then(test), astray]), CASE_SECONDS);
      tell({ case: name, ok: true });
    } catch (error) {
      tell({ case: name, ok: false, reason: String((error && error.stack) || error).slice(0, 2000) });
    }
  }
  process.exit(0);
}

/// Waits until the condition gives something true, and gives it.
async function until(condition, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not true after ${seconds} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = { org, run, until };
