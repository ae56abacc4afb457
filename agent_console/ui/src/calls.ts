// What the user can have done to a call: their own (offers, call control, wrap-up time, help) and,
// as a supervisor, somebody else's. What did not work is kept with its reason until something else
// is tried; nothing else changes then, for only the server changes what is shown.
import { effect, signal } from "@preact/signals";
import { cards, complain, connected, exchange, line, notify, state } from "./app";
import { problemCode } from "./channel";
import type { Do, Supervise } from "./controls";
import { knows, t, word } from "./i18n";
import { Marks } from "./marks";
import type { Card, ControlResult, Decision, Reply } from "./protocol";

/** `detail`: what the engine or the exchange said, in its own language. */
export interface Trouble { act: string; text: string; detail: string }

/** What did not work, by call. */
export const troubles = signal<Readonly<Record<string, Trouble>>>({});
/** Sent, and the engine has not said yet whether it takes it: `call act`. */
const sent = signal<readonly string[]>([]);
/** The offer the user accepted; their phone is still to be answered. */
export const accepted = signal<string | null>(null);

export interface Listening { call: string; agent: string; name: string; mode: Supervise }
/** The call this supervisor listens to. */
export const listening = signal<Listening | null>(null);
let wanted: Listening | null = null;

const CONFIRM_MS = 10_000;

export function pendingOf(card: Card): string[] {
  const asked = sent.value.filter((key) => key.startsWith(`${card.call} `))
    .map((key) => key.slice(card.call.length + 1));
  return [...card.pending.map((one) => one.do), ...asked];
}

/** What did not work is of no interest any more. */
export function forget(call: string): void {
  const { [call]: _, ...rest } = troubles.peek();
  troubles.value = rest;
}

function refusal(reply: Reply): { text: string; detail: string } {
  const code = problemCode(reply.error);
  return {
    text: knows("error", code) ? word("error", code) : reply.error?.title ?? code,
    detail: reply.error?.detail ?? "",
  };
}

async function ask(call: string, act: string, cmd: string, d: Record<string, unknown>): Promise<boolean> {
  const current = line.value;
  if (!current) return false;
  forget(call);
  const key = `${call} ${act}`;
  sent.value = [...sent.peek(), key];
  const reply = await current.command(cmd, d, CONFIRM_MS);
  sent.value = sent.peek().filter((other) => other !== key);
  if (!reply.ok) troubles.value = { ...troubles.peek(), [call]: { act, ...refusal(reply) } };
  return reply.ok;
}

/** Returns whether the engine took it; the exchange's word comes as an event. */
export function control(
  call: string, act: Do, more: { target?: string; digits?: string } = {},
): Promise<boolean> {
  return ask(call, act, "call.control", { call, do: act, ...more });
}

export async function accept(card: Card): Promise<void> {
  const reservation = card.offer!.reservation;
  if (await ask(card.call, "accept", "offer.accept", { reservation })) accepted.value = reservation;
}

export function refuse(card: Card, reason: string): Promise<boolean> {
  return ask(card.call, "refuse", "offer.refuse", {
    reservation: card.offer!.reservation, reason,
  });
}

/** A callback later; somebody else may get it then. */
export function snooze(card: Card, minutes: number): Promise<boolean> {
  return ask(card.call, "snooze", "snooze_callback", {
    reservation: card.offer!.reservation, minutes,
  });
}

export function extend(card: Card, seconds: number): Promise<boolean> {
  return ask(card.call, "extend", "wrapup.extend", { seconds });
}

export function askHelp(card: Card, text: string): Promise<boolean> {
  return ask(card.call, "help", "help.ask", { call: card.call, text });
}

// --- a supervisor's ------------------------------------------------------------------------------

async function command(cmd: string, d: Record<string, unknown>): Promise<Reply | null> {
  const reply = await line.value?.command(cmd, d);
  if (reply && !reply.ok) complain(reply);
  return reply?.ok ? reply : null;
}

export async function giveHelp(agent: string): Promise<void> {
  await command("help.give", { agent });
}

export async function setState(
  agent: string, next: "ready" | "break", reason: string | null,
): Promise<boolean> {
  return await command("agent.state", { agent, state: next, reason }) !== null;
}

export async function signOutAgent(agent: string): Promise<boolean> {
  return await command("agent.sign_out", { agent }) !== null;
}

export async function setSkills(agent: string, skills: Record<string, number>): Promise<boolean> {
  return await command("agent.skills", { agent, skills }) !== null;
}

export async function supervise(
  target: { call: string; agent: string; name: string; device: string }, mode: Supervise,
  reason: string,
): Promise<boolean> {
  wanted = { call: target.call, agent: target.agent, name: target.name, mode };
  const d = { call: target.call, do: mode, target: target.device, ...(reason ? { reason } : {}) };
  return await command("call.control", d) !== null;
}

/** Who would get this waiting call now; nothing when it waits no more. */
export async function explain(call: string): Promise<Decision | null> {
  return ((await command("routing.explain", { call }))?.d ?? null) as Decision | null;
}

/** Whether anything can be asked of the exchange at all. */
export function reachable(): boolean {
  return connected.value && exchange.value.state === "up";
}

// --- results -------------------------------------------------------------------------------------

const SUPERVISED = new Set(["listen", "whisper", "barge", "take_over", "stop_listening"]);
let seen: ControlResult | null = null;

function came(result: ControlResult): void {
  if (SUPERVISED.has(result.do)) {
    if (!result.ok) notify(t("control.failed", { what: word("do", result.do), why: result.why }), "bad");
    else if (result.do === "stop_listening" || result.do === "take_over") listening.value = null;
    else if (wanted?.call === result.call) listening.value = wanted;
    return;
  }
  if (result.ok) forget(result.call);
  else {
    const trouble = { act: result.do, text: t("control.exchange"), detail: result.why };
    troubles.value = { ...troubles.peek(), [result.call]: trouble };
  }
}

effect(() => {
  const result = state.value.control;
  if (result === null || result === seen) return;
  seen = result;
  came(result);
});

// Whoever is listened to has hung up: then there is nothing to listen to any more.
effect(() => {
  const now = listening.value;
  const view = now && state.value.board?.agents[now.agent];
  if (now && view?.call !== now.call) listening.value = null;
});

// A call that is gone from the screen needs no word about what did not work in it.
effect(() => {
  const open = new Set(cards.value.map((card) => card.call));
  const kept = Object.entries(troubles.peek()).filter(([call]) => open.has(call));
  if (kept.length < Object.keys(troubles.peek()).length) troubles.value = Object.fromEntries(kept);
});

/** What became of suggested answers; the server's word replaces what was shown at once. */
export const marks = new Marks(async (d) => await command("answer.mark", { ...d }) !== null);
