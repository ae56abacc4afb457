// Something that is asked for again and again while it is looked at. What was found last stays when
// a question fails; a question that takes more than a second says so.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connected } from "./app";
import { troubleOf } from "./callbacks";

const SLOW = 1000;

export interface Polled<T> {
  found: T | null;
  /** Why the last question failed. */
  failed: string | null;
  slow: boolean;
  again(): void;
}

export function usePoll<T>(ask: () => Promise<T>, every: number): Polled<T> {
  const found = useSignal<T | null>(null);
  const failed = useSignal<string | null>(null);
  const slow = useSignal(false);
  const look = useRef<(() => Promise<void>) | null>(null);
  const online = connected.value;
  useEffect(() => {
    if (!online) return;
    let gone = false;
    let latest = 0;
    let pending = false;
    look.current = async () => {
      const mine = ++latest;
      const counts = (): boolean => !gone && mine === latest;
      pending = true;
      const late = setTimeout(() => {
        if (counts()) slow.value = true;
      }, SLOW);
      try {
        const now = await ask();
        if (counts()) [found.value, failed.value] = [now, null];
      } catch (error) {
        if (counts()) failed.value = troubleOf(error).text;
      } finally {
        clearTimeout(late);
        if (counts()) {
          slow.value = false;
          pending = false;
        }
      }
    };
    const seen = (): void => {
      if (document.visibilityState === "visible") void look.current?.();
    };
    void look.current();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && !pending) void look.current?.();
    }, every);
    document.addEventListener("visibilitychange", seen);
    return () => {
      gone = true;
      look.current = null;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [online, every]);
  return {
    found: found.value, failed: failed.value, slow: slow.value,
    again: () => void look.current?.(),
  };
}
