// The console's one way to the server, whichever tab of this browser owns the socket. The tab
// that leads runs the channel and repeats everything it hears to the others; each tab keeps its
// own unanswered commands, so that a new leader can be asked again.
import { signal } from "@preact/signals";
import { Channel, type Status, type Wire } from "./channel";
import { Offset, offset, serverNow } from "./clock";
import type { Command, Reply } from "./protocol";
import { ticket } from "./session";
import { EMPTY, follows, reduce, type Input, type State } from "./state";
import { Tabs } from "./tabs";

type Whisper =
  | { k: "ask" }
  | { k: "whole"; state: State; status: Status; offset: number; heard: number }
  | { k: "input"; input: Input; heard: number }
  | { k: "status"; status: Status; offset: number; heard: number }
  | { k: "command"; frame: Command }
  | { k: "reply"; reply: Reply }
  | { k: "lead" }
  | { k: "retry" }
  | { k: "out" };

const START: Status = { phase: "connecting", why: "start", retryAt: null, detail: null };

export class Line {
  readonly state = signal<State>(EMPTY);
  readonly status = signal<Status>(START);
  /** Server time (s) of the last message of any kind: the age of what is on the screen. */
  readonly heard = signal(0);
  readonly leading = signal(false);
  private channel: Channel | null = null;
  private ticker: Worker | null = null;
  private readonly clock = new Offset();
  private readonly waiting = new Map<string, { frame: Command; done(reply: Reply): void }>();
  private readonly tab = uuid();
  private readonly tabs: Tabs<Whisper>;
  private readonly leave = new AbortController();

  constructor(user: string, private readonly ended: () => void) {
    this.tabs = new Tabs(`cc.line.${user}`, () => this.lead(), (message) => this.hear(message));
  }

  start(): void {
    this.tabs.start();
    this.tabs.tell({ k: "ask" });
    const on = { signal: this.leave.signal };
    const check = (): void => this.channel?.tick();
    document.addEventListener("visibilitychange", check, on);
    document.addEventListener("resume", check, on);
    window.addEventListener("pageshow", check, on);
    window.addEventListener("online", () => this.retry(), on);
  }

  /** The user signed out, here or in another tab. */
  stop(tellOthers: boolean): void {
    if (tellOthers) this.tabs.tell({ k: "out" });
    this.leave.abort();
    this.channel?.stop();
    this.ticker?.terminate();
    this.tabs.stop();
  }

  retry(): void {
    if (this.channel) this.channel.retryNow();
    else this.tabs.tell({ k: "retry" });
  }

  /** Resolves with the server's answer, however long the line is cut. */
  command(cmd: string, d: Record<string, unknown>, deadlineMs = 10_000): Promise<Reply> {
    const frame: Command = {
      t: "cmd", id: uuid(), cmd, d, deadline_ms: deadlineMs, sent: serverNow(),
    };
    return new Promise((done) => {
      this.waiting.set(frame.id, { frame, done });
      this.pass(frame);
    });
  }

  /** A change this browser knows of without an event: shown here and in the other tabs. */
  apply(input: Input): void {
    this.state.value = reduce(this.state.peek(), input);
    this.tabs.tell({ k: "input", input, heard: this.heard.peek() });
  }

  private lead(): void {
    this.leading.value = true;
    const { epoch, seq } = this.state.peek();
    this.channel = new Channel(
      {
        ticket,
        open: () => new WebSocket(address(), ["cc.v1"]) as unknown as Wire,
        now: () => Date.now(),
        random: () => Math.random(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
        visible: () => document.visibilityState === "visible",
      },
      {
        status: (status) => this.tellStatus(status),
        welcome: (frame) => this.input({ kind: "welcome", frame }),
        event: (frame) => this.input({ kind: "event", frame }),
        reply: (reply) => {
          this.tabs.tell({ k: "reply", reply });
          this.answered(reply);
        },
        clock: (server, local) => {
          offset.value = this.clock.measured(server, local);
          this.heard.value = serverNow();
          this.tellStatus(this.status.peek());
        },
      },
      { name: "console", version: __VERSION__, tab: this.tab },
      epoch === null ? null : { epoch, seq },
    );
    for (const { frame } of this.waiting.values()) this.channel.command(frame);
    this.ticker = new Worker(tickerAddress() as string);
    this.ticker.onmessage = () => this.channel?.tick();
    this.channel.start();
    this.tabs.tell({ k: "lead" });
  }

  private input(input: Input): void {
    this.heard.value = serverNow();
    this.apply(input);
  }

  private tellStatus(status: Status): void {
    this.status.value = status;
    this.tabs.tell({ k: "status", status, offset: offset.peek(), heard: this.heard.peek() });
    if (status.phase === "failed" && status.why === "4401") this.ended();
  }

  private pass(frame: Command): void {
    if (this.channel) this.channel.command(frame);
    else this.tabs.tell({ k: "command", frame });
  }

  private answered(reply: Reply): void {
    const entry = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    entry?.done(reply);
  }

  private hear(message: Whisper): void {
    if (message.k === "out") return this.ended();
    if (this.tabs.leading) return this.hearAsLeader(message);
    switch (message.k) {
      case "whole":
        this.state.value = message.state;
        return this.mirrorStatus(message);
      case "status":
        return this.mirrorStatus(message);
      case "input": {
        this.heard.value = message.heard;
        const { input } = message;
        if (input.kind === "event" && !follows(this.state.peek(), input.frame)) {
          return this.tabs.tell({ k: "ask" });
        }
        if (input.kind === "welcome" && !input.frame.snapshot
            && input.frame.epoch !== this.state.peek().epoch) {
          return this.tabs.tell({ k: "ask" });
        }
        this.state.value = reduce(this.state.peek(), input);
        return;
      }
      case "reply":
        return this.answered(message.reply);
      case "lead":
        this.tabs.tell({ k: "ask" });
        for (const { frame } of this.waiting.values()) this.pass(frame);
        return;
      default:
    }
  }

  private hearAsLeader(message: Whisper): void {
    if (message.k === "command") return this.channel?.command(message.frame);
    if (message.k === "retry") return this.channel?.retryNow();
    if (message.k === "input" && message.input.kind !== "event"
        && message.input.kind !== "welcome") {
      this.state.value = reduce(this.state.peek(), message.input);
    }
    if (message.k === "ask") {
      this.tabs.tell({
        k: "whole", state: this.state.peek(), status: this.status.peek(),
        offset: offset.peek(), heard: this.heard.peek(),
      });
    }
  }

  private mirrorStatus(from: { status: Status; offset: number; heard: number }): void {
    offset.value = from.offset;
    this.heard.value = from.heard;
    this.status.value = from.status;
    if (from.status.phase === "failed" && from.status.why === "4401") this.ended();
  }
}

function address(): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** The one script address this page may create; the page's policy demands that it says so. */
function tickerAddress(): string | TrustedScriptURL {
  const wanted = new URL(__TICKER__, import.meta.url).href;
  return trusted ? trusted.createScriptURL(wanted) : wanted;
}

interface TrustedScriptURL { toString(): string }
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): {
    createScriptURL(url: string): TrustedScriptURL;
  };
}
const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
  "callcenter",
  {
    createScriptURL(url) {
      if (url === new URL(__TICKER__, import.meta.url).href) return url;
      throw new TypeError(`not a script of this console: ${url}`);
    },
  },
);

/** Plain HTTP from another machine has no crypto.randomUUID. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

