// Callbacks that are kept for this agent, between calls: when, whom, and taking one back.
import { useSignal } from "@preact/signals";
import { notify, settings } from "../app";
import { type Callback, change, CHANGEABLE, listed, nameOfCustomer, OPEN, troubleOf } from "../callbacks";
import { locale, t, word } from "../i18n";
import { usePoll } from "../poll";
import { sameClock, windowText } from "../zones";
import { Icon } from "./icon";

const EVERY = 15_000;

export function OwnCallbacks({ agent }: { agent: string }) {
  const { found, failed, again } = usePoll(listed, EVERY);
  const sure = useSignal<string | null>(null);
  const own = (found?.callbacks ?? []).filter((one) => one.agent === agent && OPEN.has(one.state));
  if (own.length === 0 && failed === null) return null;

  async function cancel(one: Callback): Promise<void> {
    if (sure.value !== one.id) {
      sure.value = one.id;
      return;
    }
    sure.value = null;
    try {
      await change(one, "cancel", {});
      notify(t("callbacks.done_cancel", { ref: one.id }));
    } catch (error) {
      notify(troubleOf(error).text, "bad");
    }
    again();
  }

  const here = settings.value.time_zone;
  return (
    <section class="panel panel-own" aria-labelledby="own-title">
      <header class="panel-head"><Icon name="outbound" /><h2 id="own-title">{t("own.title")}</h2></header>
      {failed !== null && <p class="form-problem" role="alert"><Icon name="bad" /> <span>{failed}</span></p>}
      <ol class="own-callbacks">
        {own.map((one) => (
          <li key={one.id}>
            <span class="own-when">
              {windowText(locale.value, one.opens, one.closes, here, found!.now)}
              {!sameClock(one.zone, here, one.opens) && (
                <span class="quiet"> ({windowText(locale.value, one.opens, one.closes, one.zone, found!.now)} {one.zone})</span>
              )}
            </span>
            <span class="own-who"><bdi>{nameOfCustomer(one, found!.names) ?? one.number}</bdi> {one.words && <bdi class="quiet">{one.words}</bdi>}</span>
            <span class="chip-flat">{word("callback_state", one.state)}</span>
            {CHANGEABLE.has(one.state) && (
              <button
                type="button" class="button small" aria-live="polite" onBlur={() => (sure.value = null)}
                onClick={() => void cancel(one)}
              >{t(sure.value === one.id ? "callbacks.cancel_sure" : "callbacks.cancel")}</button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
