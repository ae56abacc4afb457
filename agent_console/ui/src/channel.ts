// One end of the agent channel cc.v1: delivery only, nothing about what the events mean.
//
// It promises its owner: every event of the user's stream exactly once and in order, or a whole
// snapshot; every command answered once, however often the line was cut meanwhile. It must not
// touch the DOM or read a clock: everything around it is handed in, so tests drive it without a
// browser.
import type {
  Bye, Command, EventFrame, Heartbeat, Problem, Reply, ServerFrame, Welcome,
} from "./protocol";

export type Phase = "connecting" | "connected" | "disconnected" | "failed";

export interface Status {
  phase: Phase;
  /** A stable word the interface translates: `start`, `network`, `silence`, `gap`, `slow`,
   *  `restart`, `offline`, or a terminal close code as text. */
  why: string;
  /** Local time (ms) of the next attempt, while disconnected. */
  retryAt: number | null;
  /** What the server said when it ended the line, in its own words. */
  detail: string | null;
}

/** The little of a WebSocket that is used. */
export interface Wire {
  send(text: string): void;
  close(code: number, reason: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export interface Surroundings {
  /** A one-use ticket. Throws `SessionEnded` when nobody is signed in, anything else when the
   *  server cannot be reached. */
  ticket(): Promise<string>;
  open(): Wire;
  /** Milliseconds, local clock. */
  now(): number;
  random(): number;
  after(ms: number, run: () => void): () => void;
  visible(): boolean;
}

export interface Owner {
  status(status: Status): void;
  welcome(frame: Welcome): void;
  event(frame: EventFrame): void;
  reply(frame: Reply): void;
  /** The server's clock was read: seconds since the epoch, and our own ms at that moment. */
  clock(server: number, local: number): void;
}

export class SessionEnded extends Error {}

/** Closing with one of these is final until the user does something. */
export const TERMINAL: ReadonlySet<number> = new Set([4400, 4401, 4403, 4406, 4409, 4429]);

export const GAP = 4000;
const SLOW = 4408;
const RESTART = 4503;
const FIRST_HEARTBEAT = 15;
const SILENCE = 2.5; // heartbeats without any message until the line counts as dead
const OPENING = 10_000; // ms for ticket, socket and welcome together
const BURST = 100; // events after which the position is acknowledged unasked
const RATE_RETRIES = 5;

/** Full jitter: anywhere between 0.1 s and a ceiling that doubles up to 5 s. Milliseconds. */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(5000, 100 * 2 ** Math.min(attempt, 10));
  return Math.max(100, Math.round(random * ceiling));
}

interface Position { epoch: string; seq: number }

export class Channel {
  /** Frames that were not understood; for diagnostics. */
  ignored = 0;
  private wire: Wire | null = null;
  private epoch: string | null;
  private seq: number;
  private readonly waiting = new Map<string, { frame: Command; rateRetries: number }>();
  private held: Reply[] = [];
  private generation = 0;
  private attempt = 0;
  private welcomed = false;
  private heard = 0;
  private heartbeat = FIRST_HEARTBEAT;
  private unacknowledged = 0;
  private retryAfter: number | null = null;
  private farewell: string | null = null;
  private cancelRetry: (() => void) | null = null;
  private current: Status = { phase: "disconnected", why: "start", retryAt: null, detail: null };

  constructor(
    private readonly around: Surroundings,
    private readonly owner: Owner,
    private readonly client: { name: string; version: string; tab: string },
    resume: Position | null,
  ) {
    this.epoch = resume?.epoch ?? null;
    this.seq = resume?.seq ?? 0;
  }

  get status(): Status {
    return this.current;
  }

  start(): void {
    this.connect("start");
  }

  /** Ends for good; unanswered commands stay unanswered. */
  stop(): void {
    this.drop(1000, "bye");
    this.cancelRetry?.();
    this.cancelRetry = null;
  }

  /** Sends now, or as soon as there is a line; again after every welcome until it is answered. */
  command(frame: Command): void {
    if (this.waiting.has(frame.id)) return;
    this.waiting.set(frame.id, { frame, rateRetries: 0 });
    if (this.welcomed) this.write(frame);
  }

  /** Called often by whoever has a clock that is not throttled: is the line still alive? */
  tick(): void {
    const { phase } = this.current;
    const quiet = this.around.now() - this.heard;
    if (phase === "connected" && quiet > SILENCE * this.heartbeat * 1000) this.lose("silence");
    else if (phase === "connecting" && quiet > OPENING) this.lose("network");
    else if (phase === "disconnected" && (this.current.retryAt ?? Infinity) <= this.around.now()) {
      this.connect(this.current.why); // the page's own timer slept in the background
    }
  }

  /** The browser says the network is back, or the user asks: no more waiting. */
  retryNow(): void {
    this.attempt = 0;
    if (this.current.phase === "disconnected" || this.current.phase === "failed") {
      this.connect(this.current.why);
    } else {
      this.tick();
    }
  }

  private connect(why: string): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.drop(1000, "again");
    const generation = ++this.generation;
    const live = (): boolean => generation === this.generation;
    this.heard = this.around.now();
    this.retryAfter = null;
    this.farewell = null;
    this.say("connecting", why);
    this.around.ticket().then(
      (ticket) => {
        if (!live()) return;
        let wire: Wire;
        try {
          wire = this.around.open();
        } catch {
          // A browser throws here for an address it will not connect to; trying again is all
          // that can be done, and the status line says so.
          this.lose("network");
          return;
        }
        this.wire = wire;
        wire.onopen = () => live() && this.hello(ticket);
        wire.onmessage = ({ data }) => live() && this.receive(data);
        wire.onclose = ({ code }) => live() && this.closed(code);
      },
      (error: unknown) => {
        if (!live()) return;
        if (error instanceof SessionEnded) this.fail(4401);
        else this.lose("network");
      },
    );
  }

  private hello(ticket: string): void {
    const resume = this.epoch === null ? undefined : { epoch: this.epoch, seq: this.seq };
    this.write({ t: "hello", v: 1, ticket, client: this.client, resume });
  }

  private receive(data: unknown): void {
    this.heard = this.around.now();
    const frame = understood(data);
    if (frame === null) {
      this.ignored += 1;
      return;
    }
    switch (frame.t) {
      case "welcome": return this.onWelcome(frame);
      case "event": return this.onEvent(frame);
      case "reply": return this.onReply(frame);
      case "hb": return this.onHeartbeat(frame);
      case "bye": return this.onBye(frame);
      default: this.ignored += 1;
    }
  }

  private onWelcome(frame: Welcome): void {
    this.owner.clock(frame.now, this.around.now());
    this.attempt = 0;
    if (frame.heartbeat > 0) this.heartbeat = frame.heartbeat;
    this.epoch = frame.epoch;
    if (!frame.resumed) this.seq = frame.seq; // resumed: the missing events follow, from seq + 1
    this.welcomed = true;
    this.say("connected", "");
    this.owner.welcome(frame);
    if (frame.snapshot) this.release(Infinity);
    for (const { frame: command } of this.waiting.values()) this.write(command);
  }

  private onEvent(frame: EventFrame): void {
    if (frame.ev === "auth.expiring") this.renew();
    if (frame.seq === undefined) return this.owner.event(frame);
    if (frame.seq <= this.seq) return;
    if (frame.seq !== this.seq + 1) return this.gap();
    this.seq = frame.seq;
    this.owner.event(frame);
    this.release(this.seq);
    this.unacknowledged += 1;
    if (this.unacknowledged >= BURST) this.acknowledge();
  }

  private onReply(frame: Reply): void {
    const entry = this.waiting.get(frame.id);
    if (!entry) return; // the second answer to a command that was sent twice
    if (!frame.ok && frame.retry && entry.rateRetries < RATE_RETRIES) {
      entry.rateRetries += 1;
      this.around.after(500 * entry.rateRetries, () => {
        if (this.welcomed && this.waiting.has(frame.id)) this.write(entry.frame);
      });
      return;
    }
    this.waiting.delete(frame.id);
    if ((frame.seq ?? 0) > this.seq) this.held.push(frame);
    else this.owner.reply(frame);
  }

  private onHeartbeat(frame: Heartbeat): void {
    this.owner.clock(frame.now, this.around.now());
    if (frame.seq > this.seq) return this.gap();
    this.acknowledge();
  }

  private onBye(frame: Bye): void {
    this.retryAfter = frame.retry_after_ms ?? null;
    this.farewell = frame.detail ?? null;
  }

  private gap(): void {
    this.drop(GAP, "gap");
    this.attempt = 0;
    this.connect("gap");
  }

  private closed(code: number): void {
    this.drop(null, "");
    if (TERMINAL.has(code)) return this.fail(code);
    if (code === SLOW) {
      // A backlog was too long for us: the state as it is now is shorter than the way there.
      this.epoch = null;
      return this.lose("slow");
    }
    this.lose(code === RESTART || code === 1012 ? "restart" : "network");
  }

  private lose(why: string): void {
    this.drop(1000, why);
    const wait = this.retryAfter ?? backoff(this.attempt, this.around.random());
    this.attempt += 1;
    this.say("disconnected", why, this.around.now() + wait);
    this.cancelRetry?.();
    this.cancelRetry = this.around.after(wait, () => this.connect(why));
  }

  private fail(code: number): void {
    this.drop(1000, "stop");
    this.say("failed", String(code));
  }

  /** Lets go of the socket: its late messages and its own close must not reach us any more. */
  private drop(code: number | null, reason: string): void {
    this.generation += 1;
    this.welcomed = false;
    const wire = this.wire;
    this.wire = null;
    if (!wire) return;
    wire.onopen = wire.onmessage = wire.onclose = null;
    if (code !== null) wire.close(code, reason);
  }

  private renew(): void {
    const generation = this.generation;
    this.around.ticket().then(
      (ticket) => {
        if (generation === this.generation) this.write({ t: "auth", ticket });
      },
      (error: unknown) => {
        // Nobody is signed in any more: the same as the server's 4401, only sooner. Any other
        // failure: the server closes with 4401 by itself if no fresh ticket came in time.
        if (error instanceof SessionEnded && generation === this.generation) this.fail(4401);
      },
    );
  }

  private acknowledge(): void {
    this.unacknowledged = 0;
    this.write({ t: "ack", seq: this.seq, visible: this.around.visible() });
  }

  private release(seq: number): void {
    const ready = this.held.filter((reply) => (reply.seq ?? 0) <= seq);
    if (ready.length === 0) return;
    this.held = this.held.filter((reply) => (reply.seq ?? 0) > seq);
    for (const reply of ready) this.owner.reply(reply);
  }

  private write(frame: object): void {
    this.wire?.send(JSON.stringify(frame));
  }

  private say(phase: Phase, why: string, retryAt: number | null = null): void {
    this.current = { phase, why, retryAt, detail: this.farewell };
    this.owner.status(this.current);
  }
}

function understood(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    const named = typeof frame === "object" && frame !== null && "t" in frame;
    return named ? (frame as ServerFrame) : null;
  } catch {
    return null; // not JSON; the caller counts it
  }
}

/** What a person or a view needs from a refused command. */
export function problemCode(problem: Problem | undefined): string {
  return problem?.code ?? (problem?.status ? String(problem.status) : "unknown");
}
