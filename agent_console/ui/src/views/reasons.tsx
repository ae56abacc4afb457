// Why they probably contact us, with honest probabilities. Room for five is kept from the start.
import { settings } from "../app";
import { label, t } from "../i18n";
import type { Card } from "../protocol";
import { NotKnown, Panel, Pending, Share } from "./bits";

const SHOWN = 5;

export function Reasons({ card }: { card: Card }) {
  return (
    <Panel name="reasons" icon="bulb" title={t("reasons.title")}>
      <div class="reasons-body">
        {card.reasons_state === "pending" && <Pending lines={4} text={t("reasons.pending")} />}
        {card.reasons_state === "not_known" && <NotKnown text={t("reasons.not_known")} />}
        {card.reasons_state === "failed" && <NotKnown text={t("reasons.failed")} />}
        {card.reasons_state === "known" && (
          <ol class="reasons">
            {card.reasons.slice(0, SHOWN).map((reason) => (
              <li key={reason.code}>
                <span class="reason-name">{label(settings.value.reasons, reason.code)}</span>
                <Share value={reason.probability} />
              </li>
            ))}
          </ol>
        )}
      </div>
    </Panel>
  );
}
