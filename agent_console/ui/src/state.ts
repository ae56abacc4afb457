// What this browser knows, as one immutable value, and how each message changes it. Pure: no
// clock, no DOM, no storage. Parts that a message does not touch keep their identity, so views
// that read them are not drawn again.
import type {
  AgentView, Card, ControlResult, Draft, EventFrame, Exchange, HelpRequest, QueueView, Settings,
  User, Welcome,
} from "./protocol";

export interface Board {
  agents: Readonly<Record<string, AgentView>>;
  queues: Readonly<Record<string, QueueView>>;
  /** Who asks for help, by agent. */
  help: Readonly<Record<string, HelpRequest>>;
}

const EMPTY_BOARD: Board = { agents: {}, queues: {}, help: {} };

/** A call that has left the screen, for the list on the idle page. */
export interface Finished {
  call: string;
  name: string | null;
  number: string | null;
  queue: string | null;
  at: number;
  talk: number | null;
}

export interface State {
  epoch: string | null;
  seq: number;
  user: User | null;
  agent: AgentView | null;
  cards: readonly Card[];
  drafts: Readonly<Record<string, Draft>>;
  board: Board | null;
  exchange: Exchange;
  settings: Settings;
  /** The latest result of something asked of a call. */
  control: ControlResult | null;
  finished: readonly Finished[];
  /** What was noted about finished calls, by call. */
  noted: Readonly<Record<string, { reason: string; outcome: string }>>;
  /** Events of a kind this console does not know. */
  unknown: number;
}

export type Input =
  | { kind: "welcome"; frame: Welcome }
  | { kind: "event"; frame: EventFrame }
  | { kind: "draft"; draft: Draft }
  | { kind: "noted"; call: string; reason: string; outcome: string };

const FINISHED_KEPT = 12;

export const EMPTY: State = {
  epoch: null,
  seq: 0,
  user: null,
  agent: null,
  cards: [],
  drafts: {},
  board: null,
  exchange: { state: "connecting", message: "", since: 0 },
  settings: {
    break_reasons: [],
    reasons: [],
    outcomes: [],
    wrapup_seconds: null,
    currency: "EUR",
    time_zone: "UTC",
    demo_phone: false,
    callbacks: false,
    heads: [],
    happenings: [],
    pages: [],
    conditions: [],
  },
  control: null,
  finished: [],
  noted: {},
  unknown: 0,
};

export function reduce(state: State, input: Input): State {
  switch (input.kind) {
    case "welcome": return welcomed(state, input.frame);
    case "event": return happened(state, input.frame);
    case "draft": return withDraft(state, input.draft);
    case "noted": {
      const { call, reason, outcome } = input;
      return { ...state, noted: { ...state.noted, [call]: { reason, outcome } } };
    }
  }
}

/** The next position in the user's stream, if this event has one and it is not the next: null. */
export function follows(state: State, frame: EventFrame): boolean {
  return frame.seq === undefined || frame.seq === state.seq + 1;
}

function welcomed(state: State, frame: Welcome): State {
  const snapshot = frame.snapshot;
  if (!snapshot) return state.epoch === frame.epoch ? state : { ...state, epoch: frame.epoch };
  return {
    ...state,
    epoch: frame.epoch,
    seq: frame.seq,
    user: snapshot.user,
    agent: snapshot.agent,
    cards: snapshot.cards,
    drafts: Object.fromEntries(snapshot.drafts.map((draft) => [draft.call, draft])),
    board: snapshot.board && {
      agents: Object.fromEntries(snapshot.board.agents.map((view) => [view.agent, view])),
      queues: Object.fromEntries(snapshot.board.queues.map((view) => [view.queue, view])),
      help: Object.fromEntries(snapshot.board.help.map((request) => [request.agent, request])),
    },
    exchange: snapshot.exchange,
    settings: snapshot.settings,
  };
}

function happened(before: State, frame: EventFrame): State {
  const state = frame.seq === undefined ? before : { ...before, seq: frame.seq };
  switch (frame.ev) {
    case "agent.updated":
      return { ...state, agent: frame.d as AgentView };
    case "card.shown":
    case "card.updated":
      return withCard(state, frame.d as Card);
    case "card.closed":
      return withoutCard(state, (frame.d as { call: string }).call, frame.ts);
    case "draft.saved":
      return withDraft(state, frame.d as Draft);
    case "exchange.changed":
      return { ...state, exchange: frame.d as Exchange };
    case "board.agent": {
      const { view, gone } = frame.d as { view: AgentView; gone: boolean };
      const board = state.board ?? EMPTY_BOARD;
      if (!gone) {
        return { ...state, board: { ...board, agents: { ...board.agents, [view.agent]: view } } };
      }
      return {
        ...state,
        board: {
          ...board, agents: without(board.agents, view.agent), help: without(board.help, view.agent),
        },
      };
    }
    case "board.queue": {
      const view = frame.d as QueueView;
      const board = state.board ?? EMPTY_BOARD;
      return { ...state, board: { ...board, queues: { ...board.queues, [view.queue]: view } } };
    }
    case "control":
      return { ...state, control: frame.d as ControlResult };
    case "help": {
      const request = frame.d as HelpRequest;
      const board = state.board ?? EMPTY_BOARD;
      const help = request.since === null
        ? without(board.help, request.agent)
        : { ...board.help, [request.agent]: request };
      return { ...state, board: { ...board, help } };
    }
    case "auth.expiring":
      return state; // the channel renews by itself
    default:
      return { ...state, unknown: state.unknown + 1 };
  }
}

function without<T>(rows: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = rows;
  return rest;
}

function withCard(state: State, card: Card): State {
  const at = state.cards.findIndex((known) => known.call === card.call);
  if (at < 0) return { ...state, cards: [...state.cards, card] };
  if (state.cards[at]!.rev >= card.rev) return state;
  return { ...state, cards: state.cards.map((known, i) => (i === at ? card : known)) };
}

function withoutCard(state: State, call: string, at: number): State {
  const card = state.cards.find((known) => known.call === call);
  if (!card) return state;
  const { [call]: draft, ...drafts } = state.drafts;
  const entry: Finished = {
    call,
    name: card.profile?.name ?? card.caller_name,
    number: card.number,
    queue: card.queue,
    at: card.ended ?? at,
    talk: card.answered === null ? null : (card.ended ?? at) - card.answered,
  };
  const noted = card.noted && draft?.reason && draft.outcome && !state.noted[call]
    ? { ...state.noted, [call]: { reason: draft.reason, outcome: draft.outcome } }
    : state.noted;
  const finished = [entry, ...state.finished.filter((f) => f.call !== call)]
    .slice(0, FINISHED_KEPT);
  return {
    ...state,
    cards: state.cards.filter((known) => known.call !== call),
    drafts,
    finished,
    noted: Object.fromEntries(
      Object.entries(noted).filter(([key]) => finished.some((f) => f.call === key)
        || state.cards.some((known) => known.call === key)),
    ),
  };
}

function withDraft(state: State, draft: Draft): State {
  const known = state.drafts[draft.call];
  if (known && known.rev > draft.rev) return state;
  return { ...state, drafts: { ...state.drafts, [draft.call]: draft } };
}

/** The card to look at: the call the agent is in, else the newest one. */
export function cardInFront(state: State): Card | null {
  const own = state.cards.find((card) => card.call === state.agent?.call);
  return own ?? state.cards[state.cards.length - 1] ?? null;
}
