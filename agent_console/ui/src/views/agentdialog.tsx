// What a supervisor may do about one agent: listen in with a reason, set the state, edit skills.
// Reasons are written to the audit, so they are asked for before anything is done.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connected, settings, user } from "../app";
import { reachable, setSkills, setState, signOutAgent, supervise } from "../calls";
import type { Supervise } from "../controls";
import { label, t, word } from "../i18n";
import type { AgentView } from "../protocol";
import { Timer } from "./bits";
import { Icon, StateIcon } from "./icon";
import { stateWords } from "./statebutton";

const IN_CALL = new Set(["talking", "held"]);

export function AgentDialog({ agent, close }: { agent: AgentView; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help agent-dialog" aria-labelledby="agent-title" onClose={close}>
      <header>
        <h2 id="agent-title"><bdi>{agent.name}</bdi></h2>
        <button
          type="button" class="icon-button" aria-label={t("close")}
          onClick={() => dialog.current?.close()}
        ><Icon name="close" /></button>
      </header>
      <p class={`state-chip state-${agent.state}`}>
        <StateIcon state={agent.state} size={15} /> {stateWords(agent.state, agent.reason)}{" "}
        <Timer since={agent.since} />
      </p>
      <Listen agent={agent} done={() => dialog.current?.close()} />
      <States agent={agent} />
      <Skills agent={agent} />
    </dialog>
  );
}

/** Why nobody can be listened to at the moment, or nothing. */
function whyNot(agent: AgentView): string | null {
  if (!connected.value) return t("disabled.connection");
  if (!reachable()) return t("block.exchange");
  if (!user.value?.device) return t("supervise.no_phone");
  if (user.value.user === agent.agent) return t("supervise.self");
  return agent.call !== null && IN_CALL.has(agent.state) ? null : t("supervise.no_call");
}

function Listen({ agent, done }: { agent: AgentView; done(): void }) {
  const reason = useSignal("");
  const wrong = useSignal(false);
  const why = whyNot(agent);
  const go = async (mode: Supervise): Promise<void> => {
    const words = reason.value.trim();
    if (mode !== "stop_listening" && !words) {
      wrong.value = true;
      document.getElementById("supervise-reason")?.focus();
      return;
    }
    const { call, name, device } = agent;
    if (call !== null && await supervise({ call, agent: agent.agent, name, device }, mode, words)) {
      done();
    }
  };
  return (
    <section aria-labelledby="listen-title">
      <h3 id="listen-title">{t("supervise.title")}</h3>
      <label class="field">
        <span>{t("supervise.reason")}</span>
        <input
          id="supervise-reason" value={reason.value} maxLength={500} disabled={why !== null}
          aria-invalid={wrong.value} aria-describedby="supervise-note"
          onInput={(event) => {
            reason.value = event.currentTarget.value;
            wrong.value = false;
          }}
        />
      </label>
      <p id="supervise-note" class={wrong.value ? "form-problem" : "quiet popup-hint"} role="status">
        {why ?? t(wrong.value ? "supervise.say_why" : "supervise.note")}
      </p>
      <div class="button-row">
        {(["listen", "whisper", "barge", "take_over"] as const).map((mode) => (
          <button
            key={mode} type="button" class="button" disabled={why !== null}
            title={t(`supervise.${mode}`)} onClick={() => void go(mode)}
          >{word("do", mode)}</button>
        ))}
        <button
          type="button" class="button" disabled={why !== null}
          onClick={() => void go("stop_listening")}
        >{word("do", "stop_listening")}</button>
      </div>
    </section>
  );
}

function States({ agent }: { agent: AgentView }) {
  const reasons = settings.value.break_reasons;
  const reason = useSignal(reasons[0]?.code ?? "");
  const sure = useSignal(false);
  const off = !connected.value;
  return (
    <section aria-labelledby="set-state-title">
      <h3 id="set-state-title">{t("supervise.state")}</h3>
      <div class="button-row">
        <button
          type="button" class="button" disabled={off}
          onClick={() => void setState(agent.agent, "ready", null)}
        ><Icon name="ready" /> {word("state", "ready")}</button>
        <span class="button-pair">
          {reasons.length > 0 && (
            <select
              aria-label={t("supervise.break_reason")} value={reason.value}
              onChange={(event) => (reason.value = event.currentTarget.value)}
            >
              {reasons.map(({ code }) => (
                <option key={code} value={code}>{label(reasons, code)}</option>
              ))}
            </select>
          )}
          <button
            type="button" class="button" disabled={off}
            onClick={() => void setState(agent.agent, "break", reason.value || null)}
          ><Icon name="break" /> {word("state", "break")}</button>
        </span>
        <button
          type="button" class="button" disabled={off} aria-live="polite"
          onClick={() => {
            if (sure.value) void signOutAgent(agent.agent);
            sure.value = !sure.value;
          }}
        ><Icon name="offline" /> {t(sure.value ? "supervise.sign_out_sure" : "supervise.sign_out")}</button>
      </div>
    </section>
  );
}

function Skills({ agent }: { agent: AgentView }) {
  const rows = useSignal<readonly (readonly [string, number])[]>(agent.skills);
  const name = useSignal("");
  const saved = useSignal(false);
  const put = (next: readonly (readonly [string, number])[]): void => {
    rows.value = next;
    saved.value = false;
  };
  const add = (): void => {
    const skill = name.value.trim();
    if (skill && !rows.value.some(([known]) => known === skill)) put([...rows.value, [skill, 1]]);
    name.value = "";
  };
  return (
    <form
      aria-labelledby="skills-title" onSubmit={async (event) => {
        event.preventDefault();
        saved.value = await setSkills(agent.agent, Object.fromEntries(rows.value));
      }}
    >
      <h3 id="skills-title">{t("agents.skills")}</h3>
      <ul class="skill-rows">
        {rows.value.map(([skill, level], at) => (
          <li key={skill}>
            <bdi>{skill}</bdi>
            <select
              aria-label={t("skills.level_of", { skill })} value={String(level)}
              onChange={(event) => {
                const value = Number(event.currentTarget.value);
                put(rows.value.map((row, i) => (i === at ? [skill, value] : row)));
              }}
            >
              {[0, 1, 2, 3, 4, 5].map((n) => <option key={n} value={String(n)}>{n}</option>)}
            </select>
            <button
              type="button" class="icon-button" aria-label={t("skills.remove", { skill })}
              onClick={() => put(rows.value.filter((_, i) => i !== at))}
            ><Icon name="close" size={14} /></button>
          </li>
        ))}
      </ul>
      <div class="button-row">
        <input
          class="skill-name" aria-label={t("skills.new")} placeholder={t("skills.new")} maxLength={60}
          value={name.value} onInput={(event) => (name.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.isComposing) return;
            event.preventDefault();
            add();
          }}
        />
        <button type="button" class="button" disabled={!name.value.trim()} onClick={add}>{t("skills.add")}</button>
        <button type="submit" class="button primary" disabled={!connected.value}>{t("skills.save")}</button>
        <span class="quiet" role="status">{saved.value ? t("skills.saved") : ""}</span>
      </div>
    </form>
  );
}
