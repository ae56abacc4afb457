// What to say: knowledge entries for the likely reasons, in the agent's or the customer's language.
import { useLayoutEffect } from "preact/hooks";
import { settings } from "../app";
import { label, language, nearest, t } from "../i18n";
import { onShortcut } from "../keys";
import { answerIn } from "../prefs";
import type { Answer, Card, Phrasing } from "../protocol";
import { languageName, NotKnown, Panel, Pending } from "./bits";
import { Icon } from "./icon";

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
  useLayoutEffect(() => onShortcut("language", () => {
    answerIn.value = answerIn.value === "mine" ? "customer" : "mine";
  }), []);
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
      <div class="answers-body">
        {card.answers_state === "pending" && <Pending lines={5} text={t("answers.pending")} />}
        {card.answers_state === "not_known" && <NotKnown text={t("answers.none")} />}
        {card.answers_state === "failed" && <NotKnown text={t("answers.failed")} />}
        {card.answers_state === "known" && card.answers.length === 0 && (
          <NotKnown text={t("answers.none")} />
        )}
        {card.answers.map((answer, i) => (
          <AnswerView key={answer.id} answer={answer} wanted={wanted} first={i === 0} />
        ))}
      </div>
    </Panel>
  );
}

function AnswerView({ answer, wanted, first }: {
  answer: Answer; wanted: string; first: boolean;
}) {
  const words = phrasing(answer, wanted);
  if (!words) return null;
  return (
    <details class="answer" open={first}>
      <summary>
        <Icon name="down" size={14} />
        <span lang={words.language}>{words.title}</span>
        <span class="quiet answer-reason">{label(settings.value.reasons, answer.reason)}</span>
      </summary>
      <div class="answer-body" lang={words.language}>
        {words.body.split(/\n{2,}/).map((paragraph, i) => <p key={i}>{paragraph}</p>)}
      </div>
      <p class="answer-source quiet">{t("answers.source")} <bdi>{answer.source}</bdi></p>
    </details>
  );
}
