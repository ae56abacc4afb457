// Agents who ask for help, and the call a supervisor listens to: on every page, above everything,
// because both must not be overlooked. They cover nothing that is worked in and move nothing.
import { board } from "../app";
import { giveHelp, listening, supervise } from "../calls";
import { t, word } from "../i18n";
import type { HelpRequest } from "../protocol";
import { Timer } from "./bits";
import { Icon } from "./icon";

export function Requests() {
  const requests = Object.values(board.value?.help ?? {})
    .sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
  const now = listening.value;
  return (
    <div class="requests">
      <div role="alert">
        {requests.map((request) => <Request key={request.agent} request={request} />)}
      </div>
      {now && (
        <section class="request request-listen" aria-label={word("do", now.mode)}>
          <Icon name="listen" />
          <p><strong>{word("do", now.mode)}</strong>: <bdi>{now.name}</bdi></p>
          <div class="request-acts">
            {(["listen", "whisper", "barge"] as const).filter((mode) => mode !== now.mode).map((mode) => (
              <button
                key={mode} type="button" class="button small"
                onClick={() => void supervise(
                  { ...now, device: board.value?.agents[now.agent]?.device ?? "" }, mode,
                  t("supervise.changed"),
                )}
              >{word("do", mode)}</button>
            ))}
            <button
              type="button" class="button small"
              onClick={() => void supervise({ ...now, device: "" }, "stop_listening", "")}
            >{word("do", "stop_listening")}</button>
          </div>
        </section>
      )}
    </div>
  );
}

function Request({ request }: { request: HelpRequest }) {
  return (
    <section class="request">
      <Icon name="hand" />
      <p>
        <strong>{t("requests.asks", { name: request.name })}</strong>{" "}
        {request.since !== null && <Timer since={request.since} />}
        {request.text && <><br /><bdi>{request.text}</bdi></>}
      </p>
      <div class="request-acts">
        <a class="button small" href="#/floor">{t("requests.show")}</a>
        <button
          type="button" class="button small primary"
          aria-label={t("requests.take_for", { name: request.name })}
          onClick={() => void giveHelp(request.agent)}
        >{t("requests.take")}</button>
      </div>
    </section>
  );
}
