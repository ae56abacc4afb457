// The step in which the time is chosen: now, or a day and a time in the customer's own zone. By
// another clock other times may be lawful: whoever shows this is told (``moved``).
import { h } from "./dom";
import { button, field, group, radio } from "./fields";
import type { Field } from "./fields";
import { clock, isZone, minutes } from "./times";
import type { Clock, Day, Slot } from "./times";
import type { Offer } from "./wire";
import type { Say } from "./words";

export interface When extends Field {
  /** IANA. */
  zone(): string;
  /** ``now``, a slot as the engine wrote it, or nothing yet. */
  value(): string;
  /** Other slots: the one that was chosen stays so if it is still among them. */
  offer(slots: Slot[]): void;
}

function waitText(say: Say, local: Clock, { p50, p90, closes }: NonNullable<Offer["now"]>): string {
  if (p90 == null) return say("by", local.time(closes));
  const [low, high] = minutes(p50 ?? p90, p90);
  return say("about", low === high ? low : `${low}–${high}`);
}

export function when(
  say: Say, locale: string, now: Offer["now"], zone: string, chosen: string, moved: () => void,
): When {
  let local = clock(locale, zone);
  let slots: Slot[] = [];
  let days: Day[] = [];
  const modes = group(say("when"), "modes");
  const day = group(say("day"), "days");
  const time = group(say("time"), "times");
  const none = h("p", {}, say("none"));
  const zoneText = h("p", { class: "hint", "aria-live": "polite" });
  const names = h("datalist", { id: "zones" });
  const other = h("input", { list: "zones", autocomplete: "off", spellcheck: "false" });
  const otherField = field(say("zone"), other);
  otherField.row.append(names);
  otherField.row.hidden = none.hidden = day.row.hidden = time.row.hidden = true;

  const later = (): boolean => !now || modes.value() === "later";
  const isChosen = (opens: string): boolean => Date.parse(opens) === Date.parse(chosen);
  const fault = (message: string): void => {
    modes.fault(later() ? "" : message);
    time.fault(later() ? message : "");
  };
  const fill = (): void =>
    time.list.replaceChildren(...(days[+day.value()]?.[1] ?? []).map(([label, opens]) =>
      radio("time", opens, isChosen(opens), label)));
  const arrange = (): void => {
    days = local.days(slots);
    zoneText.textContent = say("zoneIs", local.name());
    none.hidden = !!days.length;
    day.row.hidden = time.row.hidden = !days.length;
    let at = days.findIndex(([, times]) => times.some(([, opens]) => isChosen(opens)));
    if (at < 0) at = +day.value() % days.length;
    day.list.replaceChildren(...days.map(([label], n) => radio("day", `${n}`, n === at, label)));
    fill();
  };
  const show = (): void => {
    slotRow.hidden = !later();
    fault("");
  };

  const change = button(`${say("zone")}…`, () => {
    otherField.row.hidden = !otherField.row.hidden;
    change.setAttribute("aria-expanded", `${!otherField.row.hidden}`);
    if (!names.firstChild)
      names.append(...Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })));
    otherField.focus();
  }, "link");
  change.setAttribute("aria-expanded", "false");
  other.addEventListener("change", () => {
    const wish = other.value.trim();
    otherField.fault(isZone(wish) ? "" : say("pick"));
    if (!isZone(wish)) return;
    local = clock(locale, wish);
    arrange();
    moved();
  });

  const slotRow = h("div", {}, none, day.row, time.row, h("div", { class: "zone" }, zoneText, change),
    otherField.row);
  const far = isChosen(chosen); // a time, and not "now"
  if (now)
    modes.list.append(
      radio("mode", "now", !far, say("now"), waitText(say, local, now)),
      radio("mode", "later", far, say("later")),
    );
  modes.row.addEventListener("change", show);
  day.row.addEventListener("change", fill);
  time.row.addEventListener("change", () => {
    chosen = time.value();
    fault("");
  });
  show();
  return {
    row: h("div", {}, now && modes.row, slotRow),
    fault,
    focus: () => (later() && days.length ? time : modes).focus(),
    zone: () => local.zone,
    value: () => (later() ? time.value() : "now"),
    offer(fresh) {
      slots = fresh;
      arrange();
    },
  };
}
