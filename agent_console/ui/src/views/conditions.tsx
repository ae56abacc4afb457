// What concerns everybody for a time: an outage is switched on here the moment it is known, so that
// the next caller's card already says it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { attempted, settings } from "../app";
import { label, t } from "../i18n";
import { uuid } from "../line";
import { type Condition, conditions, endCondition, setCondition } from "../prediction";
import { When } from "./bits";
import { Icon } from "./icon";

const TITLE_MOST = 200;
const PRODUCT_MOST = 60;

export function Conditions() {
  const known = useSignal<readonly Condition[]>([]);
  const failed = useSignal(false);
  const kinds = settings.value.conditions;
  const kind = useSignal(kinds[0]?.code ?? "outage");
  const title = useSignal("");
  const product = useSignal("");
  const look = async (): Promise<void> => {
    try {
      [known.value, failed.value] = [await conditions(), false];
    } catch {
      failed.value = true; // said in the list
    }
  };
  useEffect(() => void look(), []);
  const begin = async (): Promise<void> => {
    const d = { kind: kind.value, title: title.value.trim() };
    const only = product.value.trim();
    if (await attempted(setCondition(uuid(), only ? { ...d, product: only } : d))) {
      title.value = "";
      product.value = "";
      await look();
    }
  };
  const end = async (id: string): Promise<void> => {
    if (await attempted(endCondition(id))) await look();
  };
  const open = known.value.filter(({ until }) => until === null || until * 1000 > Date.now());
  return (
    <form
      class="conditions" aria-labelledby="conditions-title" onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <h3 id="conditions-title">{t("conditions.title")}</h3>
      <p class="quiet">{t("conditions.note")}</p>
      <ul class="condition-rows">
        {open.map((one) => (
          <li key={one.id}>
            <Icon name="warn" size={16} />
            <span>
              <strong>{label(kinds, one.kind)}</strong>{one.title && <>: <bdi>{one.title}</bdi></>}
              <span class="quiet">
                {" "}{one.product !== null && <><bdi>{one.product}</bdi> · </>}<When at={one.since} />
              </span>
            </span>
            <button
              type="button" class="button small" onClick={() => void end(one.id)}
              aria-label={t("conditions.end_of", { title: one.title || label(kinds, one.kind) })}
            >{t("conditions.end")}</button>
          </li>
        ))}
        {open.length === 0 && <li class="quiet">{t(failed.value ? "conditions.failed" : "conditions.none")}</li>}
      </ul>
      <div class="button-row condition-new">
        <select
          aria-label={t("conditions.kind")} value={kind.value}
          onChange={(event) => (kind.value = event.currentTarget.value)}
        >
          {kinds.length === 0 && <option value="outage">{t("conditions.outage")}</option>}
          {kinds.map(({ code }) => <option key={code} value={code}>{label(kinds, code)}</option>)}
        </select>
        <input
          class="condition-title" required maxLength={TITLE_MOST} aria-label={t("conditions.what")}
          placeholder={t("conditions.what")} value={title.value}
          onInput={(event) => (title.value = event.currentTarget.value)}
        />
        <input
          class="condition-product" maxLength={PRODUCT_MOST} aria-label={t("conditions.product")}
          placeholder={t("conditions.product")} value={product.value}
          onInput={(event) => (product.value = event.currentTarget.value)}
        />
        <button type="submit" class="button primary" disabled={!title.value.trim()}>{t("conditions.begin")}</button>
      </div>
    </form>
  );
}
