// Before and after the talk, in the call bar: a call that is offered, a callback that waits for the
// agent's word before anybody is dialled, and wrap-up time.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { agent, connected } from "../app";
import { accept, accepted, extend, pendingOf, refuse, snooze } from "../calls";
import { calledBack } from "../controls";
import { type Key, t } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import type { Card } from "../protocol";
import { CountRing, Disclosure, Keys } from "./bits";
import { Icon } from "./icon";
import { show, type Talk } from "./talk";

const MORE_SECONDS = 60;
const REFUSALS = ["technical", "not_my_subject", "occupied"] as const;
/** Minutes. */
const SNOOZES = [5, 15] as const;

export function Offered({ card, talk }: { card: Card; talk: Talk }) {
  const offer = card.offer;
  const me = agent.value;
  const mine = accepted.value !== null && accepted.value === offer?.reservation;
  const busy = talk.known.pending.length > 0;
  const why = connected.value ? null : t("disabled.connection");
  const ours = calledBack(card);
  const preview = ours && offer !== null && offer.preview && !mine;
  const yes = (): void => {
    if (why) talk.say(why);
    else if (!busy && !mine) void accept(card);
  };
  const later = (minutes: number): void => {
    if (why) talk.say(why);
    else if (!busy) void snooze(card, minutes);
  };
  useLayoutEffect(() => {
    if (!offer) return;
    const off = [onShortcut("accept", yes)];
    if (preview) off.push(onShortcut("snooze", () => later(SNOOZES[0])));
    return () => off.forEach((undo) => undo());
  }, [offer?.reservation, why, busy, mine, preview]);

  if (!offer) {
    return (
      <p class="callbar-lead" role="status">
        <Icon name="phone" /> {t(ours ? stage(card) : "bar.pick_up")}
      </p>
    );
  }
  const lead: Key = preview ? "callback.preview"
    : ours && (mine || card.callback?.stage !== "none" || !offer.preview) ? stage(card)
      : offer.auto_answer ? "bar.auto_answer" : mine ? "bar.accepted" : "bar.reserved";
  return (
    <>
      <CountRing from={card.offered ?? me?.since ?? card.arrived} until={offer.deadline} />
      <p class="callbar-lead" role={ours ? "status" : undefined}>{t(lead)}</p>
      {(!ours || preview) && (
        <button
          type="button" class={`button primary ${preview ? "big" : ""}`}
          aria-disabled={Boolean(why) || busy || mine} aria-busy={busy} onClick={yes}
        >
          <Icon name={preview ? "outbound" : "good"} />{" "}
          {t(preview ? "callback.call_now" : "offer.accept")}<Keys letter={SHORTCUTS.accept.letter} />
        </button>
      )}
      {preview && (
        <span class="snoozes" role="group" aria-label={t("callback.snooze")}>
          {SNOOZES.map((minutes, i) => (
            <button
              key={minutes} type="button" class="button big" aria-disabled={Boolean(why) || busy}
              aria-label={t("callback.snooze_for", { minutes })} onClick={() => later(minutes)}
            >
              <Icon name="clock" /> {t("callback.minutes", { minutes })}
              {i === 0 && <Keys letter={SHORTCUTS.snooze.letter} />}
            </button>
          ))}
        </span>
      )}
      <RefuseButton card={card} why={why} talk={talk} big={preview}>
        {t(preview ? "callback.not_me" : "offer.refuse")}
      </RefuseButton>
    </>
  );
}

/** How far calling the customer back is, in words. */
function stage(card: Card): Key {
  const now = card.callback;
  if (now?.stage === "answered") return "callback.answered";
  if (now?.stage === "calling") return "callback.calling";
  return now?.first === "agent" ? "callback.you_first" : "callback.customer_first";
}

function RefuseButton({ card, why, talk, big, children }: {
  card: Card; why: string | null; talk: Talk; big: boolean; children: ComponentChildren;
}) {
  const open = useSignal(false);
  const other = useSignal("");
  useLayoutEffect(
    () => onShortcut("refuse", () => show(open, "refuse", why, talk)), [card.offer?.reservation, why],
  );
  const no = (reason: string): void => {
    open.value = false;
    void refuse(card, reason);
  };
  return (
    <Disclosure
      name="refuse" className={`button ${big ? "big" : ""}`} open={open.value} block={why} tellBlock={talk.say}
      setOpen={(value) => (open.value = value)}
      label={<><Icon name="close" /> {children}<Keys letter={SHORTCUTS.refuse.letter} /></>}
    >
      <p class="popup-head">{t("offer.why")}</p>
      {REFUSALS.map((reason) => (
        <button key={reason} type="button" class="popup-choice" onClick={() => no(reason)}>
          <span>{t(`refusal.${reason}`)}</span>
        </button>
      ))}
      <form
        class="popup-form" onSubmit={(event) => {
          event.preventDefault();
          if (other.value.trim()) no(other.value.trim());
        }}
      >
        <label class="field">
          <span>{t("offer.other")}</span>
          <input
            value={other.value} maxLength={500}
            onInput={(event) => (other.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button wide" disabled={!other.value.trim()}>
          {t("offer.refuse")}
        </button>
      </form>
    </Disclosure>
  );
}

export function Ended({ card }: { card: Card }) {
  const me = agent.value;
  const wrapping = me?.state === "wrapup" && me.call === card.call;
  if (!wrapping) return <p class="callbar-lead"><Icon name="wrapup" /> {t("bar.over")}</p>;
  if (me.deadline === null) {
    return <p class="callbar-lead"><Icon name="wrapup" /> {t("bar.wrapup_open")}</p>;
  }
  const busy = pendingOf(card).includes("extend");
  return (
    <>
      <CountRing from={me.since} until={me.deadline} />
      <p class="callbar-lead">{t("bar.wrapup")}</p>
      <button
        type="button" class="button" aria-disabled={busy || !connected.value} aria-busy={busy}
        onClick={() => {
          if (!busy && connected.value) void extend(card, MORE_SECONDS);
        }}
      ><Icon name="clock" /> {t("bar.extend")}</button>
    </>
  );
}
