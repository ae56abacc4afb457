// Promises kept, late and broken, by the day on which their windows closed: a drawing, and the same
// figures as a table.
import { byDay, scores, whyBroken } from "../callbacks";
import { columns } from "../chart";
import { calendarDate, count, percent } from "../format";
import { knows, locale, t, word } from "../i18n";
import { usePoll } from "../poll";
import { Icon } from "./icon";

const EVERY = 60_000;
const DAYS = 14;
const [WIDTH, HEIGHT] = [420, 110];
const PARTS = ["kept", "late", "broken"] as const;

export function Kept() {
  const { found, failed, slow } = usePoll(() => scores(DAYS), EVERY);
  const days = byDay(found ?? []);
  const lang = locale.value;
  const promised = days.reduce((sum, one) => sum + one.promised, 0);
  const kept = days.reduce((sum, one) => sum + one.kept, 0);
  const broken = whyBroken(found ?? []);
  return (
    <section class="panel" aria-labelledby="kept-title">
      <header class="panel-head">
        <Icon name="target" /><h2 id="kept-title">{t("kept.title", { days: count(lang, DAYS) })}</h2>
        {slow && <progress class="slow" aria-label={t("loading")} />}
      </header>
      {failed !== null && <p class="form-problem" role="alert"><Icon name="bad" /> <span>{failed}</span></p>}
      {found === null ? <p class="quiet">{t("loading")}</p> : promised === 0 ? <p class="quiet">{t("kept.none")}</p> : (
        <figure class="kept">
          <figcaption>
            <strong>{percent(lang, kept / promised)}</strong>{" "}
            {t("kept.of", { kept: count(lang, kept), promised: count(lang, promised) })}
          </figcaption>
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" class="kept-chart">
            <path class="reliability-grid" d={`M0 ${HEIGHT}H${WIDTH}`} />
            {columns(days.map(({ kept: a, late, broken: b }) => ({ kept: a, late, broken: b })), PARTS, WIDTH, HEIGHT)
              .map((bar, i) => bar.parts.map(({ part, y, height }) => (
                <rect key={`${i} ${part}`} class={`kept-${part}`} x={bar.x} width={bar.width} y={y} height={height} />
              )))}
          </svg>
          <p class="kept-axis quiet" aria-hidden="true">
            <span>{calendarDate(lang, days[0]!.day)}</span>
            {days.length > 1 && <span>{calendarDate(lang, days.at(-1)!.day)}</span>}
          </p>
          <ul class="kept-legend" aria-hidden="true">
            {PARTS.map((part) => <li key={part}><span class={`kept-key kept-${part}`} /> {t(`kept.${part}`)}</li>)}
          </ul>
          {broken.length > 0 && (
            <p class="quiet">
              {t("kept.why")}{" "}
              {broken.map(([why, n]) => `${knows("callback_end", why) ? word("callback_end", why) : why}: ${count(lang, n)}`).join(" · ")}
            </p>
          )}
          <details>
            <summary>{t("kept.table")}</summary>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("kept.day")}</th>
                  <th scope="col" class="numeric">{t("kept.promised")}</th>
                  {PARTS.map((part) => <th key={part} scope="col" class="numeric">{t(`kept.${part}`)}</th>)}
                </tr>
              </thead>
              <tbody>
                {days.map((one) => (
                  <tr key={one.day}>
                    <th scope="row">{calendarDate(lang, one.day)}</th>
                    <td class="numeric">{count(lang, one.promised)}</td>
                    {PARTS.map((part) => <td key={part} class="numeric">{count(lang, one[part])}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </figure>
      )}
    </section>
  );
}
