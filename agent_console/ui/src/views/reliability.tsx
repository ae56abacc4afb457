// What was said against what came: a dot on the line means the numbers can be taken at their word.
// The same figures are there as a table for whoever cannot see the drawing.
import { type Bin, dots, path } from "../chart";
import { count, percent } from "../format";
import { locale, t } from "../i18n";

const SIZE = 132;
const ROOM = 8;

export function Reliability({ bins }: { bins: readonly Bin[] }) {
  const all = dots(bins, SIZE);
  const lang = locale.value;
  const whole = SIZE + 2 * ROOM;
  return (
    <figure class="reliability">
      <figcaption>{t("reliability.title")}</figcaption>
      <div class="reliability-frame">
        <span class="reliability-y quiet" aria-hidden="true">{t("reliability.came")}</span>
        <svg viewBox={`${-ROOM} ${-ROOM} ${whole} ${whole}`} width={whole} height={whole} aria-hidden="true">
          <rect width={SIZE} height={SIZE} class="reliability-ground" />
          {[0.25, 0.5, 0.75].map((at) => (
            <path key={at} class="reliability-grid" d={`M0 ${SIZE * at}H${SIZE}M${SIZE * at} 0V${SIZE}`} />
          ))}
          <path class="reliability-true" d={`M0 ${SIZE}L${SIZE} 0`} />
          <path class="reliability-line" d={path(all)} />
          {all.map(({ x, y, r, bin }) => (
            <circle key={bin.p} cx={x} cy={y} r={r} class="reliability-dot" />
          ))}
        </svg>
        <span class="reliability-x quiet" aria-hidden="true">{t("reliability.said")}</span>
      </div>
      {all.length === 0 ? <p class="quiet">{t("reliability.none")}</p> : (
        <table class="unseen">
          <caption>{t("reliability.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("reliability.said")}</th>
              <th scope="col">{t("reliability.came")}</th>
              <th scope="col">{t("reliability.calls")}</th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ bin }) => (
              <tr key={bin.p}>
                <th scope="row">{percent(lang, bin.p)}</th>
                <td>{percent(lang, bin.share)}</td>
                <td>{count(lang, bin.n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </figure>
  );
}
