// Keyboard shortcuts: Ctrl+Shift and a letter or digit, so that they work inside text fields and
// never fire while an input method composes; `?` lists them. All can be turned off.
import { effect, signal } from "@preact/signals";
import type { Key } from "./i18n";
import { shortcuts } from "./prefs";

export type Shortcut =
  | "state" | "caller" | "notes" | "finish" | "language" | "phone"
  | "used" | "wrong" | "missing" | "snooze" | "callback"
  | "accept" | "refuse" | "hold" | "mute" | "transfer" | "keypad" | "hang_up" | "ask";

export const SHORTCUTS: Readonly<Record<Shortcut, { letter: string; what: Key }>> = {
  state: { letter: "s", what: "keys.state" },
  caller: { letter: "g", what: "keys.caller" },
  notes: { letter: "e", what: "keys.notes" },
  finish: { letter: "f", what: "keys.finish" },
  language: { letter: "l", what: "keys.language" },
  phone: { letter: "p", what: "keys.phone" },
  accept: { letter: "a", what: "keys.accept" },
  refuse: { letter: "r", what: "keys.refuse" },
  hold: { letter: "h", what: "keys.hold" },
  mute: { letter: "m", what: "keys.mute" },
  transfer: { letter: "x", what: "keys.transfer" },
  keypad: { letter: "k", what: "keys.keypad" },
  hang_up: { letter: "d", what: "keys.hang_up" },
  ask: { letter: "y", what: "keys.ask" },
  used: { letter: "u", what: "keys.used" },
  wrong: { letter: "b", what: "keys.wrong" },
  missing: { letter: "o", what: "keys.missing" },
  snooze: { letter: "z", what: "keys.snooze" },
  callback: { letter: "c", what: "keys.callback" },
};

export const helpOpen = signal(false);

const actions = new Map<string, () => void>();

/** Registers what a shortcut does while a view is there; returns how to take it back. */
export function onShortcut(name: Shortcut | `reason.${number}`, run: () => void): () => void {
  actions.set(name, run);
  return () => {
    if (actions.get(name) === run) actions.delete(name);
  };
}

export function chordFor(event: Pick<KeyboardEvent, "key" | "code">): string | null {
  const digit = /^Digit([1-9])$/.exec(event.code);
  if (digit) return `reason.${digit[1]}`;
  const letter = /^[a-z]$/i.test(event.key)
    ? event.key.toLowerCase()
    : /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
  const found = Object.entries(SHORTCUTS).find(([, chord]) => chord.letter === letter);
  return found?.[0] ?? null;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function pressed(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.altKey || event.metaKey) {
    return;
  }
  if (event.key === "?" && !event.ctrlKey && !typing(event.target)) {
    event.preventDefault();
    helpOpen.value = true;
    return;
  }
  if (!event.ctrlKey || !event.shiftKey) return;
  const run = actions.get(chordFor(event) ?? "");
  if (!run) return;
  event.preventDefault();
  run();
}

export function listen(): void {
  effect(() => {
    if (shortcuts.value !== "on") return;
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}
