// The unfinished form, kept for this tab alone until it is booked.
export interface Typed {
  reason: string;
  words: string;
  number: string;
  region: string;
  name: string;
  zone: string;
  when: string;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Draft {
  /** What was typed before; of what is damaged, what can be read. */
  read(): Partial<Typed>;
  write(typed: Typed): void;
  clear(): void;
}

/** ``store`` ``null``: the browser gives pages none, and nothing is kept. */
export function draftIn(store: Store | null, key: string): Draft {
  const clear = (): void => store?.removeItem(key);
  return {
    clear,
    read() {
      try {
        return Object.fromEntries(Object.entries(JSON.parse(store?.getItem(key) ?? "{}") ?? {})
          .filter(([, value]) => typeof value === "string"));
      } catch {
        clear();
        return {};
      }
    },
    write(typed) {
      try {
        store?.setItem(key, JSON.stringify(typed));
      } catch {
        clear(); // the browser has no room: half a form is worth less than none
      }
    },
  };
}

/** The tab's own; ``null``: the browser does not give any to pages. */
export function tabStore(): Store | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
