// The facts behind a prediction in words: "Order A-1 is 3 days late". Pure apart from the language,
// which the catalogue follows. Codes come from the engine and from the pack; one that nobody has
// words for is shown as it is. Details are data of customers: text, never anything else.
import { calendarDate, clockTime, count, day, money, percent, relative, span } from "./format";
import { knows, label, say, word } from "./i18n";
import type { Cause, Choice, Settings } from "./protocol";

type Names = Pick<Settings, "reasons" | "heads" | "happenings" | "pages" | "conditions">;

const MOST = 80;
const DAY = 86_400;

/** Families of codes that the pack names: `happening.card_declined`. */
const FAMILIES: Readonly<Record<string, "happenings" | "pages" | "conditions">> = {
  happening: "happenings", page: "pages", condition: "conditions",
};

/** A code without words, so that a person can read it at least. */
function plainly(code: string): string {
  return code.replace(/[_-]+/g, " ");
}

function named(choices: readonly Choice[], code: string): string {
  const found = label(choices, code);
  return found === code ? plainly(code) : found;
}

/** A reason, or a head of reasons, by its name. */
export function reasonName(names: Pick<Names, "reasons" | "heads">, code: string): string {
  const known = names.reasons.some((choice) => choice.code === code);
  return named(known ? names.reasons : names.heads, code);
}

/** Text of strangers on one line and no longer than a line holds. */
export function cut(text: string, most = MOST): string {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length <= most ? line : `${letters.slice(0, most - 1).join("")}…`;
}

/** The cause as a sentence in the user's language. `now` in seconds since the epoch. */
export function causeWords(
  cause: Cause, names: Names, lang: string, now: number, zone: string,
): string {
  const [family, rest] = halves(cause.code);
  const which = FAMILIES[family];
  const inFamily = which !== undefined || family === "words";
  const code = inFamily && !knows("cause", cause.code) ? family : cause.code;
  const [groupFamily, groupRest] = halves(cause.group);
  const values: Record<string, string> = { ...times(cause, lang, now, zone) };
  if (which) values.kind = named(names[which], rest);
  else if (family === "words") values.kind = word("words_from", rest);
  else if (FAMILIES[groupFamily]) values.kind = named(names[FAMILIES[groupFamily]!], groupRest);
  const value = valueWords(cause, names, lang, zone);
  if (value !== null) values.value = value;
  if (cause.detail) values.detail = cut(cause.detail);
  for (const key of cause.detail ? [`${code}.detail`, code] : [code]) {
    if (!knows("cause", key)) continue;
    const text = say("cause", key, values);
    if (!/\{\w+\}/.test(say("cause", key, blanks(values)))) return text;
  }
  return [values.kind ?? plainly(cause.code), values.value, values.detail]
    .filter((part) => part !== undefined).join(" · ");
}

/** Whether all places of a sentence are filled is asked with values that hold no braces. */
function blanks(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((key) => [key, ""]));
}

function halves(code: string): [string, string] {
  const dot = code.indexOf(".");
  return dot < 0 ? [code, ""] : [code.slice(0, dot), code.slice(dot + 1)];
}

/** `span`: how long it has been so; `ago`: when it was, or will be. */
function times(cause: Cause, lang: string, now: number, zone: string): Record<string, string> {
  const { kind, value } = cause;
  if (typeof value !== "number" || !Number.isFinite(value)) return {};
  if (kind !== "instant" && kind !== "duration") return {};
  const at = kind === "instant" ? value : now - value;
  return {
    span: span(lang, Math.abs(now - at)),
    ago: relative(lang, at, now),
    since: Math.abs(now - at) < DAY ? clockTime(lang, at, zone) : day(lang, at, zone),
  };
}

function valueWords(cause: Cause, names: Names, lang: string, zone: string): string | null {
  const { kind, value } = cause;
  if (value === null || kind === "flag") return null;
  if (typeof value === "number" && Number.isFinite(value)) {
    switch (kind) {
      case "count": return count(lang, value);
      case "share": return percent(lang, value);
      case "duration": return span(lang, value);
      case "instant": return `${day(lang, value, zone)} ${clockTime(lang, value, zone)}`;
      case "money": return money(lang, value, "");
      default: return count(lang, value);
    }
  }
  if (typeof value !== "string") return String(value);
  if (kind === "date") return calendarDate(lang, value);
  if (kind !== "code") return cut(value);
  const [family, rest] = halves(value);
  return family === "reason" && rest ? reasonName(names, rest) : reasonName(names, value);
}
