// The one place that says what the agent is doing and since when, and where they change it. In a
// call the choice waits for its end, is shown, and can be taken back.
import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { agent, asked, chooseState, connected, settings } from "../app";
import { label, t, word } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import { HelpAsked } from "./callbar";
import { Countdown, Disclosure, Keys, Timer } from "./bits";
import { Icon, StateIcon } from "./icon";

const LATER = new Set(["reserved", "offered", "talking", "held", "wrapup"]);

export function stateWords(state: string, reason: string | null): string {
  if (state !== "break") return word("state", state);
  return reason === null ? t("state.not_ready") : label(settings.value.break_reasons, reason);
}

export function StateButton() {
  const open = useSignal(false);
  useLayoutEffect(() => onShortcut("state", () => {
    open.value = true;
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>("#state-panel button:not(:disabled)")?.focus());
  }), []);

  const me = agent.value!;
  const later = LATER.has(me.state);
  const reasons = settings.value.break_reasons;
  const wish = asked.value;

  function choose(state: "ready" | "break", reason: string | null): void {
    open.value = false;
    document.getElementById("state-button")?.focus();
    void chooseState(state, reason);
  }

  const next = me.next_state;
  return (
    <div class="state-area">
      <HelpAsked />
      {next !== null && (
        <div class="next-state" role="status">
          <span><span class="quiet">{t("state.then")}</span> {stateWords(next, me.next_reason)}</span>
          <button
            type="button" class="icon-button" aria-label={t("state.then_cancel")}
            title={t("state.then_cancel")} disabled={!connected.value}
            onClick={() => void chooseState("ready", null)}
          ><Icon name="close" size={14} /></button>
        </div>
      )}
      <Disclosure
        name="state" className={`state-button state-${me.state}`}
        open={open.value} setOpen={(value) => (open.value = value)}
        label={
          <>
            <StateIcon state={me.state} />
            <span class="state-word">
              {wish ? t("state.asking") : stateWords(me.state, me.reason)}
            </span>
            {(me.state === "wrapup" || me.state === "reserved") && me.deadline !== null
              ? <Countdown until={me.deadline} />
              : <Timer since={me.since} />}
            <Icon name="down" size={14} />
          </>
        }
      >
        <p class="popup-head">
          {later ? t("state.choose_next") : t("state.choose")}<Keys letter={SHORTCUTS.state.letter} />
        </p>
        {!connected.value && <p class="popup-note">{t("disabled.connection")}</p>}
        <StateChoice
          icon="ready" text={word("state", "ready")} current={!later && me.state === "ready"}
          pick={() => choose("ready", null)}
        />
        {(reasons.length > 0 ? reasons.map(({ code }) => code) : [null]).map((reason) => (
          <StateChoice
            key={reason} icon="break"
            text={reason === null ? word("state", "break") : label(reasons, reason)}
            current={later
              ? next === "break" && me.next_reason === reason
              : me.state === "break" && me.reason === reason}
            pick={() => choose("break", reason)}
          />
        ))}
      </Disclosure>
    </div>
  );
}

function StateChoice(props: { icon: string; text: string; current: boolean; pick(): void }) {
  return (
    <button
      type="button" class={`popup-choice state-${props.icon}`} aria-current={props.current || undefined}
      disabled={!connected.value} onClick={props.pick}
    >
      <Icon name={props.icon} /><span>{props.text}</span>
      {props.current && <Icon name="good" size={14} />}
    </button>
  );
}
