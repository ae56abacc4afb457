// The console of one signed-in user: the signals that views read and the things a user can do.
import { computed, effect, signal } from "@preact/signals";
import { problemCode } from "./channel";
import { Drafts } from "./drafts";
import { knows, t, word } from "./i18n";
import { Line, uuid } from "./line";
import { chooseLanguage, safeStorage } from "./prefs";
import type { Draft, Reply, User } from "./protocol";
import * as session from "./session";
import { cardInFront, EMPTY, type Finished, type State } from "./state";

/** `undefined` while the server is being asked. */
export const user = signal<User | null | undefined>(undefined);
/** Why the sign-in page is shown again, a code; or nothing. */
export const ended = signal<string | null>(null);
export const line = signal<Line | null>(null);
export const drafts = signal<Drafts | null>(null);

export const state = computed<State>(() => line.value?.state.value ?? EMPTY);
export const agent = computed(() => state.value.agent);
export const settings = computed(() => state.value.settings);
export const exchange = computed(() => state.value.exchange);
export const board = computed(() => state.value.board);
export const cards = computed(() => state.value.cards);
export const status = computed(() => line.value?.status.value ?? null);
export const connected = computed(() => status.value?.phase === "connected");
/** Whether anything has ever arrived: before, there is nothing to show. */
export const loaded = computed(() => state.value.user !== null);

/** The card the user chose to look at, when several are open. */
export const chosenCall = signal<string | null>(null);
export const front = computed(() =>
  cards.value.find((card) => card.call === chosenCall.value) ?? cardInFront(state.value));

export interface Notice { id: string; text: string; tone: "plain" | "bad" }
export const notices = signal<readonly Notice[]>([]);
const NOTICE_FOR = 8000;

export function notify(text: string, tone: Notice["tone"] = "plain"): void {
  const notice = { id: uuid(), text, tone };
  notices.value = [...notices.value.slice(-2), notice];
  setTimeout(() => dismiss(notice.id), NOTICE_FOR);
}

export function dismiss(id: string): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export async function begin(): Promise<void> {
  try {
    enter(await session.whoAmI());
  } catch {
    // The server is away while the page loads: the sign-in page says so and can try again.
    ended.value = "network";
    user.value = null;
  }
}

export function enter(who: User | null): void {
  ended.value = who ? null : ended.value;
  if (!who) {
    user.value = null;
    return;
  }
  chooseLanguage(who.language);
  const made = new Line(who.user, () => leave("4401"));
  restoreFinished(who.user, made);
  drafts.value = new Drafts({
    storage: safeStorage,
    user: who.user,
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    send: async (d) => {
      const reply = await made.command("wrapup.draft", d, DRAFT_DEADLINE);
      if (reply.ok) made.apply({ kind: "draft", draft: reply.d as Draft });
      return reply;
    },
  });
  line.value = made;
  user.value = who;
  made.start();
}

/** A draft may arrive late; the server refuses it by its revision when a newer one is there. */
const DRAFT_DEADLINE = 600_000;

function leave(why: string | null): void {
  line.value?.stop(false);
  line.value = null;
  drafts.value = null;
  chosenCall.value = null;
  ended.value = why;
  user.value = null;
}

export async function signOut(leaveWork: boolean): Promise<void> {
  const current = line.value;
  if (!current) return;
  if (leaveWork && agent.value && agent.value.state !== "offline") {
    const reply = await current.command("agent.leave", {});
    if (!reply.ok) return complain(reply);
  }
  try {
    await session.signOut();
  } catch {
    // Then the session is still there: saying "signed out" would be untrue on a shared machine.
    notify(t("signout.failed"), "bad");
    return;
  }
  drafts.value?.forgetSaved();
  sessionStorage.removeItem(finishedKey(current.state.peek().user?.user ?? ""));
  current.stop(true);
  leave(null);
}

/** Says in words why the server refused; the code itself when there is no word for it. */
export function complain(reply: Reply): void {
  const code = problemCode(reply.error);
  const text = knows("error", code) ? word("error", code) : reply.error?.title ?? code;
  notify(text, "bad");
}

/** The state asked for and not yet confirmed, for the state button. */
export const asked = signal<{ state: string; reason: string | null } | null>(null);

export async function chooseState(next: "ready" | "break", reason: string | null): Promise<void> {
  if (!line.value) return;
  const wish = { state: next, reason };
  asked.value = wish;
  const reply = await line.value.command(
    "agent.state", reason === null ? { state: next } : { state: next, reason },
  );
  if (asked.value === wish) asked.value = null;
  if (!reply.ok) complain(reply);
}

export async function choosePerson(call: string, person: string | null): Promise<void> {
  const reply = await line.value?.command("card.person", { call, person });
  if (reply && !reply.ok) complain(reply);
}

/** Returns whether wrap-up is finished. */
export async function finish(
  call: string, reason: string, outcome: string, notes: string,
): Promise<boolean> {
  const current = line.value;
  if (!current) return false;
  const reply = await current.command(
    "wrapup.finish", { call, reason, outcome, notes }, DRAFT_DEADLINE,
  );
  if (!reply.ok) {
    complain(reply);
    return false;
  }
  current.apply({ kind: "noted", call, reason, outcome });
  drafts.value?.forget(call);
  return true;
}

export async function phone(action: "pick-up" | "hang-up"): Promise<void> {
  try {
    await session.demoPhone(action);
  } catch (error) {
    const title = error instanceof session.Refused ? error.problem.title : undefined;
    notify(title ?? t("phone.failed"), "bad");
  }
}

/** Something asked over plain HTTP; says what the server objected to. Returns whether it was done. */
export async function attempted(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const problem = error instanceof session.Refused ? error.problem : undefined;
    notify(problem?.detail ?? problem?.title ?? t("error.unknown"), "bad");
    return false;
  }
}

// The list of finished calls lives in this tab only and survives a reload, not the tab.
function finishedKey(who: string): string {
  return `cc.finished.${who}`;
}

function restoreFinished(who: string, made: Line): void {
  try {
    const kept = sessionStorage.getItem(finishedKey(who));
    if (kept) {
      const { finished, noted } = JSON.parse(kept) as {
        finished: Finished[]; noted: State["noted"];
      };
      made.state.value = { ...made.state.peek(), finished, noted };
    }
  } catch {
    // Storage switched off, or an older shape: the list starts empty.
  }
  let before = made.state.peek().finished;
  let beforeNoted = made.state.peek().noted;
  effect(() => {
    const { finished, noted } = made.state.value;
    if (finished === before && noted === beforeNoted) return;
    before = finished;
    beforeNoted = noted;
    try {
      sessionStorage.setItem(finishedKey(who), JSON.stringify({ finished, noted }));
    } catch {
      // Storage full or switched off: only the list after a reload is lost.
    }
  });
}

// Drafts saved by another tab or session reach the open forms.
effect(() => {
  for (const draft of Object.values(state.value.drafts)) drafts.value?.adopt(draft);
});

// A card that left the screen needs no local copy, unless something was typed and not saved.
let open = new Set<string>();
effect(() => {
  const now = new Set(cards.value.map((card) => card.call));
  const keep = drafts.peek();
  if (loaded.value && keep) {
    for (const call of open) if (!now.has(call)) keep.closed(call);
  }
  open = now;
});
