// What each queue does about callbacks: takes new ones, dials, is offered; who said so, and whether
// its offers stopped by themselves because promises were not kept.
import { useSignal } from "@preact/signals";
import { settings } from "../app";
import { setSwitches, type Switches, switches, troubleOf } from "../callbacks";
import { dayAndTime } from "../format";
import { locale, t } from "../i18n";
import { usePoll } from "../poll";
import { nameOf } from "./callbacks";
import { Icon } from "./icon";

const EVERY = 3000;
const NAMES = ["accept", "serve", "show"] as const;

export function Switchboard() {
  const { found, failed, slow, again } = usePoll(switches, EVERY);
  const trouble = useSignal<string | null>(null);
  const busy = useSignal<string | null>(null);

  async function set(one: Switches, changes: Parameters<typeof setSwitches>[0] | object): Promise<void> {
    if (busy.value !== null) return;
    [busy.value, trouble.value] = [one.queue, null];
    const { queue, accept, serve, show } = one;
    try {
      await setSwitches({ queue, accept, serve, show, ...changes });
    } catch (error) {
      trouble.value = troubleOf(error).text;
    }
    busy.value = null;
    again();
  }

  return (
    <section class="panel panel-switches" aria-labelledby="switches-title">
      <header class="panel-head">
        <Icon name="exchange" /><h2 id="switches-title">{t("switches.title")}</h2>
        {slow && <progress class="slow" aria-label={t("loading")} />}
      </header>
      {(trouble.value ?? failed) !== null && (
        <p class="form-problem" role="alert"><Icon name="bad" /> <span>{trouble.value ?? failed}</span></p>
      )}
      {found?.length === 0 && <p class="quiet">{t("queues.none")}</p>}
      <ul class="switch-rows">
        {found?.map((one) => (
          <li key={one.queue}>
            <bdi class="switch-queue">{one.queue}</bdi>
            <span class="button-row" role="group" aria-label={one.queue}>
              {NAMES.map((name) => (
                <button
                  key={name} type="button" role="switch" aria-checked={one[name]} class="toggle"
                  title={t(`switches.${name}_hint`)} aria-disabled={busy.value === one.queue || undefined}
                  aria-label={t("switches.of", { what: t(`switches.${name}`), queue: one.queue })}
                  onClick={() => void set(one, { [name]: !one[name] })}
                ><span class="toggle-knob" aria-hidden="true" /> {t(`switches.${name}`)}</button>
              ))}
            </span>
            <span class="switch-note">
              {one.auto_stopped !== null && (
                <span class="chip-flat chip-off">
                  <Icon name="warn" size={14} />{" "}
                  {t("switches.stopped", { time: dayAndTime(locale.value, one.auto_stopped, settings.value.time_zone) })}
                </span>
              )}
              {one.auto_stopped !== null && (
                <button type="button" class="button small" onClick={() => void set(one, { resume: true })}>
                  {t("switches.resume")}
                </button>
              )}
              {one.by !== null && one.at !== null && (
                <span class="quiet">
                  {t("switches.by", { name: nameOf(one.by), time: dayAndTime(locale.value, one.at, settings.value.time_zone) })}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
