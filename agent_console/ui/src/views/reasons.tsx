// Why they probably contact us, with honest probabilities, the facts behind each, and what the
// customer said beforehand. Room for all of it is kept from the start: a better prediction that
// comes late changes words and bars and moves nothing.
import { settings } from "../app";
import { causeWords, cut } from "../causes";
import { second } from "../clock";
import { calledBack } from "../controls";
import { label, locale, nearest, t, word } from "../i18n";
import type { Card, Cause, Reason, Words } from "../protocol";
import { NotKnown, Panel, Pending, Share } from "./bits";
import { Icon } from "./icon";

const SHOWN = 3;
/** Causes shown of each, the likeliest first. */
const CAUSES = [3, 2, 2] as const;
const QUOTED = 240;

export function Reasons({ card }: { card: Card }) {
  return (
    <Panel
      name="reasons" icon="bulb" title={t(calledBack(card) ? "reasons.title_callback" : "reasons.title")}
      aside={card.model !== null && card.reasons_state !== "pending" && (
        <span class="quiet model-name" title={t("reasons.model")}>
          <span class="unseen">{t("reasons.model")}: </span><bdi>{card.model}</bdi>
        </span>
      )}
    >
      <div class="reasons-body">
        {card.reasons_state === "pending" && <Pending lines={7} text={t("reasons.pending")} />}
        {card.reasons_state === "not_known" && !card.not_ours && (
          <NotKnown text={t("reasons.not_known")} />
        )}
        {card.reasons_state === "failed" && <NotKnown text={t("reasons.failed")} />}
        {card.not_ours && card.reasons_state === "not_known" && <NotOurs />}
        {card.reasons_state === "known" && (
          <ol class="reasons">
            {card.reasons.slice(0, SHOWN).map((reason, at) => (
              <ReasonView key={reason.code} reason={reason} most={CAUSES[at]!} />
            ))}
          </ol>
        )}
      </div>
      <Said
        words={card.words.filter(({ source }) => source !== "note")}
        notOurs={card.not_ours && card.reasons_state === "known"}
      />
    </Panel>
  );
}

function NotOurs() {
  return <p class="not-ours"><Icon name="help" size={16} /> <span>{t("reasons.not_ours")}</span></p>;
}

function ReasonView({ reason, most }: { reason: Reason; most: number }) {
  return (
    <li class={`reason causes-${most}`}>
      <div class="reason-line">
        <span class="reason-name">{label(settings.value.reasons, reason.code)}</span>
        <Share value={reason.probability} />
      </div>
      {reason.why.length > 0 && (
        <ul class="causes" aria-label={t("reasons.because")}>
          {reason.why.slice(0, most).map((cause) => (
            <CauseView key={`${cause.group} ${cause.code}`} cause={cause} />
          ))}
        </ul>
      )}
    </li>
  );
}

function CauseView({ cause }: { cause: Cause }) {
  const now = Math.floor(second.value / 60) * 60;
  const text = causeWords(cause, settings.value, locale.value, now, settings.value.time_zone);
  return <li><bdi title={text}>{text}</bdi></li>;
}

/** In the customer's words, and marked as theirs: plain text, whatever is in it. What the agent noted
 *  stands in the notes. */
function Said({ words, notOurs }: { words: readonly Words[]; notOurs: boolean }) {
  return (
    <div
      class="said-before" role="group" aria-label={t("words.title")}
      tabIndex={words.length > 1 || notOurs ? 0 : undefined}
    >
      {notOurs && <NotOurs />}
      {words.length === 0 && <p class="quiet">{t("words.none")}</p>}
      {words.map((one, at) => (
        <p key={at}>
          <span class="quiet">{word("words_from", one.source)}</span>{" "}
          {one.source === "path"
            ? <bdi>{cut(one.text)}</bdi>
            : <q lang={nearest(one.language) ?? undefined}><bdi>{cut(one.text, QUOTED)}</bdi></q>}
        </p>
      ))}
    </div>
  );
}
