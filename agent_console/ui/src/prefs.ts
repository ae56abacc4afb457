// What this person prefers in this browser: language, light or dark, sound, shortcuts, and the
// order of the supervisor's tables. Kept in localStorage; a browser that refuses storage forgets.
import { effect, signal, type Signal } from "@preact/signals";
import { language, LANGUAGES, nearest, type Language } from "./i18n";

export type Theme = "auto" | "light" | "dark";

export const safeStorage = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off in this browser
    }
  },
  write(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or switched off: preferences are lost with the tab; drafts still go to the server.
    }
  },
  remove(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // Switched off: there is nothing to remove.
    }
  },
  keys(): string[] {
    try {
      return Object.keys(localStorage);
    } catch {
      return []; // switched off
    }
  },
};

function kept<T extends string>(key: string, allowed: readonly T[], first: T): Signal<T> {
  const stored = safeStorage.read(key) as T | null;
  const value = signal<T>(stored !== null && allowed.includes(stored) ? stored : first);
  let before = value.peek();
  effect(() => {
    if (value.value !== before) safeStorage.write(key, (before = value.value));
  });
  return value;
}

export const theme = kept<Theme>("cc.theme", ["auto", "light", "dark"], "auto");
export const sound = kept<"on" | "off">("cc.sound", ["on", "off"], "on");
export const shortcuts = kept<"on" | "off">("cc.shortcuts", ["on", "off"], "on");
export const answerIn = kept<"mine" | "customer">("cc.answers", ["mine", "customer"], "mine");

/** The user's own choice, else the one of their account, else the browser's, else English. */
export function chooseLanguage(account?: string | null): void {
  const own = safeStorage.read("cc.language") as Language | null;
  const browser = navigator.languages.map(nearest).find((found) => found !== null);
  language.value = own !== null && LANGUAGES.includes(own)
    ? own
    : nearest(account) ?? browser ?? "en";
}

export function setLanguage(chosen: Language): void {
  safeStorage.write("cc.language", chosen);
  language.value = chosen;
}

export function applyToDocument(): void {
  effect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dataset.theme = theme.value;
  });
}
