// Finding one reason among hundreds while typing: in all languages' names, in codes, and by the head
// they belong to. Pure.
import type { Choice } from "./protocol";

export interface Entry {
  code: string;
  head: string | null;
  /** Names in all languages, then the code; folded. */
  own: readonly string[];
  /** The head's names and code; folded. */
  above: readonly string[];
  place: number;
}

export interface Group { head: string | null; codes: readonly string[] }

const NOWHERE = 9;

/** Without case, accents, full width or punctuation of codes, so that they do not matter. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase()
    .replace(/[\s_./·-]+/g, " ").trim();
}

function names(choice: Choice): string[] {
  return [...Object.values(choice.labels), choice.code].map(fold);
}

/** Made once per pack: searching then only compares. Reasons keep the order of their heads. */
export function entriesOf(reasons: readonly Choice[], heads: readonly Choice[]): Entry[] {
  const above = new Map(heads.map((head) => [head.code, names(head)]));
  const rank = new Map(heads.map(({ code }, at) => [code, at]));
  const headPlace = (head: string | undefined): number => rank.get(head ?? "") ?? heads.length;
  return reasons
    .map((choice, at) => ({ choice, at }))
    .sort((a, b) => headPlace(a.choice.head) - headPlace(b.choice.head) || a.at - b.at)
    .map(({ choice }, place) => ({
      code: choice.code,
      head: choice.head ?? null,
      own: names(choice),
      above: above.get(choice.head ?? "") ?? [],
      place,
    }));
}

/** How well an entry fits: 0 is best; `NOWHERE`: not at all. Every word must be found somewhere. */
function fit(entry: Entry, wanted: string, parts: readonly string[]): number {
  const { own, above } = entry;
  if (own.includes(wanted)) return 0;
  if (own.some((name) => name.startsWith(wanted))) return 1;
  if (own.some((name) => name.includes(` ${wanted}`))) return 2;
  if (own.some((name) => name.includes(wanted))) return 3;
  const everywhere = [...own, ...above];
  if (!parts.every((part) => everywhere.some((name) => name.includes(part)))) return NOWHERE;
  return parts.some((part) => own.some((name) => name.includes(part))) ? 4 : 5;
}

/** What fits, grouped by head: the group with the best fit first, in it the best first. */
export function search(entries: readonly Entry[], query: string): Group[] {
  const wanted = fold(query);
  const parts = wanted.split(" ");
  const found = entries
    .map((entry) => ({ entry, fit: wanted === "" ? 0 : fit(entry, wanted, parts) }))
    .filter((one) => one.fit < NOWHERE);
  const best = new Map<string | null, number>();
  for (const { entry, fit: own } of found) {
    best.set(entry.head, Math.min(own, best.get(entry.head) ?? NOWHERE));
  }
  const order = [...best.keys()];
  found.sort((a, b) => best.get(a.entry.head)! - best.get(b.entry.head)!
    || order.indexOf(a.entry.head) - order.indexOf(b.entry.head)
    || a.fit - b.fit || a.entry.place - b.entry.place);
  const groups: { head: string | null; codes: string[] }[] = [];
  for (const { entry } of found) {
    const last = groups.at(-1);
    if (last && last.head === entry.head) last.codes.push(entry.code);
    else groups.push({ head: entry.head, codes: [entry.code] });
  }
  return groups;
}
