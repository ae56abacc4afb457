// The proof of work as the visitor meets it: a bar, and a way out by waiting.
import { h } from "./dom";
import { button } from "./fields";
import { solve } from "./work";
import type { Challenge, Solution } from "./work";
import type { Say } from "./words";

export interface Labour {
  /** Shown only while the visitor has to wait for it. */
  element: HTMLElement;
  /** What to send as ``work``. */
  answer: Promise<Solution>;
}

/** Begins at once. ``wait``: seconds after which the form may be sent without it; 0: never. */
export function labour(say: Say, challenge: Challenge, wait: number): Labour {
  const bar = h("progress", { max: 1, value: 0, "aria-label": say("work") });
  const text = h("p", { "aria-live": "polite" }, say("work"));
  const element = h("div", { class: "labour" }, text, bar);
  const stop = new AbortController();
  const answer = new Promise<Solution>((resolve) => {
    const waited = async (): Promise<void> => {
      stop.abort();
      out.hidden = true;
      for (let left = wait; left > 0; left -= 1) {
        text.setAttribute("aria-live", left % 10 ? "off" : "polite"); // not read out every second
        text.textContent = say("countdown", left);
        bar.value = 1 - left / wait;
        await new Promise((go) => setTimeout(go, 1000));
      }
      resolve({ salt: challenge.salt, counter: null });
    };
    const out = button(say("wayOut", wait), waited, "link");
    out.hidden = !wait;
    solve(challenge, (share) => (bar.value = share), stop.signal)
      .catch(() => null) // this browser cannot: it waits
      .then((found) => (found ? resolve(found) : stop.signal.aborted || waited()));
    element.append(out);
  });
  return { element, answer };
}
