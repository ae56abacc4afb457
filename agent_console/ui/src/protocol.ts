// Frames of the agent channel cc.v1 and the plain data inside them, as the server writes them.
// Types only: what a frame means is decided in channel.ts (delivery) and state.ts (content).

export type FactKind =
  | "text" | "code" | "count" | "money" | "date" | "instant" | "duration" | "share" | "flag";
export type FactGroup = "who" | "matters" | "contacts" | "promises" | "consent";
export type Tone = "plain" | "good" | "warn" | "bad";

export interface Fact {
  key: string;
  group: FactGroup;
  kind: FactKind;
  value: string | number | boolean;
  unit: string | null;
  detail: string | null;
  tone: Tone;
}

export interface Evidence { code: string; detail: string | null }

export interface Candidate {
  person: string;
  name: string;
  probability: number;
  evidence: Evidence[];
}

export interface Contact {
  call: string;
  at: number;
  queue: string | null;
  agent: string | null;
  reason: string | null;
  outcome: string | null;
  notes: string;
  wait: number;
  talk: number;
  transfers: number;
  ended: string;
}

export interface Profile {
  person: string;
  name: string;
  language: string | null;
  tier: string | null;
  facts: Fact[];
  contacts: Contact[];
}

/** A fact that a prediction rests on. `kind` says how to read `value`. */
export interface Cause {
  group: string;
  code: string;
  kind: FactKind | null;
  value: string | number | boolean | null;
  detail: string | null;
}

export interface Reason { code: string; probability: number; why: Cause[] }

/** What the customer said or wrote before. Text of strangers. */
export interface Words {
  source: "ivr" | "callback" | "chat" | "note" | "path";
  text: string;
  language: string | null;
}

export interface Phrasing { language: string; title: string; body: string }

export interface Answer {
  id: string;
  reason: string;
  source: string;
  phrasings: Phrasing[];
  score: number;
  automatic: boolean;
}

export type AnswerMark = "used" | "wrong" | "missing";

export type IdentityState =
  | "pending" | "known" | "candidates" | "unknown" | "anonymous" | "failed";
export type PartState = "pending" | "known" | "not_known" | "failed";

export interface Party {
  leg: string | null;
  kind: "caller" | "agent" | "consulted" | "other" | "supervisor";
  agent: string | null;
  number: string | null;
  name: string | null;
  state: "ringing" | "talking" | "held" | "listening" | "parked";
  muted: boolean;
}

export interface Pending { id: string; do: string; deadline: number }

export interface Offer {
  reservation: string;
  deadline: number;
  auto_answer: boolean;
  /** Nobody is dialled before the agent accepts. */
  preview: boolean;
}

/** The call is one of ours, promised to the customer; or (`open`) they call while it is to come. */
export interface CallbackOnCard {
  id: string;
  origin: string;
  made: number;
  opens: number;
  closes: number;
  zone: string;
  attempt: number;
  last_cause: string | null;
  reason: string | null;
  first: "agent" | "customer";
  open: boolean;
  stage: "none" | "calling" | "answered";
}

export interface Card {
  call: string;
  rev: number;
  direction: string;
  state: string;
  queue: string | null;
  number: string | null;
  caller_name: string | null;
  dialled: string | null;
  arrived: number;
  offered: number | null;
  answered: number | null;
  ended: number | null;
  identity: IdentityState;
  candidates: Candidate[];
  profile: Profile | null;
  reasons_state: PartState;
  reasons: Reason[];
  answers_state: PartState;
  answers: Answer[];
  noted: boolean;
  offer: Offer | null;
  parties: Party[];
  recording: "off" | "on" | "paused";
  recording_resumes: number | null;
  parked: string | null;
  pending: Pending[];
  transfers: number;
  model: string | null;
  words: Words[];
  not_ours: boolean;
  /** Answer to what became of it; "" for `missing`. */
  marks: [string, AnswerMark][];
  callback: CallbackOnCard | null;
}

export interface AgentView {
  agent: string;
  name: string;
  device: string;
  state: string;
  since: number;
  reason: string | null;
  next_state: string | null;
  next_reason: string | null;
  call: string | null;
  queue: string | null;
  deadline: number | null;
  device_state: string;
  calls_today: number;
  reservation: string | null;
  skills: [string, number][];
  busy_with: "customer" | "internal" | null;
  toggles: number;
  missed_today: number;
  occupancy: number | null;
  help_since: number | null;
}

export interface QueueView {
  queue: string;
  waiting: number;
  longest_since: number | null;
  offered: number;
  answered: number;
  abandoned: number;
  left: number;
  within_threshold: number;
  threshold: number;
  wait_total: number;
  ready: number;
  offered_agents: number;
  talking: number;
  wrapup: number;
  on_break: number;
  signed_in: number;
  distribution: "exchange" | "engine";
  open: boolean;
  reserved: number;
  missed: number;
  unreachable: number;
  p50: number | null;
  p90: number | null;
  promises: number;
  promises_kept: number;
  /** Customers in its line who are not on the phone. */
  callbacks: number;
}

/** How something asked of a live call went. */
export interface ControlResult {
  agent: string;
  id: string;
  call: string;
  do: string;
  ok: boolean;
  why: string;
}

/** An agent asks for help; `since` null: no longer. */
export interface HelpRequest {
  agent: string;
  name: string;
  call: string | null;
  text: string;
  since: number | null;
}

export interface Considered { agent: string; verdict: string; detail: string }

/** Who would get a waiting call now, and why. */
export interface Decision {
  at: number;
  call: string;
  queue: string;
  agent: string | null;
  rule: string;
  step: number;
  want: string;
  score: number;
  ahead: number;
  ready: number;
  eligible: number;
  considered: Considered[];
  counts: [string, number][];
}

export interface Draft {
  call: string;
  agent: string;
  rev: number;
  reason: string | null;
  outcome: string | null;
  notes: string;
  saved: number;
}

export interface User {
  user: string;
  name: string;
  role: "agent" | "supervisor";
  device: string | null;
  language: string | null;
}

export interface Choice { code: string; labels: Record<string, string>; head?: string }

export interface Settings {
  break_reasons: Choice[];
  reasons: Choice[];
  outcomes: Choice[];
  wrapup_seconds: number | null;
  currency: string;
  time_zone: string;
  demo_phone: boolean;
  /** Customers are called back here. */
  callbacks: boolean;
  heads: Choice[];
  happenings: Choice[];
  pages: Choice[];
  conditions: Choice[];
}

export interface Exchange { state: string; message: string; since: number }

export interface Snapshot {
  user: User;
  agent: AgentView | null;
  cards: Card[];
  drafts: Draft[];
  board: { agents: AgentView[]; queues: QueueView[]; help: HelpRequest[] } | null;
  exchange: Exchange;
  settings: Settings;
}

export interface Welcome {
  t: "welcome";
  session: string;
  epoch: string;
  seq: number;
  resumed: boolean;
  now: number;
  heartbeat: number;
  snapshot?: Snapshot;
}

export interface EventFrame { t: "event"; seq?: number; ts: number; ev: string; d: unknown }

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  /** Of a form: what is wrong where. */
  errors?: { pointer: string; code?: string; detail: string }[];
}

export interface Reply {
  t: "reply";
  id: string;
  ok: boolean;
  seq?: number;
  d?: unknown;
  dup?: boolean;
  error?: Problem;
  retry?: boolean;
}

export interface Heartbeat { t: "hb"; now: number; seq: number }

export interface Bye { t: "bye"; code: number; detail?: string; retry_after_ms?: number }

export interface Command {
  t: "cmd";
  id: string;
  cmd: string;
  d: Record<string, unknown>;
  deadline_ms: number;
  sent: number;
}

export type ServerFrame = Welcome | EventFrame | Reply | Heartbeat | Bye;
