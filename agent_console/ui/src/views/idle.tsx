// Between calls: what the state means, how the day goes, and the calls that were finished.
import { agent, chooseState, connected, settings, state } from "../app";
import { second } from "../clock";
import { count, timer } from "../format";
import { label, locale, t, word } from "../i18n";
import type { Finished } from "../state";
import { TimeOfDay, Timer } from "./bits";
import { Icon, StateIcon } from "./icon";
import { OwnCallbacks } from "./owncallbacks";
import { stateWords } from "./statebutton";

export function Idle() {
  const me = agent.value;
  const { finished } = state.value;
  return (
    <div class="idle">
      {me && (
        <section class={`idle-state state-${me.state}`} aria-labelledby="idle-title">
          <div class="idle-icon"><StateIcon state={me.state} size={40} /></div>
          <div>
            <h1 id="idle-title">{stateWords(me.state, me.reason)}</h1>
            <p>{word("idle", me.state)}</p>
            {(me.state === "break" || me.state === "missed") && (
              <button
                type="button" class="button primary" disabled={!connected.value}
                onClick={() => void chooseState("ready", null)}
              >
                <Icon name="ready" /> {t(me.state === "missed" ? "idle.ready_again" : "idle.go_ready")}
              </button>
            )}
            {me.state === "unreachable" && (
              <ol class="idle-steps">
                <li>{t("unreachable.plug")}</li>
                <li>{t("unreachable.registered")}</li>
                <li>{t("unreachable.tell")}</li>
              </ol>
            )}
          </div>
        </section>
      )}
      {me && (
        <dl class="idle-figures">
          <div><dt>{t("idle.since")}</dt><dd><Timer since={me.since} /></dd></div>
          <div><dt>{t("idle.calls")}</dt><dd>{count(locale.value, me.calls_today)}</dd></div>
          <div><dt>{t("idle.talk")}</dt><dd>{averageTalk(finished)}</dd></div>
          <div>
            <dt>{t("idle.phone")}</dt>
            <dd class="idle-phone"><bdi>{me.device}</bdi> <span>{word("device", me.device_state)}</span></dd>
          </div>
          <div><dt>{t("idle.clock")}</dt><dd><TimeOfDay at={second.value} /></dd></div>
        </dl>
      )}
      {me && settings.value.callbacks && <OwnCallbacks agent={me.agent} />}
      <section class="panel" aria-labelledby="finished-title">
        <header class="panel-head">
          <Icon name="history" /><h2 id="finished-title">{t("idle.finished")}</h2>
        </header>
        {finished.length === 0
          ? <p class="quiet">{t("idle.none")}</p>
          : (
            <ol class="finished">
              {finished.map((call) => <Done key={call.call} call={call} />)}
            </ol>
          )}
      </section>
    </div>
  );
}

function averageTalk(finished: readonly Finished[]): string {
  const talks = finished.flatMap((call) => (call.talk === null ? [] : [call.talk]));
  return talks.length === 0 ? "–" : timer(talks.reduce((a, b) => a + b) / talks.length);
}

function Done({ call }: { call: Finished }) {
  const noted = state.value.noted[call.call];
  return (
    <li>
      <span class="finished-time"><TimeOfDay at={call.at} /></span>
      <bdi class="finished-name">{call.name ?? call.number ?? t("caller.unknown")}</bdi>
      <span class="finished-reason">
        {noted ? label(settings.value.reasons, noted.reason) : t(call.talk === null ? "idle.not_answered" : "idle.not_noted")}
      </span>
      <span class="finished-outcome">
        {noted ? label(settings.value.outcomes, noted.outcome) : ""}
      </span>
      <span class="timer">{call.talk === null ? "–" : timer(call.talk)}</span>
    </li>
  );
}
