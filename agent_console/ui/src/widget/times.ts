// Times of slots as a person reads them: in their zone, in their language.
export interface Slot {
  /** As the engine wrote it, ISO 8601: goes back to it unchanged. */
  opens: string;
  closes: string;
}
export type Day = [label: string, times: [label: string, opens: string][]];

export function isZone(zone: string): boolean {
  try {
    return !!new Intl.DateTimeFormat("en", { timeZone: zone }) && !!zone;
  } catch {
    return false;
  }
}

export interface Clock {
  zone: string;
  /** Slots by the calendar day of this zone, in order. A clock time that occurs twice in a day, as
   * when summer time ends, is told apart by the zone's abbreviation. */
  days(slots: Slot[]): Day[];
  time(at: string): string;
  window(slot: Slot): string;
  /** Such as "Central European Time (Europe/Berlin)". */
  name(): string;
}

export function clock(locale: string, zone: string): Clock {
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
  const time = (at: string): string => format({ timeStyle: "short" }).format(new Date(at));
  return {
    zone,
    time,
    days(slots) {
      const day = format({ weekday: "short", month: "short", day: "numeric" });
      const twice = format({ hour: "numeric", minute: "2-digit", timeZoneName: "short" });
      const found = new Map<string, string[]>();
      for (const { opens } of [...slots].sort((a, b) => Date.parse(a.opens) - Date.parse(b.opens))) {
        const label = day.format(new Date(opens));
        found.set(label, [...(found.get(label) ?? []), opens]);
      }
      return [...found].map(([label, all]) => {
        const times = all.map((opens) => time(opens));
        return [label, all.map((opens, n) => [
          times.filter((other) => other === times[n]).length > 1
            ? twice.format(new Date(opens)) : times[n]!,
          opens,
        ])];
      });
    },
    window: ({ opens, closes }) => format({ dateStyle: "full", timeStyle: "short" })
      .formatRange(new Date(opens), new Date(closes)),
    name() {
      const parts = format({ timeZoneName: "longGeneric" }).formatToParts(0);
      const long = parts.find(({ type }) => type === "timeZoneName")!.value;
      return `${long} (${zone.replaceAll("_", " ")})`;
    },
  };
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** An estimate in seconds as whole minutes, never less than one: [likely, at most]. */
export function minutes(p50: number, p90: number): [number, number] {
  const low = Math.max(1, Math.round(p50 / 60));
  return [low, Math.max(low, Math.ceil(p90 / 60))];
}
