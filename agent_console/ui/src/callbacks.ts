// Callbacks as staff see and change them: the plain HTTP side, and what is counted from it.
import { knows, word } from "./i18n";
import { call, Refused } from "./session";

export interface Callback {
  id: string;
  version: number;
  state: string;
  origin: string;
  queue: string;
  number: string;
  zone: string;
  made: number;
  place: number;
  opens: number;
  closes: number;
  due: number;
  name: string | null;
  person: string | null;
  reason: string | null;
  words: string;
  agent: string | null;
  agent_until: number | null;
  attempts: number;
  causes: string[];
  dialled: number | null;
  reached: number | null;
  ended: number | null;
  why: string | null;
  by: string | null;
  /** Which text was agreed to, and in which language; empty: none. */
  consent: string;
}

export interface Listed {
  now: number;
  callbacks: Callback[];
  counts: Record<"waiting" | "due" | "dialling" | "talking" | "at_risk", number>;
  more: boolean;
  /** By person, of those who typed no name themselves. */
  names: Record<string, string>;
}

export interface Attempt {
  number: number;
  at: number;
  ended: number | null;
  how: string | null;
}

export interface Slot { opens: number; closes: number }

/** What a queue does. `auto_stopped`: since when its offers have stopped by themselves. */
export interface Switches {
  queue: string;
  accept: boolean;
  serve: boolean;
  show: boolean;
  auto_stopped: number | null;
  by: string | null;
  at: number | null;
}

export interface Score {
  queue: string;
  /** ISO 8601 date. */
  day: string;
  promised: number;
  kept: number;
  reached: number;
  late: number;
  broken: [string, number][];
}

export interface Deflection {
  shown: number;
  solved: number;
  booked: number;
  known: number;
  back_24: number;
  back_72: number;
  over_72: number;
}

export interface Blocked {
  number: string;
  since: number;
  by: string;
  reason: string;
  until: number | null;
}

/** What a rule would have refused. */
export interface DryRun {
  at: number;
  site: string | null;
  why: string;
  detail: string;
}

export interface DryRuns { on: boolean; more: boolean; dry_runs: DryRun[] }

export interface Wish {
  call?: string;
  queue?: string;
  number: string;
  name?: string;
  person?: string;
  when: string;
  zone: string;
  words: string;
  reason?: string;
  mine: boolean;
  /** Who is to call. */
  agent?: string;
  /** Of this request: sent again with the same, it is booked once. */
  key?: string;
}

const ROOT = "api/v1/callbacks";
export const OPEN = new Set([
  "requested", "scheduled", "retry", "due", "reserved", "dialling", "talking",
]);
/** Nobody is dialled yet and nobody talks: it can still be changed. */
export const CHANGEABLE = new Set(["requested", "scheduled", "retry", "due", "reserved"]);

async function read<T>(path: string): Promise<T> {
  return (await call("GET", `${ROOT}${path}`)).json() as Promise<T>;
}

function about(id: string): string {
  return `/${encodeURIComponent(id)}`;
}

export function listed(): Promise<Listed> {
  return read("");
}

/** What the list does not say. */
export function whole(id: string): Promise<{ attempts: Attempt[]; agreed: string | null }> {
  return read(about(id));
}

export async function slots(queue: string, days = 7): Promise<Slot[]> {
  const path = `/slots?queue=${encodeURIComponent(queue)}&days=${days}`;
  return (await read<{ slots: Slot[] }>(path)).slots;
}

export async function schedule(wish: Wish): Promise<Callback> {
  const made = await (await call("POST", ROOT, wish)).json() as { callback: Callback };
  return made.callback;
}

export async function change(
  one: Pick<Callback, "id" | "version">, what: "cancel" | "move" | "now" | "assign",
  d: { why?: string; when?: string; agent?: string | null },
): Promise<void> {
  await call("POST", `${ROOT}${about(one.id)}/${what}`, { ...d, version: one.version });
}

export async function switches(): Promise<Switches[]> {
  return (await read<{ queues: Switches[] }>("/switches")).queues;
}

export async function setSwitches(
  d: Pick<Switches, "queue" | "accept" | "serve" | "show"> & { resume?: boolean },
): Promise<void> {
  await call("PUT", `${ROOT}/switches`, d);
}

export async function scores(days: number): Promise<Score[]> {
  return (await read<{ scores: Score[] }>(`/scores?days=${days}`)).scores;
}

export async function deflection(days: number): Promise<Deflection> {
  return (await read<{ score: Deflection }>(`/deflection?days=${days}`)).score;
}

export function dryRuns(limit: number): Promise<DryRuns> {
  return read(`/dry-runs?limit=${limit}`);
}

export async function blockList(): Promise<Blocked[]> {
  return (await read<{ blocked: Blocked[] }>("/blocked")).blocked;
}

export async function block(number: string, reason: string): Promise<void> {
  await call("POST", `${ROOT}/blocked`, { number, reason });
}

export async function unblock(number: string): Promise<void> {
  await call("DELETE", `${ROOT}/blocked?number=${encodeURIComponent(number)}`);
}

/** What the customer is called: as they said themselves, else as the person whom we know, else as
 *  the network says of whoever pressed a key in the line. */
export function nameOfCustomer(one: Callback, names: Listed["names"]): string | null {
  const known = one.person === null ? null : names[one.person] ?? null;
  return one.origin === "queue" ? known ?? one.name : one.name ?? known;
}

// --- in words ------------------------------------------------------------------------------------

export interface Trouble { text: string; field: string | null }

/** Why something was refused, in the reader's language as far as there are words for it. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Refused)) return { text: word("denial", "network"), field: null };
  const { errors, detail, title, code } = error.problem;
  const first = errors?.[0];
  const field = first?.pointer.slice(1) || null;
  if (first?.code && knows("denial", first.code)) {
    return { text: word("denial", first.code), field };
  }
  if (error.status === 409) return { text: word("denial", "changed"), field: null };
  if (code && knows("denial", code)) return { text: word("denial", code), field };
  return { text: detail ?? title ?? word("denial", "network"), field };
}

// --- figures -------------------------------------------------------------------------------------

export interface Day { day: string; promised: number; kept: number; late: number; broken: number }

/** All queues together, by day, from the first day with a promise to the last, none left out. */
export function byDay(all: readonly Score[]): Day[] {
  const days = new Map<string, Day>();
  for (const { day, promised, kept, late } of all) {
    const sum = days.get(day) ?? { day, promised: 0, kept: 0, late: 0, broken: 0 };
    sum.promised += promised;
    sum.kept += kept;
    sum.late += late;
    sum.broken = Math.max(0, sum.promised - sum.kept - sum.late);
    days.set(day, sum);
  }
  const found = [...days.values()].filter(({ promised }) => promised > 0).map(({ day }) => day).sort();
  const last = found.at(-1);
  const every: Day[] = [];
  for (let day = found[0]; day !== undefined && last !== undefined && day <= last; day = dayAfter(day)) {
    every.push(days.get(day) ?? { day, promised: 0, kept: 0, late: 0, broken: 0 });
  }
  return every;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Those not kept, by why, the most frequent first. */
export function whyBroken(all: readonly Score[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const { broken } of all) {
    for (const [why, n] of broken) sums.set(why, (sums.get(why) ?? 0) + n);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
