// How messages change what the browser knows.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentView, Card, Draft, EventFrame, QueueView, Welcome } from "../src/protocol";
import { cardInFront, EMPTY, follows, reduce, type State } from "../src/state";

function card(call: string, rev: number, more: Partial<Card> = {}): Card {
  return {
    call, rev, direction: "inbound", state: "offered", queue: "q", number: "+44", caller_name: null,
    dialled: null, arrived: 1, offered: 2, answered: null, ended: null, identity: "pending",
    candidates: [], profile: null, reasons_state: "pending", reasons: [],
    answers_state: "pending", answers: [], noted: false, offer: null, parties: [], recording: "off",
    recording_resumes: null, parked: null, pending: [], transfers: 0, model: null, words: [], not_ours: false, marks: [], callback: null, ...more,
  };
}

function happens(state: State, ev: string, d: unknown, seq?: number): State {
  const frame: EventFrame = { t: "event", ts: 100, ev, d, ...(seq === undefined ? {} : { seq }) };
  return reduce(state, { kind: "event", frame });
}

const draft = (call: string, rev: number, notes = ""): Draft =>
  ({ call, agent: "a", rev, reason: "r", outcome: "o", notes, saved: 1 });

test("a snapshot replaces everything the server owns and keeps the list of finished calls", () => {
  let state = happens(happens(EMPTY, "card.shown", card("a", 1), 1), "card.closed", { call: "a" }, 2);
  const frame = { t: "welcome", session: "s", epoch: "e2", seq: 9, resumed: false, now: 1,
    heartbeat: 15, snapshot: { ...EMPTY, cards: [card("b", 3)], drafts: [draft("b", 1)],
      user: { user: "u" }, board: null } } as unknown as Welcome;
  state = reduce(state, { kind: "welcome", frame });
  assert.deepEqual([state.epoch, state.seq], ["e2", 9]);
  assert.deepEqual(state.cards.map((c) => c.call), ["b"]);
  assert.equal(state.drafts.b!.rev, 1);
  assert.deepEqual(state.finished.map((f) => f.call), ["a"]);
});

test("a card never goes back to an older revision", () => {
  let state = happens(EMPTY, "card.shown", card("a", 5));
  const newer = state.cards[0];
  state = happens(state, "card.updated", card("a", 4));
  assert.equal(state.cards[0], newer);
  state = happens(state, "card.updated", card("a", 6, { number: "+1" }));
  assert.equal(state.cards[0]!.number, "+1");
});

test("parts that an event does not touch keep their identity", () => {
  const state = happens(EMPTY, "card.shown", card("a", 1));
  const after = happens(state, "agent.updated", { agent: "a" });
  assert.equal(after.cards, state.cards);
  assert.equal(after.settings, state.settings);
});

test("a closed card goes to the finished calls with its talk time and what was noted", () => {
  let state = happens(EMPTY, "card.shown", card("a", 1, { answered: 40, ended: 95, noted: true }));
  state = reduce(state, { kind: "draft", draft: draft("a", 2) });
  state = happens(state, "card.closed", { call: "a" });
  assert.equal(state.cards.length, 0);
  assert.equal(state.finished[0]!.talk, 55);
  assert.deepEqual(state.noted.a, { reason: "r", outcome: "o" });
  assert.equal(happens(state, "card.closed", { call: "a" }), state);
});

test("requests for help come, change and go; whoever leaves asks no more", () => {
  const asks = (agent: string, since: number | null, text = ""): unknown =>
    ({ agent, name: agent, call: "c", text, since });
  let state = happens(happens(EMPTY, "help", asks("a", 5)), "help", asks("b", 6));
  state = happens(state, "help", asks("a", 5, "angry"));
  assert.equal(state.board!.help.a!.text, "angry");
  state = happens(state, "help", asks("a", null));
  assert.deepEqual(Object.keys(state.board!.help), ["b"]);
  state = happens(state, "board.agent", { view: { agent: "b" } as AgentView, gone: true });
  assert.deepEqual(state.board!.help, {});
});

test("the result of a control changes neither card nor agent", () => {
  const before = happens(EMPTY, "card.shown", card("a", 1));
  const result = { agent: "x", id: "1", call: "a", do: "hold", ok: false, why: "no" };
  const state = happens(before, "control", result);
  assert.deepEqual(state.control, result);
  assert.equal(state.cards, before.cards);
});

test("rows of the board come and go without a position", () => {
  let state = happens(EMPTY, "board.queue", { queue: "q", waiting: 2 } as QueueView);
  state = happens(state, "board.agent", { view: { agent: "a" } as AgentView, gone: false });
  assert.equal(state.board!.queues.q!.waiting, 2);
  assert.equal(state.seq, 0);
  state = happens(state, "board.agent", { view: { agent: "a" } as AgentView, gone: true });
  assert.deepEqual(state.board!.agents, {});
});

test("an older draft does not replace a newer one", () => {
  let state = reduce(EMPTY, { kind: "draft", draft: draft("a", 3, "new") });
  state = happens(state, "draft.saved", draft("a", 2, "old"));
  assert.equal(state.drafts.a!.notes, "new");
});

test("unknown events are counted and move the position", () => {
  const state = happens(EMPTY, "something.new", { x: 1 }, 1);
  assert.deepEqual([state.unknown, state.seq], [1, 1]);
});

test("a follower notices a missed event", () => {
  const state = { ...EMPTY, seq: 4 };
  assert.ok(follows(state, { t: "event", seq: 5, ts: 1, ev: "x", d: {} }));
  assert.ok(follows(state, { t: "event", ts: 1, ev: "board.queue", d: {} }));
  assert.ok(!follows(state, { t: "event", seq: 6, ts: 1, ev: "x", d: {} }));
});

test("the agent's own call is in front, else the newest card", () => {
  let state = happens(happens(EMPTY, "card.shown", card("a", 1)), "card.shown", card("b", 1));
  assert.equal(cardInFront(state)!.call, "b");
  state = happens(state, "agent.updated", { agent: "x", call: "a" });
  assert.equal(cardInFront(state)!.call, "a");
  assert.equal(cardInFront(EMPTY), null);
});
