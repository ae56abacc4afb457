// That a call is one of ours: what was promised to the customer, when and where they asked for it,
// and how the tries before went. Or that they call us while a callback of theirs is still to come.
import { settings } from "../app";
import { second } from "../clock";
import { clockTime, count, dayAndTime } from "../format";
import { knows, label, locale, t, word } from "../i18n";
import type { Card } from "../protocol";
import { sameClock, wallOf, windowText } from "../zones";
import { Icon } from "./icon";

/** A reason, or the head of reasons. */
export function reasonWords(code: string): string {
  const { reasons, heads } = settings.value;
  return label(reasons.some((one) => one.code === code) ? reasons : heads, code);
}

export function Promised({ card }: { card: Card }) {
  const promise = card.callback;
  if (promise === null) return null;
  const lang = locale.value;
  const here = settings.value.time_zone;
  const now = Math.floor(second.value / 60) * 60;
  const { opens, closes, zone, attempt } = promise;
  const window = windowText(lang, opens, closes, here, now);
  const there = sameClock(zone, here, opens) ? null
    : t("callback.their_time", { window: windowText(lang, opens, closes, zone, now), zone });
  if (promise.open) {
    return (
      <p class="promised promised-open">
        <Icon name="outbound" size={20} />
        <span><strong>{t("callback.has_open", { window })}</strong>{" "}{t("callback.answers_it")}</span>
      </p>
    );
  }
  const today = wallOf(promise.made, here).slice(0, 10) === wallOf(now, here).slice(0, 10);
  const asked = t(knows("callback_asked", promise.origin) ? "callback.asked" : "callback.asked_plain", {
    where: word("callback_asked", promise.origin), time: today ? clockTime(lang, promise.made, here) : dayAndTime(lang, promise.made, here),
  });
  return (
    <p class="promised">
      <Icon name="outbound" size={20} />
      <span>
        <strong>{t("callback.promised", { window })}</strong>
        {there !== null && <span>{there}</span>}
        <span>{asked}</span>
        <span>
          {t("callback.attempt", { n: count(lang, attempt) })}
          {promise.last_cause !== null && (
            <>{t("callback.last_time", { how: word("attempt", promise.last_cause) })}</>
          )}
        </span>
        {promise.reason !== null && <span>{t("callback.about", { reason: reasonWords(promise.reason) })}</span>}
        <span class="quiet"><bdi>{promise.id}</bdi></span>
      </span>
    </p>
  );
}
