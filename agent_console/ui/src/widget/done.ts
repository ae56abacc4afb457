// How it ends: what was booked, with the links to change it.
import { h, safe } from "./dom";
import type { Child } from "./dom";
import { clock } from "./times";
import type { Booked, Links, Wire } from "./wire";
import { localeOf } from "./words";
import type { Say, Word } from "./words";

/** In the place of the whole form; the heading is read out. */
export function ending(whole: HTMLElement, title: string, ...inside: Child[]): void {
  const heading = h("h3", { tabindex: -1, class: "done" }, title);
  whole.replaceChildren(heading, ...inside.filter((child): child is Node => child instanceof Node));
  heading.focus();
}

export const linksOf = (say: Say, { base }: Wire, links: Links): HTMLElement =>
  h("p", { class: "links" }, ...(["ics", "status", "move", "cancel"] as const).map((name) => {
    const href = safe(links[name] || ":", base);
    return href && h("a", { href, class: "link" }, say(name));
  }));

export function facts(say: Say, wire: Wire, booked: Booked): HTMLElement {
  const local = clock(localeOf(wire.language), booked.zone);
  const rows: [Word, string][] = [
    ["time", local.window(booked)], ["zone", local.name()], ["number", booked.number],
    ["ref", booked.ref],
  ];
  return h("dl", {}, ...rows.flatMap(([word, text]) => [h("dt", {}, say(word)), h("dd", {}, text)]));
}
