// The line was ended for good. Says why in words and what can be done.
import { line, signOut } from "../app";
import { t, word } from "../i18n";
import { Icon } from "./icon";

/** Codes for which the server's own words say more than ours. */
const DETAILED = new Set(["4400", "4403"]);

export function Stopped({ why, detail }: { why: string; detail: string | null }) {
  return (
    <div class="stopped" role="alert">
      <Icon name="bad" size={22} />
      <div>
        <strong>{t("connection.failed")}</strong>
        <p>{word("why", why)}</p>
        {detail !== null && DETAILED.has(why) && <p class="quiet" lang="en"><bdi>{detail}</bdi></p>}
      </div>
      <div class="actions">
        {why === "4406"
          ? <button type="button" class="button" onClick={() => location.reload()}>{t("reload")}</button>
          : (
            <button type="button" class="button" onClick={() => line.value?.retry()}>
              {why === "4409" ? t("connection.take_over") : t("connection.retry")}
            </button>
          )}
        <button type="button" class="button" onClick={() => void signOut(false)}>{t("signout")}</button>
      </div>
    </div>
  );
}
