// Does the compiled engine work outside of Rust? `node web/engine/smoke.mjs [folder of anser_engine.js]`
// No browser, no database: it plays the worker by hand and looks at what crosses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const folder = resolve(process.argv[2] ?? new URL("../app/src/engine/wasm", import.meta.url).pathname);
const { initSync, migrationScripts, restoreStatements, salvagedStatements, salvageStatements, WebEngine } = await import(
  pathToFileURL(`${folder}/anser_engine.js`).href
);
const wasm = await readFile(`${folder}/anser_engine_bg.wasm`);

for (const { module } of WebAssembly.Module.imports(new WebAssembly.Module(wasm))) {
  assert.match(module, /anser_engine_bg\.js/, "the engine imports nothing but its own glue");
}
initSync({ module: wasm });

const NOW = 1_700_000_000_000;
const SEED = new Uint8Array(32).fill(7);
const NOTHING = restoreStatements().map(() => []);

/** Everything the engine wants done now; the last one is always `wait`. */
function drain(engine) {
  const outputs = [];
  for (;;) {
    const output = engine.poll();
    outputs.push(output);
    if (output.type === "wait") return outputs;
  }
}

function emitted(outputs, type) {
  return outputs.filter((output) => output.type === "emit" && output.event.type === type).map((output) => output.event);
}

// --- the database's side ---

assert.match(migrationScripts(0).join(""), /CREATE TABLE events/);
assert.deepEqual(migrationScripts(migrationScripts(0).length), []);
assert.throws(() => migrationScripts(1_000), /please update/);
for (const { sql, params } of restoreStatements()) {
  assert.match(sql, /^SELECT /);
  assert.deepEqual(params, []);
}

// --- an engine that begins with nothing, and one whose database is empty ---

for (const restored of [null, NOTHING]) {
  const outputs = drain(new WebEngine(SEED, restored, NOW));
  const [first] = emitted(outputs, "session");
  assert.deepEqual(first.session, { type: "signedOut", ended: false });
  const wait = outputs.at(-1);
  assert.ok(wait.untilMs === null || Number.isInteger(wait.untilMs));
}

// --- signing in: a command as a plain object, a frame as bytes ---

const engine = new WebEngine(SEED, null, NOW);
drain(engine);
const command = { type: "signIn", handle: "alice", password: "a good password", deviceName: "smoke" };
engine.handle({ type: "command", id: 1, command }, NOW);
const connect = drain(engine).find((output) => output.type === "connect");
assert.equal(typeof connect.connection, "number");
engine.handle({ type: "connected", connection: connect.connection }, NOW);
const transmit = drain(engine).find((output) => output.type === "transmit");
assert.ok(transmit.bytes instanceof Uint8Array);
assert.match(new TextDecoder().decode(transmit.bytes), /alice/);
engine.free();

// --- an engine that goes on where a database ends: signed in, with a conversation and its draft ---

const restored = [...NOTHING];
restored[0] = [[42, 7, "alice", "Alice", new Uint8Array(32)]];
restored[1] = [[3]];
restored[2] = [[42, "alice", "Alice"], [43, "bob", "Bob"]];
restored[4] = [[5, 0, 3, "", 43, 2, 1, 43, NOW, 1000, new Uint8Array(), 1, null, 1, 0, 1, 0, 0, 0, "hello"]];
restored[5] = [[5, 1, 1]];
const outputs = drain(new WebEngine(SEED, restored, NOW));
assert.equal(emitted(outputs, "session")[0].session.me.handle, "alice");
const [view] = emitted(outputs, "conversations").flatMap((event) => event.changed);
assert.equal(view.conversation, 5);
assert.equal(view.draft, "hello");

const open = new WebEngine(SEED, restored, NOW);
drain(open);
open.handle({ type: "command", id: 1, command: { type: "sendText", conversation: 5, text: "早 😀", sendKey: null } }, NOW);
const steps = drain(open);
const save = steps.find((output) => output.type === "save");
assert.match(save.statements[0].sql, /^INSERT INTO outbox/);
assert.ok(save.statements[0].params[0] instanceof Uint8Array);
assert.deepEqual(emitted(steps, "finished")[0], { type: "finished", command: 1, outcome: { type: "done" } });

// --- what is wrong is refused in words ---

assert.throws(() => new WebEngine(new Uint8Array(31), null, NOW), /32 bytes/);
assert.throws(() => new WebEngine(SEED, [[]], NOW), /damaged/);
restored[0] = [[42, 7, "alice", null, new Uint8Array(32)]];
assert.throws(() => new WebEngine(SEED, restored, NOW), /session\.display_name is not text/);
assert.throws(() => new WebEngine(SEED, restored, NOW), { name: "DamagedStore" });
assert.throws(() => open.handle({ type: "loaded", id: 1, rows: [[-1]] }, NOW), { name: "DamagedStore" });
assert.throws(() => open.handle({ type: "dance" }, NOW), /engine\.d\.ts/);
assert.throws(() => open.handle({ type: "connected", connection: "1" }, NOW), /connection must be/);
assert.throws(() => open.handle({ type: "command", id: 2, command: { type: "fly" } }, NOW), /unknown variant/);

// --- what can be read of a damaged database is written into a new one ---

const questions = salvageStatements();
const answers = questions.map(() => []);
assert.deepEqual(salvagedStatements(answers), []);
answers[0] = [[42, 7, "alice", "Alice", new Uint8Array(32)]];
answers[questions.length - 1] = [
  [new Uint8Array(16), 1, 5, 1, new Uint8Array(3), NOW, null, "", 0],
  [new Uint8Array(16), -0.5, 5, 1, new Uint8Array(3), NOW, null, "", 0],
];
const written = salvagedStatements(answers).map(({ sql }) => sql.split(" (")[0]);
assert.deepEqual(written, ["INSERT INTO session", "INSERT INTO outbox"]);

console.log(`engine: ${wasm.length} bytes, works`);
