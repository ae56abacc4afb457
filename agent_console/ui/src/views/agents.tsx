// The columns of the supervisor's table of agents. Whoever asks for help comes first when sorted so.
import { listening } from "../calls";
import { count, percent } from "../format";
import { locale, t, word } from "../i18n";
import type { AgentView } from "../protocol";
import { Countdown, Timer } from "./bits";
import { Icon, StateIcon } from "./icon";
import { stateWords } from "./statebutton";
import type { Column } from "./table";

export function agentColumns(act: (agent: AgentView) => void): Column<AgentView>[] {
  const lang = locale.value;
  return [
    { key: "name", title: t("agents.name"), value: (a) => a.name, heading: true, cell: (a) => <bdi>{a.name}</bdi> },
    {
      key: "help", title: t("agents.help"), value: (a) => a.help_since,
      cell: (a) => (a.help_since === null ? <span class="quiet">–</span> : (
        <span class="help-flag"><Icon name="hand" size={15} /> <Timer since={a.help_since} /></span>
      )),
    },
    {
      key: "state", title: t("agents.state"), value: (a) => word("state", a.state),
      cell: (a) => (
        <span class={`state-chip state-${a.state}`}>
          <StateIcon state={a.state} size={15} />{" "}
          {a.state === "break" ? t("state.break") : word("state", a.state)}
          {a.state === "wrapup" && a.deadline !== null && <>{" "}<Countdown until={a.deadline} /></>}
        </span>
      ),
    },
    { key: "since", title: t("agents.for"), numeric: true, value: (a) => -a.since, cell: (a) => <Timer since={a.since} /> },
    {
      key: "reason", title: t("agents.reason"),
      value: (a) => (a.state === "break" ? stateWords("break", a.reason) : null),
    },
    {
      key: "with", title: t("agents.with"), value: (a) => a.busy_with,
      cell: (a) => (
        <>
          {a.busy_with === null ? "–" : (
            <span class={a.busy_with === "internal" ? "chip-flat chip-warn" : ""}>
              {word("with", a.busy_with)}
            </span>
          )}
          {listening.value?.agent === a.agent && (
            <>{" "}<span class="chip-flat chip-on"><Icon name="listen" size={13} /> {t("agents.you_listen")}</span></>
          )}
        </>
      ),
    },
    { key: "queue", title: t("agents.queue"), value: (a) => a.queue, cell: (a) => (a.queue === null ? "–" : <bdi>{a.queue}</bdi>) },
    {
      key: "actions", title: t("agents.actions"), value: (a) => a.name,
      cell: (a) => (
        <button
          type="button" class="button small" aria-haspopup="dialog"
          aria-label={t("agents.actions_for", { name: a.name })} onClick={() => act(a)}
        ><Icon name="more" size={15} /> {t("agents.act")}</button>
      ),
    },
    {
      key: "skills", title: t("agents.skills"), value: (a) => a.skills.length,
      cell: (a) => (a.skills.length === 0 ? "–" : (
        <span class="skills" title={skillList(a)}>
          {a.skills.slice(0, 3).map(([skill, level]) => (
            <span key={skill} class="chip-flat"><bdi>{skill}</bdi> {level}</span>
          ))}
          {a.skills.length > 3 && <span class="quiet">+{a.skills.length - 3}</span>}
        </span>
      )),
    },
    {
      key: "occupancy", title: t("agents.occupancy"), hint: t("agents.occupancy_hint"), numeric: true,
      value: (a) => a.occupancy,
      cell: (a) => (a.occupancy === null ? "–" : percent(lang, a.occupancy)),
    },
    { key: "calls", title: t("agents.calls"), numeric: true, value: (a) => a.calls_today, cell: (a) => count(lang, a.calls_today) },
    { key: "missed", title: t("agents.missed"), numeric: true, value: (a) => a.missed_today, cell: (a) => count(lang, a.missed_today) },
    {
      key: "toggles", title: t("agents.toggles"), hint: t("agents.toggles_hint"), numeric: true,
      value: (a) => a.toggles, cell: (a) => count(lang, a.toggles),
    },
    {
      key: "next", title: t("agents.next"),
      value: (a) => (a.next_state === null ? null : stateWords(a.next_state, a.next_reason)),
    },
    { key: "device", title: t("agents.device"), value: (a) => a.device, cell: (a) => <><bdi>{a.device}</bdi> <span class="quiet">{word("device", a.device_state)}</span></> },
  ];
}

function skillList(agent: AgentView): string {
  return agent.skills.map(([skill, level]) => `${skill} ${level}`).join(", ");
}
