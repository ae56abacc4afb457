// Who is signed in: the plain HTTP side. Nothing here is kept in the browser but the cookie that
// scripts cannot read.
import { SessionEnded } from "./channel";
import type { Problem, User } from "./protocol";

export class Refused extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super(problem.title ?? String(status));
  }
}

/** One request to the server. Throws `Refused` with its problem object. */
export async function call(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  if (response.ok) return response;
  let problem: Problem = { status: response.status };
  if (response.headers.get("Content-Type")?.includes("json")) {
    problem = { ...problem, ...((await response.json()) as Problem) };
  }
  throw new Refused(response.status, problem);
}

export async function signIn(user: string, password: string): Promise<User> {
  return (await call("POST", "api/v1/session", { user, password })).json() as Promise<User>;
}

/** The user of the session that is there already, or nobody. */
export async function whoAmI(): Promise<User | null> {
  try {
    return (await (await call("GET", "api/v1/session")).json()) as User;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  try {
    await call("DELETE", "api/v1/session");
  } catch (error) {
    // A session that is gone already is what was wanted.
    if (!(error instanceof Refused && error.status === 401)) throw error;
  }
}

export async function ticket(): Promise<string> {
  try {
    const response = await call("POST", "api/v1/ws-tickets", {});
    return ((await response.json()) as { ticket: string }).ticket;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) throw new SessionEnded();
    throw error;
  }
}

/** The desk phone of the demonstration: `pick-up` or `hang-up`. */
export async function demoPhone(action: "pick-up" | "hang-up"): Promise<void> {
  await call("POST", `demo/phone/${action}`, {});
}

/** A live call, as far as the supervisor's list of waiting calls needs it. */
interface CallView {
  call: string;
  queue: string | null;
  number: string | null;
  caller_name: string | null;
  waiting_since: number | null;
}

/** A call that waits in a line. */
export interface WaitingCall {
  call: string;
  queue: string;
  number: string | null;
  name: string | null;
  since: number;
}

/** Calls that wait at this moment, the one that came first comes first. */
export async function waitingCalls(): Promise<WaitingCall[]> {
  const { calls } = (await (await call("GET", "api/v1/calls")).json()) as { calls: CallView[] };
  return calls.flatMap((one) => (one.waiting_since === null ? [] : [{
    call: one.call, queue: one.queue ?? "", number: one.number, name: one.caller_name,
    since: one.waiting_since,
  }]));
}
