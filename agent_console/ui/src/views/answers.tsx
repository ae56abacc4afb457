// What to say: knowledge entries for the likely reasons, in the agent's or the customer's language.
// The agent says of each whether it was used or wrong, or that none fits: the engine learns from it.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { connected, notify, settings } from "../app";
import { marks } from "../calls";
import { percent } from "../format";
import { label, language, locale, nearest, t } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import { answerIn } from "../prefs";
import type { Answer, Card, Phrasing } from "../protocol";
import { Keys, languageName, NotKnown, Panel, Pending } from "./bits";
import { Icon } from "./icon";

const ASKED_MOST = 500;

/** The wording in this language, else the nearest (same script family), else the first. */
export function phrasing(answer: Answer, wanted: string): Phrasing | undefined {
  return answer.phrasings.find((p) => p.language === wanted)
    ?? answer.phrasings.find((p) => nearest(p.language) === nearest(wanted))
    ?? answer.phrasings.find((p) => p.language === "en")
    ?? answer.phrasings[0];
}

export function Answers({ card }: { card: Card }) {
  const theirs = card.profile?.language ?? null;
  const differs = theirs !== null && nearest(theirs) !== language.value;
  const wanted = differs && answerIn.value === "customer" ? theirs : language.value;
  const body = useRef<HTMLDivElement>(null);
  const noted = useSignal(false);
  const { call } = card;
  useLayoutEffect(() => {
    const off = [
      onShortcut("language", () => {
        answerIn.value = answerIn.value === "mine" ? "customer" : "mine";
      }),
      onShortcut("used", () => press("used")),
      onShortcut("wrong", () => press("wrong")),
      onShortcut("missing", () => body.current?.querySelector<HTMLElement>(".nothing-fits")?.click()),
    ];
    return () => off.forEach((undo) => undo());
  }, []);

  /** The answer in hand: the one with the focus, else the first that is open, else the first. */
  function press(mark: "used" | "wrong"): void {
    const found = document.activeElement?.closest(".answer")
      ?? body.current?.querySelector(".answer[open]") ?? body.current?.querySelector(".answer");
    if (!(found instanceof HTMLDetailsElement)) return;
    found.open = true;
    found.querySelector<HTMLElement>(`.mark-${mark}`)?.click();
  }

  const missing = marks.of(card, "") === "missing";
  return (
    <Panel
      name="answers" icon="book" title={t("answers.title")}
      aside={differs && (
        <div class="switch" role="group" aria-label={t("answers.language")}>
          {(["mine", "customer"] as const).map((choice) => (
            <button
              key={choice} type="button" aria-pressed={answerIn.value === choice}
              onClick={() => (answerIn.value = choice)}
            >{languageName(choice === "mine" ? language.value : theirs)}</button>
          ))}
        </div>
      )}
    >
      <div class="answers-body" ref={body}>
        {card.answers_state === "pending" && <Pending lines={5} text={t("answers.pending")} />}
        {card.answers_state === "not_known" && <NotKnown text={t("answers.none")} />}
        {card.answers_state === "failed" && <NotKnown text={t("answers.failed")} />}
        {card.answers_state === "known" && card.answers.length === 0 && (
          <NotKnown text={t("answers.none")} />
        )}
        {card.answers.map((answer) => (
          <AnswerView key={answer.id} card={card} answer={answer} wanted={wanted} />
        ))}
        {card.answers_state !== "pending" && (
          <Missing call={call} said={missing} open={noted} />
        )}
      </div>
    </Panel>
  );
}

function AnswerView({ card, answer, wanted }: { card: Card; answer: Answer; wanted: string }) {
  // What the agent opened or closed stays so, whatever comes later.
  const own = useSignal<boolean | null>(null);
  const words = phrasing(answer, wanted);
  if (!words) return null;
  const open = own.value ?? answer.automatic;
  const mark = marks.of(card, answer.id);
  const put = (next: "used" | "wrong"): void => {
    if (mark !== next) void marks.put(card.call, answer.id, next);
  };
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(words.body);
    } catch {
      notify(t("answers.not_copied"), "bad");
      return;
    }
    notify(t("answers.copied"));
    put("used");
  };
  const of = (what: string): string => t("answers.of", { what, title: words.title });
  return (
    <details
      class={`answer ${mark ? `answer-${mark}` : ""}`} open={open}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) own.value = event.currentTarget.open;
      }}
    >
      <summary>
        <Icon name="down" size={14} />
        <span class="answer-title" lang={words.language}>{words.title}</span>
        <span class="quiet answer-reason">
          {label(settings.value.reasons, answer.reason)}
          {mark && <> · <strong>{t(mark === "used" ? "answers.used" : "answers.wrong")}</strong></>}
        </span>
        {answer.score > 0 && (
          <span class="quiet answer-score" title={t("answers.score")}>
            <span class="unseen">{t("answers.score")}: </span>{percent(locale.value, answer.score)}
          </span>
        )}
      </summary>
      <div class="answer-body" lang={words.language}>
        {words.body.split(/\n{2,}/).map((paragraph, i) => <p key={i}>{paragraph}</p>)}
      </div>
      <div class="answer-foot">
        <p class="answer-source quiet">{t("answers.source")} <bdi>{answer.source}</bdi></p>
        <div class="button-row">
          <button
            type="button" class="button small" aria-label={of(t("answers.copy"))}
            onClick={() => void copy()}
          ><Icon name="copy" size={14} /> {t("answers.copy")}</button>
          <button
            type="button" class="button small mark-used" aria-pressed={mark === "used"}
            aria-label={of(t("answers.used"))} aria-disabled={!connected.value}
            onClick={() => put("used")}
          ><Icon name="good" size={14} /> {t("answers.used")}</button>
          <button
            type="button" class="button small mark-wrong" aria-pressed={mark === "wrong"}
            aria-label={of(t("answers.wrong"))} aria-disabled={!connected.value}
            onClick={() => put("wrong")}
          ><Icon name="close" size={14} /> {t("answers.wrong")}</button>
        </div>
      </div>
    </details>
  );
}

/** None of them fits: what was asked, in a few words, so that an answer can be written. */
function Missing({ call, said, open }: {
  call: string; said: boolean; open: { value: boolean };
}) {
  const text = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (open.value) field.current?.focus();
  }, [open.value]);
  const send = async (): Promise<void> => {
    const words = text.value.trim();
    open.value = false;
    if (await marks.put(call, "", "missing", words)) text.value = "";
    else open.value = true; // what was typed is still there
  };
  if (!open.value) {
    return (
      <p class="answers-missing">
        <button
          type="button" class="button small nothing-fits" onClick={() => (open.value = true)}
        ><Icon name="help" size={14} /> {t("answers.missing")} <Keys letter={SHORTCUTS.missing.letter} /></button>
        <span class="quiet" role="status">{said ? t("answers.missing_noted") : ""}</span>
      </p>
    );
  }
  return (
    <form
      class="answers-missing" onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") open.value = false;
      }}
    >
      <input
        ref={field} value={text.value} maxLength={ASKED_MOST} aria-label={t("answers.missing_what")}
        placeholder={t("answers.missing_what")}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" class="button small primary" disabled={!connected.value}>{t("answers.missing_send")}</button>
    </form>
  );
}
