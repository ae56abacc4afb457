// What became of visitors who were shown answers before they asked to be called. Whether somebody
// came back is known of those only whose number or name we know, and it is said so.
import { deflection } from "../callbacks";
import { count, percent } from "../format";
import { locale, t } from "../i18n";
import { usePoll } from "../poll";
import { Icon } from "./icon";

const EVERY = 60_000;
const DAYS = 7;

export function Deflected() {
  const { found, failed, slow } = usePoll(() => deflection(DAYS), EVERY);
  const lang = locale.value;
  const n = (value: number): string => count(lang, value);
  return (
    <section class="panel" aria-labelledby="deflected-title">
      <header class="panel-head">
        <Icon name="book" /><h2 id="deflected-title">{t("deflected.title", { days: n(DAYS) })}</h2>
        {slow && <progress class="slow" aria-label={t("loading")} />}
      </header>
      {failed !== null && <p class="form-problem" role="alert"><Icon name="bad" /> <span>{failed}</span></p>}
      {found === null ? <p class="quiet">{t("loading")}</p> : (
        <dl class="deflected">
          <div><dt>{t("deflected.shown")}</dt><dd>{n(found.shown)}</dd></div>
          <div><dt>{t("deflected.solved")}</dt><dd>{n(found.solved)}</dd></div>
          <div><dt>{t("deflected.booked")}</dt><dd>{n(found.booked)}</dd></div>
          <div><dt>{t("deflected.known")}</dt><dd>{n(found.known)}</dd></div>
          <div><dt>{t("deflected.back_24")}</dt><dd>{t("deflected.out_of", { n: n(found.back_24), all: n(found.known) })}</dd></div>
          <div><dt>{t("deflected.back_72")}</dt><dd>{t("deflected.out_of", { n: n(found.back_72), all: n(found.over_72) })}</dd></div>
        </dl>
      )}
      {found !== null && (
        <p class="note">
          {found.over_72 === 0 ? t("deflected.not_yet")
            : t("deflected.honest", { share: percent(lang, 1 - found.back_72 / found.over_72), n: n(found.over_72) })}{" "}
          <span class="quiet">{t("deflected.unknown", { n: n(found.solved - found.known) })}</span>
        </p>
      )}
    </section>
  );
}
