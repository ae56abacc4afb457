// Nothing typed is lost: local copies, revisions, conflicts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../src/drafts";
import type { Draft, Reply } from "../src/protocol";

class World {
  stored = new Map<string, string>();
  timers: (() => void)[] = [];
  sent: { call: string; rev: number; notes: string; reason?: string }[] = [];
  answers: ((reply: Reply) => void)[] = [];
  now = 1_000_000_000_000;
  drafts = this.fresh();

  fresh(): Drafts {
    return new Drafts({
      storage: {
        read: (key) => this.stored.get(key) ?? null,
        write: (key, value) => void this.stored.set(key, value),
        remove: (key) => void this.stored.delete(key),
        keys: () => [...this.stored.keys()],
      },
      user: "maria",
      now: () => this.now,
      after: (_ms, run) => {
        this.timers.push(run);
        return () => (this.timers = this.timers.filter((other) => other !== run));
      },
      send: (d) => {
        this.sent.push(d);
        return new Promise((answer) => this.answers.push(answer));
      },
    });
  }

  tick(): void {
    for (const run of this.timers.splice(0)) run();
  }

  async answer(d: Partial<Draft>, ok = true): Promise<void> {
    const sent = this.sent[this.sent.length - 1]!;
    const stored = { agent: "maria", reason: null, outcome: null, saved: 50, ...sent, ...d };
    this.answers.pop()!(ok
      ? { t: "reply", id: "1", ok, d: stored }
      : { t: "reply", id: "1", ok, error: { code: d.notes ?? "failed" } });
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  }
}

const server = (rev: number, notes: string): Draft =>
  ({ call: "c", agent: "maria", rev, reason: null, outcome: null, notes, saved: 40 });

test("typing is kept locally at once and sent after a while, several keystrokes in one", async () => {
  const world = new World();
  world.drafts.edit("c", { notes: "a" });
  world.drafts.edit("c", { notes: "ab" });
  assert.equal(JSON.parse(world.stored.get("cc.draft.maria.c")!).notes, "ab");
  assert.equal(world.sent.length, 0);
  world.tick();
  assert.deepEqual(world.sent, [{ call: "c", rev: 1, notes: "ab" }]);
  await world.answer({});
  assert.deepEqual([world.drafts.form("c").value.dirty, world.drafts.form("c").value.saved], [false, 50]);
});

test("leaving a field saves without waiting, and only what is new", () => {
  const world = new World();
  world.drafts.leave("c");
  world.drafts.edit("c", { notes: "a" });
  world.drafts.leave("c");
  assert.equal(world.sent.length, 1);
  assert.equal(world.timers.length, 0);
});

test("what is typed while saving is saved next, with a higher revision", async () => {
  const world = new World();
  world.drafts.edit("c", { notes: "a" });
  world.tick();
  world.drafts.edit("c", { notes: "ab" });
  await world.answer({});
  assert.equal(world.drafts.form("c").value.dirty, true);
  world.tick();
  assert.deepEqual(world.sent[1], { call: "c", rev: 2, notes: "ab" });
});

test("after a reload the unsaved local copy wins over the server's and is sent above it", () => {
  const world = new World();
  world.drafts.edit("c", { notes: "typed before the crash" });
  const again = world.fresh();
  assert.equal(again.form("c", server(7, "older")).value.notes, "typed before the crash");
  world.timers.splice(0, 1); // the timer of the page that is gone
  world.tick();
  assert.equal(world.sent[0]!.rev, 8);
});

test("after a reload a saved local copy gives way to a newer one from the server", async () => {
  const world = new World();
  world.drafts.edit("c", { notes: "here" });
  world.tick();
  await world.answer({});
  assert.equal(world.fresh().form("c", server(9, "elsewhere")).value.notes, "elsewhere");
});

test("a copy from another tab is taken, unless something is being typed here", () => {
  const world = new World();
  world.drafts.form("c");
  world.drafts.adopt(server(3, "other tab"));
  assert.equal(world.drafts.form("c").value.notes, "other tab");
  world.drafts.edit("c", { notes: "mine" });
  world.drafts.adopt(server(6, "other tab again"));
  assert.equal(world.drafts.form("c").value.notes, "mine");
  world.tick();
  assert.equal(world.sent[0]!.rev, 7);
});

test("when the server holds something newer, what was typed here last goes out above it", async () => {
  const world = new World();
  world.drafts.edit("c", { notes: "mine" });
  world.tick();
  await world.answer({ rev: 5, notes: "theirs" });
  world.tick();
  assert.deepEqual(world.sent[1], { call: "c", rev: 6, notes: "mine" });
});

test("a refused save keeps the text, says why and tries again; a call that is gone is not tried", async () => {
  const world = new World();
  world.drafts.edit("c", { notes: "a" });
  world.tick();
  await world.answer({ notes: "failed" }, false);
  assert.equal(world.drafts.form("c").value.problem, "failed");
  assert.equal(world.timers.length, 1);
  world.tick();
  await world.answer({ notes: "unknown_call" }, false);
  assert.equal(world.timers.length, 0);
  assert.ok(world.stored.has("cc.draft.maria.c"));
});

test("a finished call leaves nothing behind; a closed one keeps only what was not saved", () => {
  const world = new World();
  world.drafts.edit("c", { notes: "a" });
  world.drafts.closed("c");
  assert.ok(world.stored.has("cc.draft.maria.c"));
  world.drafts.forget("c");
  assert.equal(world.stored.size, 0);
});

test("local copies are swept after a week, and a damaged one is worth nothing", () => {
  const world = new World();
  world.drafts.edit("c", { notes: "a" });
  world.stored.set("cc.draft.maria.d", '{"reas');
  world.now += 8 * 24 * 3600 * 1000;
  world.fresh();
  assert.equal(world.stored.size, 0);
});
