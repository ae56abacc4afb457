// The tabs of one browser agree who owns the socket: a Web Lock elects, a BroadcastChannel tells.
// Without locks (an old browser, or plain HTTP from another machine) every tab leads for itself.

export class Tabs<Message> {
  leading = false;
  private readonly bus: BroadcastChannel | null;
  private readonly abort = new AbortController();
  private release: (() => void) | null = null;

  constructor(
    private readonly name: string,
    private readonly lead: () => void,
    private readonly hear: (message: Message) => void,
  ) {
    this.bus = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
    if (this.bus) this.bus.onmessage = ({ data }) => this.hear(data as Message);
  }

  start(): void {
    if (!("locks" in navigator) || !navigator.locks || !this.bus) {
      this.leading = true;
      this.lead();
      return;
    }
    navigator.locks
      .request(this.name, { signal: this.abort.signal }, () => {
        this.leading = true;
        this.lead();
        return new Promise<void>((done) => {
          this.release = done;
        });
      })
      .catch((error: unknown) => {
        // Only ever our own stop(): the request was given up before the lock was ours.
        if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
      });
  }

  tell(message: Message): void {
    this.bus?.postMessage(message);
  }

  stop(): void {
    this.abort.abort();
    this.release?.();
    this.leading = false;
    this.bus?.close();
  }
}
