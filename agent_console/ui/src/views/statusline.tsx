// Connection and exchange, in one line that is always there. Quiet when all is well.
import { exchange, line, status } from "../app";
import { second } from "../clock";
import { count } from "../format";
import { locale, t, tn, word } from "../i18n";
import type { Status } from "../channel";
import { Icon } from "./icon";

function connectionWords(now: Status, online: boolean): string {
  if (now.phase === "connected" && online) return t("connection.connected");
  const why = online ? now.why : "offline";
  const reason = why && why !== "start" ? word("why", why) : "";
  return [word("connection", online ? now.phase : "disconnected"), reason].filter(Boolean)
    .join(": ");
}

export function StatusLine() {
  const now = status.value;
  const shown = second.value; // navigator.onLine has no signal; a second is soon enough
  const online = shown >= 0 && navigator.onLine;
  const switchboard = exchange.value;
  if (!now) return null;
  const fine = now.phase === "connected" && online;
  const level = fine ? "good" : now.phase === "failed" ? "bad" : "warn";
  const exchangeFine = switchboard.state === "up";
  return (
    <div class="statusline">
      <div class={`status status-${level}`} role="status">
        <Icon name={fine ? "link" : "cut"} size={16} />
        <span>{connectionWords(now, online)}</span>
      </div>
      {now.phase === "disconnected" && (
        <div class="status status-warn">
          <Retry now={now} />
          <button type="button" class="link" onClick={() => line.value?.retry()}>
            {t("connection.retry")}
          </button>
        </div>
      )}
      {fine && (
        <div class={`status status-${exchangeFine ? "good" : "bad"}`} role="status">
          <Icon name={exchangeFine ? "exchange" : "warn"} size={16} />
          <span>
            {word("exchange", switchboard.state)}
            {!exchangeFine && switchboard.message ? `: ${switchboard.message}` : ""}
          </span>
        </div>
      )}
    </div>
  );
}

function Retry({ now }: { now: Status }) {
  const left = Math.max(0, Math.ceil(((now.retryAt ?? 0) - Date.now()) / 1000));
  return (
    <span aria-live="off">
      {second.value >= 0 && tn("connection.again", left, count(locale.value, left))}
    </span>
  );
}
