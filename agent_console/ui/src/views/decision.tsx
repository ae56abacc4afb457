// A dry run in words: who would get the call now, by which rule, among whom, and why not the others.
import { useEffect, useRef } from "preact/hooks";
import { count, duration } from "../format";
import { locale, t, word } from "../i18n";
import type { AgentView, Decision } from "../protocol";
import type { WaitingCall } from "../session";
import { TimeOfDay } from "./bits";
import { Icon } from "./icon";

export function DecisionDialog({ decision, call, agents, close }: {
  decision: Decision; call: WaitingCall; agents: Readonly<Record<string, AgentView>>; close(): void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const lang = locale.value;
  const name = (agent: string): string => agents[agent]?.name ?? agent;
  const who = call.name ?? call.number ?? t("caller.withheld");
  return (
    <dialog ref={dialog} class="help decision" aria-labelledby="decision-title" onClose={close}>
      <header>
        <h2 id="decision-title">{t("decision.title", { name: who })}</h2>
        <button
          type="button" class="icon-button" aria-label={t("close")}
          onClick={() => dialog.current?.close()}
        ><Icon name="close" /></button>
      </header>
      <p class={`decision-answer ${decision.agent === null ? "decision-waits" : ""}`}>
        <Icon name={decision.agent === null ? "clock" : "person"} size={22} />
        <span>
          <strong>
            {decision.agent === null ? t("decision.waits")
              : t("decision.gets", { name: name(decision.agent) })}
          </strong>{" "}
          {word("rule", decision.rule)}
        </span>
      </p>
      <dl class="decision-facts">
        <div><dt>{t("queues.queue")}</dt><dd><bdi>{decision.queue}</bdi></dd></div>
        <div>
          <dt>{t("decision.step", { n: count(lang, decision.step + 1) })}</dt>
          <dd>{decision.want ? <code>{decision.want}</code> : t("decision.members")}</dd>
        </div>
        <div><dt>{t("decision.score")}</dt><dd>{duration(lang, decision.score)}</dd></div>
        <div><dt>{t("decision.ahead")}</dt><dd>{count(lang, decision.ahead)}</dd></div>
        <div><dt>{t("decision.eligible")}</dt><dd>{count(lang, decision.eligible)}</dd></div>
        <div><dt>{t("decision.ready")}</dt><dd>{count(lang, decision.ready)}</dd></div>
      </dl>
      {decision.considered.length > 0 && (
        <>
          <h3>{t("decision.considered")}</h3>
          <ul class="considered">
            {decision.considered.map(({ agent, verdict, detail }) => (
              <li key={agent} class={verdict === "chosen" ? "considered-chosen" : ""}>
                <Icon name={verdict === "chosen" ? "good" : "close"} size={15} />
                <bdi class="candidate-name">{name(agent)}</bdi>
                <span>{word("verdict", verdict)}</span>
                {detail && (
                  <bdi class="quiet">
                    {verdict === "not_ready" ? word("state", detail) : detail}
                  </bdi>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="quiet decision-counts">
        {decision.counts.map(([verdict, n]) => `${word("verdict", verdict)}: ${count(lang, n)}`).join(" · ")}
      </p>
      <p class="quiet">{t("decision.as_of")} <TimeOfDay at={decision.at} seconds /></p>
    </dialog>
  );
}
