// What can be done to a call at this moment, and in words why not. Pure: what is known goes in,
// keys of the catalogue come out, so that a button that cannot work always says why.
import type { Key } from "./i18n";
import type { AgentView, Card, Party } from "./protocol";

export type Do =
  | "hold" | "resume" | "mute" | "unmute" | "dtmf" | "blind_transfer" | "consult" | "swap"
  | "complete" | "cancel_consult" | "conference" | "park" | "hang_up" | "record"
  | "stop_recording" | "pause_recording" | "resume_recording";
export type Supervise = "listen" | "whisper" | "barge" | "take_over" | "stop_listening";
export type Phase = "reserved" | "ringing" | "talking" | "held" | "ended" | "waiting";

/** What the agent's own phone does for this card; `ended` once the call is over for them. */
export function phase(card: Card, me: AgentView | null): Phase {
  if (card.ended !== null) return "ended";
  if (me?.call !== card.call) return "waiting";
  switch (me.state) {
    case "reserved": return "reserved";
    case "offered": return "ringing";
    case "held": return "held";
    case "talking": return "talking";
    default: return "ended";
  }
}

export interface Known {
  card: Card;
  me: AgentView | null;
  connected: boolean;
  /** The link to the exchange is up. */
  exchange: boolean;
  /** What was asked for and is not yet confirmed or refused. */
  pending: readonly string[];
}

export function consulted(card: Card): Party | null {
  return card.parties.find((party) => party.kind === "consulted") ?? null;
}

export function own(card: Card, me: AgentView | null): Party | null {
  return card.parties.find((party) => party.kind === "agent" && party.agent === me?.agent) ?? null;
}

/** Nothing of the kind is known: it may be asked for. Otherwise why it cannot be done now. */
export function blocked(act: Do, known: Known): Key | null {
  const { card, me } = known;
  const now = phase(card, me);
  if (!known.connected) return "disabled.connection";
  if (!known.exchange) return "block.exchange";
  if (now !== "talking" && now !== "held") return "block.no_call";
  if (act === "hang_up") return null;
  if (known.pending.some((other) => other !== act)) return "block.pending";
  const consult = consulted(card);
  const on = own(card, me);
  switch (act) {
    case "hold":
    case "resume":
    case "park":
    case "consult":
    case "blind_transfer":
      return consult ? "block.consulting" : null;
    case "dtmf":
      return now === "held" && !consult ? "block.held" : null;
    case "swap":
    case "complete":
    case "conference":
      if (!consult) return "block.no_consult";
      return consult.state === "ringing" ? "block.consult_rings" : null;
    case "cancel_consult":
      return consult ? null : "block.no_consult";
    case "mute":
      return on?.muted ? "block.muted" : null;
    case "unmute":
      return on?.muted ? null : "block.not_muted";
    case "record":
      return card.recording === "off" ? null : "block.recording";
    case "pause_recording":
      return card.recording === "on" ? null : "block.not_recording";
    case "resume_recording":
      return card.recording === "paused" ? null : "block.not_recording";
    case "stop_recording":
      return card.recording === "off" ? "block.not_recording" : null;
  }
}

/** A number or an extension as it is sent, or nothing when it cannot be one: blanks and brackets
 *  that people write are left out, and dashes and dots of a number too. */
export function cleanTarget(typed: string): string | null {
  const text = typed.trim();
  const bare = /^[+\d*#\s()/.-]+$/.test(text) ? text.replace(/[\s()/.-]/g, "") : text;
  return /^(\+?[0-9*#]{1,32}|[A-Za-z][A-Za-z0-9_.-]{0,31})$/.test(bare) ? bare : null;
}

/** Keys of a telephone among what was typed, at most 32. */
export function cleanDigits(typed: string): string {
  return typed.toUpperCase().replace(/[^0-9A-D*#]/g, "").slice(0, 32);
}

/** Whether the card is of a call that we make because we promised it. */
export const calledBack = (card: Card): boolean => card.callback !== null && !card.callback.open;
