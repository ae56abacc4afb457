// What can be done to a call: which buttons work, and what is typed becomes what is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { blocked, cleanDigits, cleanTarget, type Do, type Known, phase } from "../src/controls";
import type { AgentView, Card, Party } from "../src/protocol";

const ME = { agent: "amy", state: "talking", call: "c1" } as AgentView;
const CALLER: Party = {
  leg: "1", kind: "caller", agent: null, number: "+44", name: null, state: "talking", muted: false,
};
const AMY: Party = { ...CALLER, leg: "2", kind: "agent", agent: "amy" };
const CARD = {
  call: "c1", ended: null, parties: [CALLER, AMY], recording: "off", pending: [], offer: null,
} as unknown as Card;

function known(change: Partial<Known> = {}, card: Partial<Card> = {}, me: Partial<AgentView> = {}): Known {
  return {
    card: { ...CARD, ...card }, me: { ...ME, ...me }, connected: true, exchange: true, pending: [],
    ...change,
  };
}

function works(now: Known): string[] {
  const all: Do[] = [
    "hold", "mute", "unmute", "dtmf", "blind_transfer", "consult", "swap", "complete",
    "cancel_consult", "conference", "park", "hang_up", "record", "stop_recording",
    "pause_recording", "resume_recording",
  ];
  return all.filter((act) => blocked(act, now) === null);
}

test("in a plain talk everything works but what needs a consultation or a recording", () => {
  assert.deepEqual(works(known()), [
    "hold", "mute", "dtmf", "blind_transfer", "consult", "park", "hang_up", "record",
  ]);
});

test("muting works on hold, keys do not", () => {
  const held = known({}, {}, { state: "held" });
  assert.equal(blocked("mute", held), null);
  assert.equal(blocked("dtmf", held), "block.held");
  assert.equal(blocked("resume", held), null);
});

test("while the consulted party rings it can only be cancelled", () => {
  const rings: Party = { ...CALLER, leg: "3", kind: "consulted", state: "ringing" };
  const ringing = known({}, { parties: [CALLER, AMY, rings] });
  assert.deepEqual(works(ringing), ["mute", "dtmf", "cancel_consult", "hang_up", "record"]);
  assert.equal(blocked("complete", ringing), "block.consult_rings");
  const talks: Party = { ...rings, state: "talking" };
  assert.deepEqual(works(known({}, { parties: [CALLER, AMY, talks] }, { state: "held" })), [
    "mute", "dtmf", "swap", "complete", "cancel_consult", "conference", "hang_up", "record",
  ]);
});

test("one thing at a time, but hanging up always", () => {
  const waiting = known({ pending: ["hold"] });
  assert.equal(blocked("park", waiting), "block.pending");
  assert.equal(blocked("hold", waiting), null);
  assert.equal(blocked("hang_up", waiting), null);
});

test("nothing works without a line, an exchange, or a call", () => {
  assert.equal(blocked("hang_up", known({ connected: false })), "disabled.connection");
  assert.equal(blocked("hang_up", known({ exchange: false })), "block.exchange");
  assert.equal(blocked("hold", known({}, { ended: 5 })), "block.no_call");
  assert.equal(blocked("hold", known({}, {}, { call: "other" })), "block.no_call");
});

test("a recording is paused, continued and stopped only where there is one", () => {
  assert.deepEqual(
    works(known({}, { recording: "paused" })).filter((act) => act.includes("record")),
    ["stop_recording", "resume_recording"],
  );
  assert.equal(blocked("record", known({}, { recording: "on" })), "block.recording");
});

test("the phase of a card is what the agent's own phone does for it", () => {
  const of = (state: string): string => phase(CARD, { ...ME, state });
  assert.deepEqual(
    ["reserved", "offered", "talking", "held", "wrapup", "break"].map(of),
    ["reserved", "ringing", "talking", "held", "ended", "ended"],
  );
  assert.equal(phase(CARD, null), "waiting");
  assert.equal(phase({ ...CARD, ended: 3 }, ME), "ended");
});

test("targets as people write them, and what cannot be one", () => {
  assert.equal(cleanTarget(" +44 (20) 7946-0123 "), "+442079460123");
  assert.equal(cleanTarget("1002"), "1002");
  assert.equal(cleanTarget("*55"), "*55");
  assert.equal(cleanTarget("front-desk"), "front-desk");
  for (const wrong of ["", "  ", "a b", "1;2", "sip:x@y", "1\nAction: x", "+", "4+4", "x".repeat(40)]) {
    assert.equal(cleanTarget(wrong), null, wrong);
  }
});

test("only keys of a telephone are kept", () => {
  assert.equal(cleanDigits("12a, 3#*z"), "12A3#*");
  assert.equal(cleanDigits("1".repeat(40)).length, 32);
});
