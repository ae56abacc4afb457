// Numbers, money, times and lengths of time as the user's language writes them. Pure apart from
// the language and the centre's time zone, which are handed in.
import type { Fact } from "./protocol";

const formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function number(lang: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n ${lang} ${JSON.stringify(options)}`;
  let made = formatters.get(key);
  if (!made) formatters.set(key, (made = new Intl.NumberFormat(lang, options)));
  return made as Intl.NumberFormat;
}

function date(lang: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d ${lang} ${JSON.stringify(options)}`;
  let made = formatters.get(key);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat(lang, options);
    } catch {
      // A time zone this browser does not know: its own is the honest fallback.
      made = new Intl.DateTimeFormat(lang, { ...options, timeZone: undefined });
    }
    formatters.set(key, made);
  }
  return made as Intl.DateTimeFormat;
}

export function count(lang: string, value: number): string {
  return number(lang, { maximumFractionDigits: 0 }).format(value);
}

export function percent(lang: string, share: number): string {
  return number(lang, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Minor units and an ISO 4217 code. */
export function money(lang: string, minor: number, currency: string): string {
  try {
    const format = number(lang, { style: "currency", currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(minor / 10 ** digits);
  } catch {
    return `${count(lang, minor)} ${currency}`; // not a currency code: shown as it came
  }
}

export function clockTime(lang: string, at: number, zone: string, seconds = false): string {
  return date(lang, {
    hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined,
    hourCycle: "h23", timeZone: zone,
  }).format(at * 1000);
}

export function day(lang: string, at: number, zone: string): string {
  return date(lang, { dateStyle: "medium", timeZone: zone }).format(at * 1000);
}

export function dayAndTime(lang: string, at: number, zone: string): string {
  return `${day(lang, at, zone)} ${clockTime(lang, at, zone)}`;
}

/** An ISO 8601 calendar date. It has no zone, so none may shift it. */
export function calendarDate(lang: string, iso: string): string {
  const at = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(at) ? iso : day(lang, at / 1000, "UTC");
}

/** A running timer: 0:07, 12:34, 1:02:03. The same in every language. */
export function timer(seconds: number): string {
  const all = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const UNITS: readonly [Intl.NumberFormatOptions["unit"], number][] = [
  ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1],
];

/** A length of time in its two largest units: 3 min 5 s, 2 days 4 hr. */
export function duration(lang: string, seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const n = Math.floor(rest / size);
    rest %= size;
    if (n === 0 && !(size === 1 && parts.length === 0)) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(number(lang, { style: "unit", unit, unitDisplay: "short" }).format(n));
    if (parts.length === 2) break;
  }
  return parts.join(lang.startsWith("zh") ? "" : " ");
}

/** A length of time in its largest unit, written out: 3 days, 20 minutes. */
export function span(lang: string, seconds: number): string {
  const whole = Math.max(0, seconds);
  const [unit, size] = UNITS.find(([, one]) => whole >= one) ?? UNITS.at(-1)!;
  return number(lang, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 })
    .format(Math.floor(whole / size));
}

/** How long ago or ahead, in the largest unit that fits. Counted in minutes of the clock, so that a
 *  `now` cut to its minute does not put what has just happened into the future. */
export function relative(lang: string, at: number, now: number): string {
  const ahead = (Math.floor(at / 60) - Math.floor(now / 60)) * 60;
  const size = Math.abs(ahead);
  const format = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  if (size < 3600) return format.format(Math.round(ahead / 60), "minute");
  if (size < 86_400) return format.format(Math.round(ahead / 3600), "hour");
  if (size < 60 * 86_400) return format.format(Math.round(ahead / 86_400), "day");
  if (size < 730 * 86_400) return format.format(Math.round(ahead / (30 * 86_400)), "month");
  return format.format(Math.round(ahead / (365 * 86_400)), "year");
}

export interface FactWords {
  /** The word for a `code` value, or the value itself. */
  code(value: string): string;
  yes: string;
  no: string;
}

/** A fact's value as text. A value that does not fit its kind is shown as it came. */
export function factValue(
  lang: string, fact: Pick<Fact, "kind" | "value" | "unit">, zone: string, now: number,
  words: FactWords,
): string {
  const { kind, value, unit } = fact;
  if (kind === "code" && typeof value === "string") return words.code(value);
  if (kind === "flag") return value === true ? words.yes : value === false ? words.no : `${value}`;
  if (kind === "date" && typeof value === "string") return calendarDate(lang, value);
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  switch (kind) {
    case "count": return count(lang, value);
    case "money": return money(lang, value, unit ?? "");
    case "instant":
      return Math.abs(value - now) < 86_400
        ? `${relative(lang, value, now)} (${clockTime(lang, value, zone)})`
        : `${day(lang, value, zone)} (${relative(lang, value, now)})`;
    case "duration": return duration(lang, value);
    case "share": return percent(lang, value);
    default: return String(value);
  }
}
