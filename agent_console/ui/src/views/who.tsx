// Who is calling, as far as is known, and with what evidence; the agent settles it if several
// people share the number.
import { choosePerson, connected, settings } from "../app";
import { calledBack } from "../controls";
import { label, t, word } from "../i18n";
import type { Candidate, Card, Evidence } from "../protocol";
import { NotKnown, Panel, Pending, Share } from "./bits";
import { Icon } from "./icon";

export function Who({ card }: { card: Card }) {
  const { profile, candidates, identity } = card;
  const several = candidates.length > 1;
  return (
    <Panel name="who" icon="person" title={t(calledBack(card) ? "who.title_callback" : "who.title")}>
      <div class="who-body">
        {identity === "pending" && <Pending lines={2} text={t("who.pending")} />}
        {identity === "unknown" && <NotKnown text={t("who.unknown")} />}
        {identity === "anonymous" && <NotKnown text={t("who.anonymous")} />}
        {identity === "failed" && <NotKnown text={t("who.failed")} />}
        {identity === "candidates" && <p class="quiet">{t("who.several")}</p>}
        {candidates.length > 0 && (
          <ol class="candidates">
            {candidates.map((candidate) => (
              <Person
                key={candidate.person} call={card.call} candidate={candidate}
                chosen={profile?.person === candidate.person
                  && (identity === "known" || !several)}
                choosable={several}
              />
            ))}
          </ol>
        )}
        {several && (
          <button
            type="button" class="button small" disabled={!connected.value}
            aria-pressed={identity === "unknown"}
            onClick={() => void choosePerson(card.call, null)}
          >{t("who.none")}</button>
        )}
      </div>
    </Panel>
  );
}

/** Reasons and kinds of open matters have words; anything else is a datum and shown as it is. */
function evidenceDetail(item: Evidence): string {
  const detail = item.detail ?? "";
  const [kind, reason] = detail.split(":", 2);
  if (item.code === "recent_contact") return label(settings.value.reasons, detail);
  if (item.code !== "open_matter") return detail;
  return reason === undefined
    ? word("matter", detail)
    : `${word("matter", kind ?? "")}, ${label(settings.value.reasons, reason)}`;
}

function Person({ call, candidate, chosen, choosable }: {
  call: string; candidate: Candidate; chosen: boolean; choosable: boolean;
}) {
  return (
    <li class={`candidate ${chosen ? "candidate-chosen" : ""}`}>
      <div class="candidate-line">
        <bdi class="candidate-name">{candidate.name}</bdi>
        <Share value={candidate.probability} />
      </div>
      <ul class="evidence">
        {candidate.evidence.map((item) => (
          <li key={item.code}>
            <Icon name="good" size={13} />
            <span>
              {word("evidence", item.code)}
              {item.detail !== null && <>{" "}<bdi class="quiet">{evidenceDetail(item)}</bdi></>}
            </span>
          </li>
        ))}
      </ul>
      {choosable && (
        <button
          type="button" class="button small" aria-pressed={chosen} disabled={!connected.value}
          aria-label={t("who.this_is", { name: candidate.name })}
          onClick={() => void choosePerson(call, candidate.person)}
        >{chosen ? t("who.chosen") : t("who.choose")}</button>
      )}
    </li>
  );
}
