// What the agent types in wrap-up, so that nothing typed is ever lost: a local copy at once, the
// server's copy about every two seconds and when a field is left. Revisions only grow; what was
// typed last in this tab wins over an older copy from elsewhere.
import { signal, type Signal } from "@preact/signals";
import { problemCode } from "./channel";
import type { Draft, Reply } from "./protocol";

export interface Form {
  reason: string | null;
  outcome: string | null;
  notes: string;
  /** The last revision sent or seen. */
  rev: number;
  /** Typed since the last copy the server confirmed. */
  dirty: boolean;
  saving: boolean;
  /** Server time of the last confirmed copy, seconds. */
  saved: number | null;
  /** Why the server did not take it, a code. */
  problem: string | null;
}

export interface Keeping {
  read(key: string): string | null;
  write(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

export interface DraftSurroundings {
  storage: Keeping;
  user: string;
  now(): number;
  after(ms: number, run: () => void): () => void;
  send(d: { call: string; rev: number; reason?: string; outcome?: string; notes: string }):
    Promise<Reply>;
}

type Content = Pick<Form, "reason" | "outcome" | "notes">;
interface Kept extends Content { rev: number; dirty: boolean; typed: number }

const SAVE_EVERY = 2000;
const KEEP_LOCAL = 7 * 24 * 3600 * 1000;
const FORGET_AFTER_REFUSAL = new Set(["unknown_call"]);

export class Drafts {
  private readonly forms = new Map<string, Signal<Form>>();
  private readonly timers = new Map<string, () => void>();
  private readonly prefix: string;

  constructor(private readonly around: DraftSurroundings) {
    this.prefix = `cc.draft.${around.user}.`;
    this.sweep();
  }

  /** The form of a call; made from the newest copy there is, here or on the server. */
  form(call: string, server?: Draft): Signal<Form> {
    const known = this.forms.get(call);
    if (known) return known;
    const local = this.local(call);
    const fresh: Form = {
      reason: null, outcome: null, notes: "",
      rev: Math.max(local?.rev ?? 0, server?.rev ?? 0),
      dirty: false, saving: false, saved: null, problem: null,
    };
    if (local && (local.dirty || !server || local.rev > server.rev)) {
      Object.assign(fresh, content(local), { dirty: local.dirty });
    } else if (server) {
      Object.assign(fresh, content(server), { saved: server.saved });
    }
    const form = signal(fresh);
    this.forms.set(call, form);
    if (fresh.dirty) this.schedule(call);
    return form;
  }

  edit(call: string, change: Partial<Content>): void {
    const form = this.form(call);
    form.value = { ...form.value, ...change, dirty: true, problem: null };
    this.keep(call);
    this.schedule(call);
  }

  /** A field was left: save now rather than in two seconds. */
  leave(call: string): void {
    if (this.forms.get(call)?.value.dirty) void this.save(call);
  }

  /** A copy from elsewhere: taken unless something newer is being typed here. */
  adopt(draft: Draft): void {
    const form = this.forms.get(draft.call);
    if (!form || draft.rev <= form.value.rev) return;
    const taken = form.value.dirty ? {} : { ...content(draft), saved: draft.saved };
    form.value = { ...form.value, ...taken, rev: draft.rev };
    this.keep(draft.call);
  }

  /** The wrap-up is done; no copy is needed any more. */
  forget(call: string): void {
    this.timers.get(call)?.();
    this.timers.delete(call);
    this.forms.delete(call);
    this.around.storage.remove(this.prefix + call);
  }

  /** The card left the screen: forget what the server has; keep what it has not. */
  closed(call: string): void {
    if (this.forms.get(call)?.value.dirty) return;
    this.forget(call);
  }

  /** Everything this user left in this browser, when signing out on a shared machine. */
  forgetSaved(): void {
    for (const [call, form] of this.forms) if (!form.value.dirty) this.forget(call);
  }

  private schedule(call: string): void {
    if (this.timers.has(call)) return;
    this.timers.set(call, this.around.after(SAVE_EVERY, () => void this.save(call)));
  }

  private async save(call: string): Promise<void> {
    this.timers.get(call)?.();
    this.timers.delete(call);
    const form = this.forms.get(call);
    if (!form || !form.value.dirty) return;
    if (form.value.saving) return this.schedule(call);
    const rev = form.value.rev + 1;
    const sent = content(form.value);
    form.value = { ...form.value, rev, saving: true };
    this.keep(call);
    const reply = await this.around.send({
      call,
      rev,
      notes: sent.notes,
      ...(sent.reason === null ? {} : { reason: sent.reason }),
      ...(sent.outcome === null ? {} : { outcome: sent.outcome }),
    });
    if (this.forms.get(call) !== form) return; // finished meanwhile
    if (reply.ok) this.confirmed(call, form, sent, reply.d as Draft);
    else this.refused(call, form, problemCode(reply.error));
  }

  private confirmed(call: string, form: Signal<Form>, sent: Content, stored: Draft): void {
    const now = form.value;
    const ours = same(sent, stored);
    const typedSince = !same(sent, now);
    if (ours) {
      form.value = {
        ...now, saving: false, dirty: typedSince, saved: stored.saved,
        rev: Math.max(now.rev, stored.rev), problem: null,
      };
    } else {
      // Another session stored something newer under our revision; what was typed here last is
      // what the agent means, so it goes out again above it.
      form.value = { ...now, saving: false, dirty: true, rev: Math.max(now.rev, stored.rev) };
    }
    this.keep(call);
    if (form.value.dirty) this.schedule(call);
  }

  private refused(call: string, form: Signal<Form>, code: string): void {
    form.value = { ...form.value, saving: false, problem: code };
    if (FORGET_AFTER_REFUSAL.has(code)) return; // trying again cannot help; the local copy stays
    this.schedule(call);
  }

  private local(call: string): Kept | null {
    const text = this.around.storage.read(this.prefix + call);
    if (text === null) return null;
    try {
      return JSON.parse(text) as Kept;
    } catch {
      this.around.storage.remove(this.prefix + call); // cut off by a crash: worth nothing
      return null;
    }
  }

  private keep(call: string): void {
    const { reason, outcome, notes, rev, dirty } = this.forms.get(call)!.value;
    const kept: Kept = { reason, outcome, notes, rev, dirty, typed: this.around.now() };
    this.around.storage.write(this.prefix + call, JSON.stringify(kept));
  }

  private sweep(): void {
    for (const key of this.around.storage.keys()) {
      if (!key.startsWith(this.prefix)) continue;
      const kept = this.local(key.slice(this.prefix.length));
      if (kept && this.around.now() - kept.typed > KEEP_LOCAL) this.around.storage.remove(key);
    }
  }
}

function content(from: Content): Content {
  return { reason: from.reason, outcome: from.outcome, notes: from.notes };
}

function same(a: Content, b: Content): boolean {
  return a.reason === b.reason && a.outcome === b.outcome && a.notes === b.notes;
}
