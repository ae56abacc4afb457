// One callback: what the customer said, its attempts, and what a supervisor may do about it. What
// takes a promise away is asked twice; every change says from which version it was made.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { board, notify, settings } from "../app";
import {
  type Attempt, type Callback, change, CHANGEABLE, type Slot, slots, troubleOf, whole,
} from "../callbacks";
import { dayAndTime } from "../format";
import { locale, t, word } from "../i18n";
import { sameClock, windowText } from "../zones";
import { languageName } from "./bits";
import { Icon } from "./icon";
import { reasonWords } from "./promised";
import { FreeTimes } from "./schedule";

const SLOW = 1000;

/** `name`: theirs, as they said it or as it is known. */
export function CallbackDialog({ one, name, changed, close }: {
  one: Callback; name: string | null; changed(): void; close(): void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog} class="help agent-dialog callback-dialog" aria-labelledby="callback-title" onClose={close}
    >
      <header>
        <h2 id="callback-title"><bdi>{name ?? one.number}</bdi> <span class="quiet"><bdi>{one.id}</bdi></span></h2>
        <button
          type="button" class="icon-button" aria-label={t("close")}
          onClick={() => dialog.current?.close()}
        ><Icon name="close" /></button>
      </header>
      <About one={one} known={one.name === name ? null : name} />
      {CHANGEABLE.has(one.state)
        ? <Change one={one} changed={changed} done={() => dialog.current?.close()} />
        : <p class="quiet note">{t(one.ended === null ? "callbacks.busy_now" : "callbacks.is_over")}</p>}
    </dialog>
  );
}

function About({ one, known }: { one: Callback; known: string | null }) {
  const lang = locale.value;
  const here = settings.value.time_zone;
  const tries = useSignal<readonly Attempt[]>([]);
  const agreed = useSignal<string | null | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    whole(one.id).then(
      (found) => !gone && ([tries.value, agreed.value] = [found.attempts, found.agreed]),
      () => {
        // What is below stays away; the number of tries is in the table behind.
      },
    );
    return () => {
      gone = true;
    };
  }, [one.id, one.attempts]);
  const line = (name: string, value: preact.ComponentChildren) => (
    <div><dt>{name}</dt><dd>{value}</dd></div>
  );
  return (
    <>
      <dl class="decision-facts">
        {line(t("callbacks.state"), word("callback_state", one.state))}
        {line(t("callbacks.window"), windowText(lang, one.opens, one.closes, here, one.opens))}
        {!sameClock(one.zone, here, one.opens) && line(
          t("callbacks.their_window"), `${windowText(lang, one.opens, one.closes, one.zone, one.opens)} (${one.zone})`,
        )}
        {line(t("callbacks.number"), <bdi>{one.number}</bdi>)}
        {known !== null && line(t("callbacks.known"), <bdi>{known}</bdi>)}
        {line(t("callbacks.asked"), dayAndTime(lang, one.made, here))}
        {one.reason !== null && line(t("callbacks.reason"), reasonWords(one.reason))}
        {one.by !== null && line(t("callbacks.by"), <bdi>{one.by}</bdi>)}
        {one.why !== null && line(t("callbacks.why"), word("callback_end", one.why))}
      </dl>
      {one.words && <blockquote class="callback-words"><bdi>{one.words}</bdi></blockquote>}
      {one.consent && agreed.value !== undefined && (
        <Agreed language={one.consent.split(" ")[1] ?? ""} text={agreed.value} />
      )}
      {tries.value.length > 0 && (
        <>
          <h3>{t("callbacks.attempts")}</h3>
          <ol class="tries">
            {tries.value.map((two) => (
              <li key={two.number}>
                <span class="quiet">{dayAndTime(lang, two.at, here)}</span>{" "}
                {two.how === null ? t("callbacks.goes_on") : word("attempt", two.how)}
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}

/** The text of the consent, as it was shown; `language`: that of the form. */
function Agreed({ language, text }: { language: string; text: string | null }) {
  return (
    <div class="callback-agreed">
      <h3>{t("callbacks.agreed", { language: languageName(language) })}</h3>
      {text === null ? <p class="quiet">{t("callbacks.agreed_lost")}</p>
        : <blockquote class="callback-words"><bdi>{text}</bdi></blockquote>}
    </div>
  );
}

function Change({ one, changed, done }: { one: Callback; changed(): void; done(): void }) {
  const why = useSignal("");
  const trouble = useSignal<string | null>(null);
  const busy = useSignal(false);
  const slow = useSignal(false);
  const sure = useSignal(false);
  const choices = useSignal<readonly Slot[] | null>(null);
  const slot = useSignal("");
  const who = useSignal(one.agent ?? "");
  const here = settings.value.time_zone;
  useEffect(() => {
    let gone = false;
    slots(one.queue, 14).then((found) => !gone && (choices.value = found), (error: unknown) => {
      if (!gone) [choices.value, trouble.value] = [[], troubleOf(error).text];
    });
    return () => {
      gone = true;
    };
  }, [one.queue]);

  async function go(what: Parameters<typeof change>[1], d: Parameters<typeof change>[2] = {}): Promise<void> {
    if (busy.value) return;
    [busy.value, trouble.value] = [true, null];
    const late = setTimeout(() => (slow.value = true), SLOW);
    try {
      await change(one, what, { ...d, ...(why.value.trim() ? { why: why.value.trim() } : {}) });
      notify(t(`callbacks.done_${what}`, { ref: one.id }));
      done();
    } catch (error) {
      trouble.value = troubleOf(error).text;
    } finally {
      clearTimeout(late);
      [busy.value, slow.value, sure.value] = [false, false, false];
      changed();
    }
  }

  const agents = Object.values(board.value?.agents ?? {});
  const inLine = one.state === "due" || one.state === "reserved";
  return (
    <section aria-labelledby="callback-change">
      <h3 id="callback-change">{t("callbacks.change")}</h3>
      <label class="field">
        <span>{t("callbacks.because")}</span>
        <input value={why.value} maxLength={500} onInput={(event) => (why.value = event.currentTarget.value)} />
      </label>
      <div class="button-row">
        <button
          type="button" class="button primary" disabled={busy.value || inLine}
          title={inLine ? t("callbacks.in_line") : undefined} onClick={() => void go("now")}
        ><Icon name="outbound" size={15} /> {t("callbacks.call_now")}</button>
        <button
          type="button" class="button" aria-live="polite" disabled={busy.value} onBlur={() => (sure.value = false)}
          onClick={() => {
            if (sure.value) void go("cancel");
            else sure.value = true;
          }}
        ><Icon name="close" size={15} /> {t(sure.value ? "callbacks.cancel_sure" : "callbacks.cancel")}</button>
      </div>
      <div class="button-row">
        <select
          aria-label={t("callbacks.move_to")} value={slot.value} aria-busy={choices.value === null}
          onChange={(event) => (slot.value = event.currentTarget.value)}
        >
          <option value="">{t(choices.value === null ? "schedule.loading" : choices.value.length === 0 ? "schedule.none" : "callbacks.move_to")}</option>
          <FreeTimes slots={choices.value ?? []} zone={here} theirs={one.zone} />
        </select>
        <button
          type="button" class="button" disabled={busy.value || slot.value === ""}
          onClick={() => void go("move", { when: new Date(Number(slot.value) * 1000).toISOString() })}
        >{t("callbacks.move")}</button>
      </div>
      <div class="button-row">
        <select
          aria-label={t("callbacks.assign_to")} value={who.value}
          onChange={(event) => (who.value = event.currentTarget.value)}
        >
          <option value="">{t("callbacks.anybody")}</option>
          {agents.map(({ agent, name }) => <option key={agent} value={agent}>{name}</option>)}
          {one.agent !== null && !agents.some(({ agent }) => agent === one.agent)
            && <option value={one.agent}>{one.agent}</option>}
        </select>
        <button
          type="button" class="button" disabled={busy.value || who.value === (one.agent ?? "")}
          onClick={() => void go("assign", { agent: who.value || null })}
        >{t("callbacks.assign")}</button>
      </div>
      <p class="form-problem" role="alert">
        {trouble.value !== null && <><Icon name="bad" /> <span>{trouble.value}</span></>}
      </p>
      {slow.value && <progress class="slow" aria-label={t("loading")} />}
    </section>
  );
}
