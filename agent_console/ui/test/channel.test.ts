// The channel client against a scripted server: no browser, no clock, no network.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, Channel, SessionEnded, type Wire } from "../src/channel";
import type { Command, EventFrame, Reply } from "../src/protocol";

class FakeWire implements Wire {
  sent: Record<string, unknown>[] = [];
  closedWith: number | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(code: number): void {
    this.closedWith = code;
  }
  say(frame: object | string): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }
  of(t: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame.t === t);
  }
}

class World {
  now = 1_000_000;
  wires: FakeWire[] = [];
  timers: { at: number; run(): void }[] = [];
  events: EventFrame[] = [];
  replies: Reply[] = [];
  snapshots = 0;
  said: string[] = [];
  signedIn = true;
  channel: Channel;

  constructor(resume: { epoch: string; seq: number } | null = null) {
    this.channel = new Channel(
      {
        ticket: () => (this.signedIn ? Promise.resolve("T") : Promise.reject(new SessionEnded())),
        open: () => {
          const wire = new FakeWire();
          this.wires.push(wire);
          return wire;
        },
        now: () => this.now,
        random: () => 0.5,
        after: (ms, run) => {
          const timer = { at: this.now + ms, run };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((other) => other !== timer));
        },
        visible: () => true,
      },
      {
        status: ({ phase, why }) => this.said.push(why ? `${phase}:${why}` : phase),
        welcome: (frame) => {
          if (frame.snapshot) this.snapshots += 1;
        },
        event: (frame) => this.events.push(frame),
        reply: (frame) => this.replies.push(frame),
        clock: () => undefined,
      },
      { name: "test", version: "1", tab: "t" },
      resume,
    );
  }

  get wire(): FakeWire {
    return this.wires[this.wires.length - 1]!;
  }

  async open(): Promise<FakeWire> {
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
    this.wire.onopen?.();
    return this.wire;
  }

  async start(seq = 5, epoch = "e"): Promise<FakeWire> {
    this.channel.start();
    const wire = await this.open();
    wire.say(welcome(epoch, seq, false));
    return wire;
  }

  pass(ms: number): void {
    this.now += ms;
    const due = this.timers.filter((timer) => timer.at <= this.now);
    this.timers = this.timers.filter((timer) => timer.at > this.now);
    for (const timer of due) timer.run();
  }
}

function welcome(epoch: string, seq: number, resumed: boolean): object {
  return { t: "welcome", session: "s", epoch, seq, resumed, now: 1000, heartbeat: 15,
    ...(resumed ? {} : { snapshot: {} }) };
}

function event(seq?: number): object {
  return { t: "event", seq, ts: 1, ev: "agent.updated", d: {} };
}

function command(id: string): Command {
  return { t: "cmd", id, cmd: "ping", d: {}, deadline_ms: 1000, sent: 1 };
}

test("hello carries the ticket, and no resume the first time", async () => {
  const world = new World();
  const wire = await world.start();
  assert.equal(wire.sent[0]!.ticket, "T");
  assert.equal(wire.sent[0]!.resume, undefined);
  assert.deepEqual(world.said, ["connecting:start", "connected"]);
});

test("events are applied once and in order; old ones are dropped", async () => {
  const world = new World();
  const wire = await world.start(5);
  for (const seq of [6, 7, 7, 6, 8]) wire.say(event(seq));
  assert.deepEqual(world.events.map((e) => e.seq), [6, 7, 8]);
});

test("a gap closes with 4000 and resumes from the last position", async () => {
  const world = new World();
  const first = await world.start(5);
  first.say(event(6));
  first.say(event(8));
  assert.equal(first.closedWith, 4000);
  const second = await world.open();
  assert.deepEqual(second.sent[0]!.resume, { epoch: "e", seq: 6 });
  second.say(welcome("e", 8, true));
  second.say(event(7));
  second.say(event(8));
  assert.deepEqual(world.events.map((e) => e.seq), [6, 7, 8]);
});

test("a heartbeat that is ahead of us counts as a gap, one that is not is acknowledged", async () => {
  const world = new World();
  const wire = await world.start(5);
  wire.say({ t: "hb", now: 1, seq: 5 });
  assert.deepEqual(wire.of("ack"), [{ t: "ack", seq: 5, visible: true }]);
  wire.say({ t: "hb", now: 1, seq: 6 });
  assert.equal(wire.closedWith, 4000);
});

test("late messages of a socket that was let go are not heard", async () => {
  const world = new World();
  const first = await world.start(5);
  const late = first.onmessage!;
  first.onclose!({ code: 1006 });
  late({ data: JSON.stringify(event(6)) });
  assert.equal(world.events.length, 0);
});

test("an unanswered command is sent again after the next welcome, an answered one is not", async () => {
  const world = new World();
  const first = await world.start(5);
  world.channel.command(command("a"));
  world.channel.command(command("b"));
  first.say({ t: "reply", id: "a", ok: true, seq: 5, d: {} });
  first.onclose!({ code: 1006 });
  world.channel.command(command("c"));
  world.pass(5000);
  const second = await world.open();
  assert.equal(second.of("cmd").length, 0);
  second.say(welcome("e", 5, true));
  assert.deepEqual(second.of("cmd").map((frame) => frame.id), ["b", "c"]);
  second.say({ t: "reply", id: "b", ok: true, seq: 5, dup: true });
  second.say({ t: "reply", id: "b", ok: true, seq: 5, dup: true });
  assert.deepEqual(world.replies.map((reply) => reply.id), ["a", "b"]);
});

test("a reply waits until the event it points to has arrived", async () => {
  const world = new World();
  const wire = await world.start(5);
  world.channel.command(command("a"));
  wire.say({ t: "reply", id: "a", ok: true, seq: 6 });
  assert.equal(world.replies.length, 0);
  wire.say(event(6));
  assert.equal(world.replies.length, 1);
});

test("a command refused for its rate is sent again under the same id", async () => {
  const world = new World();
  const wire = await world.start(5);
  world.channel.command(command("a"));
  wire.say({ t: "reply", id: "a", ok: false, retry: true, error: { code: "slow_down" } });
  world.pass(1000);
  assert.deepEqual(wire.of("cmd").map((frame) => frame.id), ["a", "a"]);
  wire.say({ t: "reply", id: "a", ok: true, seq: 5 });
  assert.equal(world.replies.length, 1);
});

test("terminal codes stop and say which", async () => {
  for (const code of [4400, 4401, 4403, 4406, 4409, 4429]) {
    const world = new World();
    const wire = await world.start();
    wire.onclose!({ code });
    world.pass(60_000);
    world.channel.tick();
    assert.equal(world.said[world.said.length - 1], `failed:${code}`);
    assert.equal(world.wires.length, 1);
  }
});

test("too slow: comes back and asks for the state instead of the backlog", async () => {
  const world = new World();
  const first = await world.start(5);
  first.onclose!({ code: 4408 });
  assert.equal(world.said[world.said.length - 1], "disconnected:slow");
  world.pass(5000);
  const second = await world.open();
  assert.equal(second.sent[0]!.resume, undefined);
});

test("a restart is waited for as long as the server asked", async () => {
  const world = new World();
  const wire = await world.start();
  wire.say({ t: "bye", code: 4503, retry_after_ms: 2000 });
  wire.onclose!({ code: 4503 });
  world.pass(1999);
  assert.equal(world.said[world.said.length - 1], "disconnected:restart");
  world.pass(1);
  assert.equal(world.said[world.said.length - 1], "connecting:restart");
});

test("silence longer than 2.5 heartbeats ends the line; the network coming back ends the wait", async () => {
  const world = new World();
  await world.start();
  world.now += 37_000;
  world.channel.tick();
  assert.equal(world.said[world.said.length - 1], "connected");
  world.now += 1000;
  world.channel.tick();
  assert.equal(world.said[world.said.length - 1], "disconnected:silence");
  world.channel.retryNow();
  assert.equal(world.said[world.said.length - 1], "connecting:silence");
});

test("nobody is signed in any more: stops with 4401", async () => {
  const world = new World();
  world.signedIn = false;
  world.channel.start();
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
  assert.deepEqual(world.said, ["connecting:start", "failed:4401"]);
});

test("a warning that the session ends is answered with a fresh ticket on the same socket", async () => {
  const world = new World();
  const wire = await world.start();
  wire.say({ t: "event", ts: 1, ev: "auth.expiring", d: { at: 2 } });
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
  assert.deepEqual(wire.of("auth"), [{ t: "auth", ticket: "T" }]);
});

test("frames that are not understood are counted and harm nothing", async () => {
  const world = new World();
  const wire = await world.start(5);
  for (const bad of ["{", "null", "[]", "7", '{"t":"later"}']) wire.say(bad);
  wire.say(event(6));
  assert.equal(world.channel.ignored, 5);
  assert.equal(world.events.length, 1);
});

test("back-off has full jitter between 0.1 and 5 seconds", () => {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    for (const random of [0, 0.5, 0.999]) {
      const wait = backoff(attempt, random);
      assert.ok(wait >= 100 && wait <= 5000);
    }
  }
  assert.ok(backoff(20, 0.9) > backoff(2, 0.9));
});
