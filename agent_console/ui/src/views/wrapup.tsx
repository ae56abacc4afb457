// What really happened: reason, outcome, notes. May begin during the call; every change is kept.
// The choices of reasons stop moving once the agent has touched them.
import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { agent, connected, drafts, finish, settings, state } from "../app";
import type { Form } from "../drafts";
import { clockTime } from "../format";
import { type Key, knows, label, locale, t, word } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import type { Card, Choice, Reason } from "../protocol";
import { Countdown, Keys, Panel } from "./bits";
import { Icon } from "./icon";
import { ChosenReason, ReasonPicker } from "./reasonpicker";
import { stateWords } from "./statebutton";

export const QUICK = 6;
const NOTES_MAX = 8000;

/** The choices with a key each: predicted ones first, filled up with the centre's own order. */
export function quickReasons(predicted: readonly Reason[], all: readonly Choice[]): string[] {
  const codes = predicted.map((reason) => reason.code)
    .filter((code) => all.some((choice) => choice.code === code));
  for (const { code } of all) if (!codes.includes(code)) codes.push(code);
  return codes.slice(0, QUICK);
}

export function WrapUp({ card }: { card: Card }) {
  const keep = drafts.value!;
  const form = keep.form(card.call, state.peek().drafts[card.call]).value;
  const frozen = useSignal<string[] | null>(null);
  const missing = useSignal<"reason" | "outcome" | null>(null);
  const busy = useSignal(false);
  const root = useRef<HTMLFormElement>(null);
  const live = card.ended === null && agent.value?.call === card.call
    && agent.value.state !== "wrapup";
  const reasons = settings.value.reasons;
  const quick = frozen.value ?? quickReasons(card.reasons, reasons);
  const deadline = useComputed(() =>
    agent.value?.state === "wrapup" && agent.value.call === card.call ? agent.value.deadline : null);

  function freeze(): void {
    frozen.value ??= quick;
  }

  function choose(change: Partial<Pick<Form, "reason" | "outcome" | "notes">>): void {
    if ("reason" in change) freeze();
    missing.value = null;
    keep.edit(card.call, change);
  }

  async function submit(): Promise<void> {
    if (busy.value || live) return;
    const { reason, outcome, notes } = keep.form(card.call).peek();
    if (reason === null || outcome === null) {
      missing.value = reason === null ? "reason" : "outcome";
      root.current?.querySelector<HTMLElement>(`[name=${missing.value}]`)?.focus();
      return;
    }
    busy.value = true;
    const done = await finish(card.call, reason, outcome, notes);
    busy.value = false;
    if (done) document.getElementById("main")?.focus();
  }

  useLayoutEffect(() => {
    const off = [
      onShortcut("notes", () => root.current?.querySelector("textarea")?.focus()),
      onShortcut("finish", () => void submit()),
      ...quick.map((code, i) => onShortcut(`reason.${i + 1}`, () => choose({ reason: code }))),
    ];
    return () => off.forEach((undo) => undo());
  }, [quick.join(), card.call, live]);

  const rows = Math.min(QUICK, Math.max(reasons.length, 1));
  return (
    <Panel
      name="wrapup" icon="wrapup" title={t("wrapup.title")}
      aside={deadline.value !== null && (
        <span class="deadline"><Icon name="clock" size={15} /> <Countdown until={deadline.value} /></span>
      )}
    >
      <form
        ref={root} class="wrapup" onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <fieldset
          class="choices" onFocusIn={freeze} onPointerEnter={freeze}
          aria-invalid={missing.value === "reason"}
        >
          <legend>{t("wrapup.reason")}</legend>
          <div class="reason-rows" style={{ "--rows": String(rows) }}>
            {quick.map((code, i) => (
              <label key={code} class="choice">
                <input
                  type="radio" name="reason" checked={form.reason === code}
                  onChange={() => choose({ reason: code })} onBlur={() => keep.leave(card.call)}
                />
                <span class="choice-text">{label(reasons, code)}</span>
                <kbd aria-hidden="true">{i + 1}</kbd>
              </label>
            ))}
          </div>
          <ReasonPicker
            chosen={form.reason !== null && !quick.includes(form.reason) ? form.reason : null}
            choose={(code) => choose({ reason: code })} leave={() => keep.leave(card.call)}
          />
          <ChosenReason code={form.reason} />
        </fieldset>
        <fieldset class="choices" aria-invalid={missing.value === "outcome"}>
          <legend>{t("wrapup.outcome")}</legend>
          <div class="chips">
            {settings.value.outcomes.map(({ code }) => (
              <label key={code} class="chip">
                <input
                  type="radio" name="outcome" checked={form.outcome === code}
                  onChange={() => choose({ outcome: code })} onBlur={() => keep.leave(card.call)}
                />
                <span>{label(settings.value.outcomes, code)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label class="field notes">
          <span>{t("wrapup.notes")}<Keys letter={SHORTCUTS.notes.letter} /></span>
          <textarea
            name="notes" rows={4} maxLength={NOTES_MAX} value={form.notes}
            onInput={(event) => choose({ notes: event.currentTarget.value })}
            onBlur={() => keep.leave(card.call)}
          />
        </label>
        <div class="said">
          <p class="saved" role="status">{missing.value === null ? savedWords(form) : ""}</p>
          <p class="form-problem" role="alert">
            {missing.value !== null && (
              <><Icon name="bad" /> <span>{t(`wrapup.missing_${missing.value}`)}</span></>
            )}
          </p>
        </div>
        <button
          type="submit" class="button primary wide" aria-disabled={live || busy.value}
          aria-describedby="finish-note"
        >
          {busy.value && !connected.value ? t("wrapup.waiting")
            : busy.value ? t("wrapup.finishing") : t("wrapup.finish")}
          <Keys letter={SHORTCUTS.finish.letter} />
        </button>
        <p class="quiet finish-note" id="finish-note">
          {live ? t("wrapup.live") : afterwards()}
        </p>
      </form>
    </Panel>
  );
}

/** What finishing leads to: the state the agent chose for after the call, or ready. */
function afterwards(): string {
  const me = agent.value;
  return me?.next_state === "break"
    ? t("wrapup.then_state", { state: stateWords(me.next_state, me.next_reason) })
    : t("wrapup.then");
}

function savedWords(form: Form): string {
  if (form.problem !== null) {
    const why = knows("error", form.problem) ? word("error", form.problem) : form.problem;
    return t("wrapup.not_saved", { why });
  }
  if (form.saved !== null && !form.dirty) {
    const time = clockTime(locale.value, form.saved, settings.value.time_zone, true);
    return t("wrapup.saved", { time });
  }
  if (form.dirty) return connected.value ? t("wrapup.saving") : t("wrapup.local" satisfies Key);
  return " ";
}
