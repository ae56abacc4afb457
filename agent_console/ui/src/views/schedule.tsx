// Promising the customer another call: a window of the queue, or any time for oneself. Opened when
// it is wanted; what was typed stays until it is booked.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { agent, drafts, settings, user } from "../app";
import { type Callback, schedule, type Slot, slots, type Trouble, troubleOf } from "../callbacks";
import { serverNow } from "../clock";
import { clockTime, day } from "../format";
import { locale, t } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import type { Card } from "../protocol";
import { instantOf, isZone, sameClock, wallOf, windowText } from "../zones";
import { Keys, Segments } from "./bits";
import { Icon } from "./icon";

const WORDS_MOST = 2000;
const SLOW = 1000;
/** Seconds from now that one's own callback is proposed for, and what it is rounded to. */
const AHEAD = 3600;
const ROUND = 900;

export function Schedule({ card }: { card: Card }) {
  const open = useSignal(false);
  const root = useRef<HTMLDetailsElement>(null);
  useLayoutEffect(() => onShortcut("callback", () => {
    open.value = true;
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>(":is(input, select):not([type=radio])")?.focus());
  }), []);
  return (
    <section class="panel panel-schedule" aria-label={t("schedule.title")}>
      <details
        ref={root} open={open.value}
        onToggle={(event) => (open.value = event.currentTarget.open)}
      >
        <summary>
          <Icon name="outbound" /> <span>{t("schedule.title")}</span>
          <Keys letter={SHORTCUTS.callback.letter} />
        </summary>
        {open.value && <Form card={card} />}
      </details>
    </section>
  );
}

function Form({ card }: { card: Card }) {
  const here = settings.value.time_zone;
  const before = card.callback;
  const choices = useSignal<readonly Slot[] | null>(null);
  const trouble = useSignal<Trouble | null>(null);
  const made = useSignal<Callback | null>(null);
  const busy = useSignal(false);
  const slow = useSignal(false);
  const whose = useSignal<"any" | "mine">("any");
  const slot = useSignal("now");
  const wall = useSignal(wallOf(Math.ceil((serverNow() + AHEAD) / ROUND) * ROUND, here));
  const zone = useSignal(before && isZone(before.zone) ? before.zone : here);
  const number = useSignal(card.number ?? "");
  const words = useSignal("");
  const form = useRef<HTMLFormElement>(null);
  const queue = card.queue ?? agent.value?.queue ?? null;
  useEffect(() => {
    if (queue === null) return;
    let gone = false;
    slots(queue).then(
      (found) => !gone && (choices.value = found),
      (error: unknown) => {
        if (gone) return;
        choices.value = [];
        trouble.value = troubleOf(error);
      },
    );
    return () => {
      gone = true;
    };
  }, [queue]);

  const mine = whose.value === "mine";
  const opens = mine ? instantOf(wall.value, here) : slot.value === "now" ? null : Number(slot.value);
  const wrong = (field: string): boolean => trouble.value?.field === field;
  const refuse = (field: string, text: string): void => {
    trouble.value = { field, text };
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[name=${field}]`)?.focus());
  };

  async function submit(): Promise<void> {
    if (busy.value) return;
    trouble.value = null;
    if (!number.value.trim()) return refuse("number", t("schedule.no_number"));
    if (!isZone(zone.value)) return refuse("zone", t("schedule.no_zone"));
    if (mine && opens === null) return refuse("when", t("schedule.no_time"));
    busy.value = true;
    const late = setTimeout(() => (slow.value = true), SLOW);
    const { reason } = drafts.value!.form(card.call).peek();
    const name = card.profile?.name ?? card.caller_name;
    try {
      made.value = await schedule({
        call: card.call, number: number.value.trim(), zone: zone.value, words: words.value.trim(),
        when: opens === null ? "now" : new Date(opens * 1000).toISOString(), mine,
        ...(queue !== null ? { queue } : {}), ...(name ? { name } : {}),
        ...(card.profile && card.identity === "known" ? { person: card.profile.person } : {}),
        ...(reason !== null ? { reason } : {}),
      });
    } catch (error) {
      const { field, text } = troubleOf(error);
      refuse(field ?? "", text);
    } finally {
      clearTimeout(late);
      [busy.value, slow.value] = [false, false];
    }
  }

  if (made.value !== null) return <Made made={made.value} zone={zone.value} />;
  return (
    <form
      ref={form} class="schedule" noValidate onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Segments
        name="schedule-whose" legend={t("schedule.whose")} value={whose.value}
        options={[
          { value: "any", text: t("schedule.any") },
          { value: "mine", text: t("schedule.mine", { name: user.value?.name ?? "" }) },
        ]}
        choose={(value) => {
          [whose.value, trouble.value] = [value, null];
        }}
      />
      <label class="field">
        <span>{t(mine ? "schedule.when_mine" : "schedule.when")}</span>
        {mine ? (
          <input
            type="datetime-local" name="when" value={wall.value} aria-invalid={wrong("when")}
            min={wallOf(serverNow(), here)} onInput={(event) => (wall.value = event.currentTarget.value)}
          />
        ) : (
          <select
            name="when" value={slot.value} aria-invalid={wrong("when")}
            aria-busy={choices.value === null}
            onChange={(event) => (slot.value = event.currentTarget.value)}
          >
            <option value="now">{t("schedule.now")}</option>
            <FreeTimes slots={choices.value ?? []} zone={here} />
          </select>
        )}
      </label>
      <p class="quiet popup-hint">
        {!mine && choices.value === null && queue !== null ? t("schedule.loading")
          : !mine && choices.value?.length === 0 ? t("schedule.none")
            : opens !== null && isZone(zone.value) && !sameClock(zone.value, here, opens)
              ? t("schedule.theirs", { time: `${day(locale.value, opens, zone.value)} ${clockTime(locale.value, opens, zone.value)}` })
              : mine ? t("schedule.mine_note") : " "}
      </p>
      <label class="field">
        <span>{t("schedule.number")}</span>
        <input
          type="tel" name="number" maxLength={64} autocomplete="off" value={number.value}
          aria-invalid={wrong("number")} onInput={(event) => (number.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t("schedule.zone")}</span>
        <input
          name="zone" list="schedule-zones" maxLength={64} autocomplete="off" value={zone.value}
          aria-invalid={wrong("zone")} onInput={(event) => (zone.value = event.currentTarget.value.trim())}
        />
        <datalist id="schedule-zones">
          {Intl.supportedValuesOf("timeZone").map((name) => <option key={name} value={name} />)}
        </datalist>
      </label>
      <label class="field">
        <span>{t("schedule.words")}</span>
        <textarea
          name="words" rows={2} maxLength={WORDS_MOST} value={words.value}
          onInput={(event) => (words.value = event.currentTarget.value)}
        />
      </label>
      <p class="form-problem" role="alert">
        {trouble.value !== null && <><Icon name="bad" /> <span>{trouble.value.text}</span></>}
      </p>
      <button type="submit" class="button wide" aria-disabled={busy.value} aria-busy={busy.value}>
        {t(busy.value ? "schedule.busy" : "schedule.submit")}
        {slow.value && <progress aria-label={t("schedule.busy")} />}
      </button>
    </form>
  );
}

function Made({ made, zone }: { made: Callback; zone: string }) {
  const here = settings.value.time_zone;
  const window = windowText(locale.value, made.opens, made.closes, here, serverNow());
  const shown = useRef<HTMLParagraphElement>(null);
  useEffect(() => shown.current?.focus(), []);
  return (
    <p class="schedule-made" role="status" tabIndex={-1} ref={shown}>
      <Icon name="good" size={20} />
      <span>
        <strong>{t("schedule.made", { ref: made.id })}</strong>{" "}
        {t(made.agent === null ? "schedule.made_any" : "schedule.made_mine", { window })}{" "}
        {!sameClock(zone, here, made.opens) && (
          t("callback.their_time", { window: windowText(locale.value, made.opens, made.closes, zone, serverNow()), zone })
        )}
      </span>
    </p>
  );
}

/** Slots as the choices of a list, by day; `theirs`: the zone of a customer whose clock is shown too
 *  where it shows something else. */
export function FreeTimes({ slots: all, zone, theirs }: {
  slots: readonly Slot[]; zone: string; theirs?: string;
}) {
  return (
    <>
      {byDay(all, zone).map(([name, found]) => (
        <optgroup key={name} label={name}>
          {found.map(({ opens, closes }) => (
            <option key={opens} value={String(opens)}>
              {clockTime(locale.value, opens, zone)}–{clockTime(locale.value, closes, zone)}
              {theirs !== undefined && isZone(theirs) && !sameClock(theirs, zone, opens)
                && ` (${clockTime(locale.value, opens, theirs)})`}
            </option>
          ))}
        </optgroup>
      ))}
    </>
  );
}

/** Slots by the day of the centre's clock. */
export function byDay(all: readonly Slot[], zone: string): [string, Slot[]][] {
  const days = new Map<string, Slot[]>();
  for (const slot of all) {
    const name = day(locale.value, slot.opens, zone);
    days.set(name, [...(days.get(name) ?? []), slot]);
  }
  return [...days];
}
