// Clocks of other places: what a clock on a wall there says, and the instant it says it. Pure.
import { clockTime, day } from "./format";

const WALL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/;

/** Minutes that the clock of a zone is ahead of UTC at an instant (seconds). */
function ahead(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  }).formatToParts(at * 1000);
  const n = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const shown = Date.UTC(n("year"), n("month") - 1, n("day"), n("hour"), n("minute"));
  return Math.round((shown - Math.floor(at / 60) * 60_000) / 60_000);
}

/** The instant (seconds) at which clocks of the zone show `2026-01-31T14:30`; nothing when that is
 *  no time, or one that the clocks leave out. Of a time that comes twice it is the first. */
export function instantOf(wall: string, zone: string): number | null {
  const found = WALL.exec(wall);
  if (!found) return null;
  const [y, mo, d, h, mi] = found.slice(1).map(Number) as [number, number, number, number, number];
  const naive = Date.UTC(y, mo - 1, d, h, mi) / 1000;
  if (wallOf(naive, "UTC") !== wall) return null; // such as 31 February
  const tries = [...new Set([naive - 86_400, naive + 86_400].map((at) => ahead(zone, at)))]
    .map((minutes) => naive - minutes * 60)
    .filter((at) => wallOf(at, zone) === wall);
  return tries.length === 0 ? null : Math.min(...tries);
}

/** What clocks of the zone show, as `2026-01-31T14:30`. */
export function wallOf(at: number, zone: string): string {
  return new Date((at + ahead(zone, at) * 60) * 1000).toISOString().slice(0, 16);
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Whether clocks there and here show the same at that instant. */
export function sameClock(a: string, b: string, at: number): boolean {
  return a === b || !isZone(a) || wallOf(at, a) === wallOf(at, b);
}

/** 14:30–14:45, with the day where it is not that of `now`. */
export function windowText(
  lang: string, opens: number, closes: number, zone: string, now: number,
): string {
  const known = isZone(zone) ? zone : "UTC";
  const from = clockTime(lang, opens, known);
  const to = clockTime(lang, closes, known);
  const same = wallOf(opens, known).slice(0, 10) === wallOf(closes, known).slice(0, 10);
  const end = same ? to : `${day(lang, closes, known)} ${to}`;
  const today = wallOf(opens, known).slice(0, 10) === wallOf(now, known).slice(0, 10);
  return `${today ? "" : `${day(lang, opens, known)} `}${from}–${end}`;
}
