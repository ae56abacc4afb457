// What can be done to the call in front: accept or refuse it, hold, mute, hand it on, record it,
// hang up. Its room is kept from the first ring to the end of wrap-up, so that nothing below moves.
// One line always says what is going on, what did not work, or why a button does nothing now.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { agent, connected, exchange } from "../app";
import { askHelp, control, forget, pendingOf, troubles } from "../calls";
import {
  blocked, cleanDigits, cleanTarget, consulted, type Do, type Known, own, phase,
} from "../controls";
import { type Key, t, word } from "../i18n";
import { onShortcut, type Shortcut, SHORTCUTS } from "../keys";
import type { Card } from "../protocol";
import { Countdown, Disclosure, TimeOfDay, Timer } from "./bits";
import { Icon } from "./icon";
import { Ended, Offered } from "./offered";
import { Parties } from "./parties";
import { close, show, type Talk } from "./talk";

export function CallBar({ card }: { card: Card }) {
  const hint = useSignal<string | null>(null);
  const me = agent.value;
  const known: Known = {
    card, me, connected: connected.value, exchange: exchange.value.state === "up",
    pending: pendingOf(card),
  };
  const talk: Talk = {
    known,
    why: (act) => {
      const key = blocked(act, known);
      if (key !== "block.pending") return key && t(key);
      return t(key, { what: word("do", known.pending[0] ?? "") });
    },
    say: (why) => (hint.value = why),
  };
  const now = phase(card, me);
  // What was said about a button is out of date once anything about the call changes.
  useLayoutEffect(() => {
    hint.value = null;
  }, [card.rev, now, known.connected, known.exchange]);
  useLayoutEffect(() => forget(card.call), [card.call, now]);

  return (
    <section class={`callbar callbar-${now}`} aria-label={t("bar.title")}>
      <div class="callbar-row">
        {(now === "reserved" || now === "ringing") && <Offered card={card} talk={talk} />}
        {(now === "talking" || now === "held") && <Live talk={talk} />}
        {now === "ended" && <Ended card={card} />}
        {now === "waiting" && <p class="quiet">{t("bar.elsewhere")}</p>}
      </div>
      <div class="callbar-foot">
        <Parties card={card} />
        {(now === "talking" || now === "held") && consulted(card) && <Consult talk={talk} />}
      </div>
      <Said card={card} known={known} hint={hint.value} />
    </section>
  );
}

/** One line, always there: trouble first, then what is awaited, then how the call stands. */
function Said({ card, known, hint }: { card: Card; known: Known; hint: string | null }) {
  const trouble = troubles.value[card.call];
  const waiting = known.pending[0];
  return (
    <p class="callbar-said" role="status">
      {trouble ? (
        <span class="said-bad">
          <Icon name="bad" size={15} />{" "}
          {t("control.failed", { what: word("do", trouble.act), why: trouble.text })}{" "}
          {trouble.detail && <bdi class="quiet">{trouble.detail}</bdi>}
        </span>
      ) : hint !== null ? <span class="said-hint"><Icon name="warn" size={15} /> {hint}</span>
        : waiting !== undefined ? <span>{t("bar.pending", { what: word("do", waiting) })}</span>
          : <Standing card={card} />}
    </p>
  );
}

function Standing({ card }: { card: Card }) {
  const other = consulted(card);
  if (card.parked !== null) return <span>{t("bar.parked", { place: card.parked })}</span>;
  if (other) {
    const who = other.name ?? other.number ?? "";
    return <span>{t(other.state === "ringing" ? "bar.consult_rings" : "bar.consult", { who })}</span>;
  }
  if (card.recording === "paused" && card.recording_resumes !== null) {
    return (
      <span>
        {t("bar.recording_resumes")} <TimeOfDay at={card.recording_resumes} seconds />{" "}
        (<Countdown until={card.recording_resumes} />)
      </span>
    );
  }
  return <span>{agent.value?.help_since != null ? t("bar.help_asked") : " "}</span>;
}

// --- during the call -----------------------------------------------------------------------------

function Live({ talk }: { talk: Talk }) {
  const { card, me } = talk.known;
  const held = phase(card, me) === "held" && !consulted(card);
  const muted = own(card, me)?.muted ?? false;
  return (
    <div class="acts">
      <Act
        act={held ? "resume" : "hold"} icon={held ? "resume" : "held"} shortcut="hold"
        pressed={held} talk={talk}
      />
      <Act
        act={muted ? "unmute" : "mute"} icon={muted ? "mic_off" : "mic"} shortcut="mute"
        pressed={muted} talk={talk}
      />
      <Keypad talk={talk} />
      <Transfer talk={talk} />
      <Act act="park" icon="park" talk={talk} />
      <Recording talk={talk} />
      <Ask talk={talk} />
      <Act act="hang_up" icon="hangup" shortcut="hang_up" tone="act-end" talk={talk} />
    </div>
  );
}

function Consult({ talk }: { talk: Talk }) {
  return (
    <div class="acts-consult" role="group" aria-label={t("bar.consult_group")}>
      {(["swap", "complete", "conference", "cancel_consult"] as const).map((act) => (
        <Act
          key={act} act={act} small talk={talk}
          icon={{ swap: "swap", complete: "transfer", conference: "conference", cancel_consult: "close" }[act]}
        />
      ))}
    </div>
  );
}

/** A button that is busy until the exchange has spoken, and says why when it can do nothing. */
function Act({ act, icon, talk, pressed, tone, small, shortcut }: {
  act: Do; icon: string; talk: Talk; pressed?: boolean; tone?: string; small?: boolean;
  shortcut?: Shortcut;
}) {
  const { card, pending } = talk.known;
  const why = talk.why(act);
  const busy = pending.includes(act);
  const press = (): void => {
    if (busy) return;
    if (why !== null) talk.say(why);
    else void control(card.call, act);
  };
  useLayoutEffect(() => (shortcut ? onShortcut(shortcut, press) : undefined), [act, why, busy, shortcut]);
  return (
    <div class="act-place">
      <button
        type="button" class={small ? "button small" : `act ${tone ?? ""}`} data-act={act}
        aria-disabled={why !== null || busy || undefined} aria-busy={busy || undefined}
        aria-pressed={pressed} title={why ?? tip(act, shortcut)}
        aria-describedby={why === null ? undefined : `why-${act}`} onClick={press}
      >
        <Icon name={icon} size={small ? 15 : 20} /><span>{word("do", act)}</span>
      </button>
      {why !== null && <span class="unseen" id={`why-${act}`}>{why}</span>}
    </div>
  );
}

function tip(act: string, shortcut?: Shortcut): string {
  const chord = shortcut && ` (Ctrl+Shift+${SHORTCUTS[shortcut].letter.toUpperCase()})`;
  return `${word("do", act)}${chord ?? ""}`;
}

function Opens(props: {
  name: string; icon: string; text: Key; talk: Talk; why: string | null; busy: boolean;
  open: { value: boolean }; shortcut?: Shortcut; pressed?: boolean;
  children: ComponentChildren;
}) {
  const { name, open, why, talk, shortcut } = props;
  useLayoutEffect(
    () => (shortcut ? onShortcut(shortcut, () => show(open, name, why, talk)) : undefined),
    [why, shortcut],
  );
  return (
    <Disclosure
      name={name} className={`act ${props.pressed ? "act-on" : ""}`} open={open.value}
      setOpen={(value) => (open.value = value)} block={why} tellBlock={talk.say} busy={props.busy}
      label={<><Icon name={props.icon} size={20} /><span>{t(props.text)}</span></>}
    >{props.children}</Disclosure>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

function Keypad({ talk }: { talk: Talk }) {
  const open = useSignal(false);
  const typed = useSignal("");
  const { card, pending } = talk.known;
  return (
    <Opens
      name="keypad" icon="keypad" text="bar.keypad" shortcut="keypad" talk={talk} open={open}
      why={talk.why("dtmf")} busy={pending.includes("dtmf")}
    >
      <form
        class="popup-form" onSubmit={(event) => {
          event.preventDefault();
          const digits = typed.value;
          if (!digits || pending.includes("dtmf")) return;
          typed.value = "";
          void control(card.call, "dtmf", { digits });
        }}
      >
        <label class="field">
          <span>{t("keypad.digits")}</span>
          <input
            inputMode="tel" autocomplete="off" maxLength={32} value={typed.value}
            onInput={(event) => {
              typed.value = cleanDigits(event.currentTarget.value);
              event.currentTarget.value = typed.value;
            }}
          />
        </label>
        <div class="keypad">
          {KEYS.map((key) => (
            <button
              key={key} type="button" class="button"
              onClick={() => (typed.value = cleanDigits(typed.value + key))}
            >{key}</button>
          ))}
        </div>
        <button type="submit" class="button primary wide" disabled={!typed.value}>
          {t("keypad.send")}
        </button>
      </form>
    </Opens>
  );
}

function Transfer({ talk }: { talk: Talk }) {
  const open = useSignal(false);
  const typed = useSignal("");
  const wrong = useSignal(false);
  const { card, pending } = talk.known;
  const go = (act: "consult" | "blind_transfer"): void => {
    const target = cleanTarget(typed.value);
    wrong.value = target === null;
    if (target === null) {
      document.getElementById("transfer-target")?.focus();
      return;
    }
    close(open, "transfer");
    void control(card.call, act, { target });
  };
  return (
    <Opens
      name="transfer" icon="transfer" text="bar.transfer" shortcut="transfer" talk={talk} open={open}
      why={talk.why("consult")}
      busy={pending.includes("consult") || pending.includes("blind_transfer")}
    >
      <form
        class="popup-form" noValidate onSubmit={(event) => {
          event.preventDefault();
          go("consult");
        }}
      >
        <label class="field">
          <span>{t("transfer.target")}</span>
          <input
            id="transfer-target" inputMode="tel" autocomplete="off" maxLength={64}
            value={typed.value} aria-invalid={wrong.value} aria-describedby="transfer-note"
            onInput={(event) => {
              typed.value = event.currentTarget.value;
              wrong.value = false;
            }}
          />
        </label>
        <p id="transfer-note" class={wrong.value ? "form-problem" : "quiet popup-hint"} role="status">
          {t(wrong.value ? "transfer.wrong" : "transfer.note")}
        </p>
        <button type="submit" class="button primary wide">
          <Icon name="talking" /> {t("transfer.consult")}
        </button>
        <button type="button" class="button wide" onClick={() => go("blind_transfer")}>
          <Icon name="transfer" /> {t("transfer.blind")}
        </button>
      </form>
    </Opens>
  );
}

const RECORDING = {
  off: "bar.recording_off", on: "bar.recording_on", paused: "bar.recording_paused",
} as const;

function Recording({ talk }: { talk: Talk }) {
  const open = useSignal(false);
  const { card, pending } = talk.known;
  const acts = card.recording === "off" ? ["record"] as const
    : card.recording === "on" ? ["pause_recording", "stop_recording"] as const
      : ["resume_recording", "stop_recording"] as const;
  return (
    <Opens
      name="record" icon="record" text={RECORDING[card.recording]} talk={talk} open={open}
      pressed={card.recording !== "off"} why={talk.why(acts[0])}
      busy={pending.some((act) => act.includes("record"))}
    >
      {acts.map((act) => (
        <button
          key={act} type="button" class="popup-choice" onClick={() => {
            close(open, "record");
            void control(card.call, act);
          }}
        ><Icon name="record" /><span>{word("do", act)}</span></button>
      ))}
      {card.recording === "on" && <p class="popup-note">{t("bar.pause_note")}</p>}
    </Opens>
  );
}

function Ask({ talk }: { talk: Talk }) {
  const open = useSignal(false);
  const typed = useSignal("");
  const { card, pending } = talk.known;
  const since = agent.value?.help_since ?? null;
  const why = !connected.value ? t("disabled.connection") : since !== null ? t("bar.help_asked") : null;
  return (
    <Opens
      name="ask" icon="hand" text="bar.help" shortcut="ask" talk={talk} open={open}
      pressed={since !== null} why={why} busy={pending.includes("help")}
    >
      <form
        class="popup-form" onSubmit={(event) => {
          event.preventDefault();
          close(open, "ask");
          void askHelp(card, typed.value.trim());
          typed.value = "";
        }}
      >
        <label class="field">
          <span>{t("ask.text")}</span>
          <textarea
            rows={2} maxLength={500} value={typed.value}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary wide">{t("ask.send")}</button>
      </form>
    </Opens>
  );
}

/** How long help has been asked for, beside the state. */
export function HelpAsked() {
  const since = agent.value?.help_since ?? null;
  return since === null ? null : (
    <span class="help-asked"><Icon name="hand" size={15} /> {t("bar.help")} <Timer since={since} /></span>
  );
}
