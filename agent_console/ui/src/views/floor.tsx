// The supervisor's page: queues, waiting calls and agents, live. Changing numbers are never
// announced; the age of what is shown is always there, and the page turns grey when it is old.
import { useSignal } from "@preact/signals";
import { board, connected, line } from "../app";
import { second } from "../clock";
import { count, duration } from "../format";
import { locale, t, word } from "../i18n";
import type { AgentView, QueueView } from "../protocol";
import { AgentDialog } from "./agentdialog";
import { agentColumns } from "./agents";
import { TimeOfDay } from "./bits";
import { Icon } from "./icon";
import { PredictionTile } from "./prediction";
import { queueColumns } from "./queues";
import { Table } from "./table";
import { Waiting } from "./waiting";

/** Seconds without any message after which the figures count as old. */
const STALE = 40;
/** Agents who work for nobody although they should. */
const GONE = new Set(["missed", "unreachable"]);

export function Floor() {
  const age = Math.max(0, second.value - (line.value?.heard.value ?? 0));
  const stale = !connected.value || age > STALE;
  const queues = Object.values(board.value?.queues ?? {});
  const agents = Object.values(board.value?.agents ?? {});
  const inState = (...states: string[]): number =>
    agents.filter((a) => states.includes(a.state)).length;
  const acted = useSignal<string | null>(null);
  const chosen = agents.find((a) => a.agent === acted.value);
  const sum = (of: (view: QueueView) => number): number =>
    queues.reduce((total, view) => total + of(view), 0);
  return (
    <div class={`floor ${stale ? "stale" : ""}`}>
      <header class="floor-head">
        <h1>{t("floor.title")}</h1>
        <p class="floor-age">
          <Icon name={stale ? "warn" : "clock"} size={15} />{" "}
          {stale ? t("floor.stale") : t("floor.as_of")}{" "}
          <TimeOfDay at={line.value?.heard.value ?? 0} seconds />{" "}
          <span class="quiet">({duration(locale.value, age)})</span>
        </p>
      </header>
      <dl class="floor-figures">
        <Figure name={t("floor.waiting_now")} value={sum((q) => q.waiting)} alarm={sum((q) => q.waiting) > 0} icon="queue" />
        <Figure name={word("state", "ready")} value={inState("ready")} icon="ready" />
        <Figure name={word("state", "talking")} value={inState("talking", "held", "reserved", "offered")} icon="talking" />
        <Figure name={word("state", "wrapup")} value={inState("wrapup")} icon="wrapup" />
        <Figure name={word("state", "break")} value={inState("break")} icon="break" />
        <Figure name={t("floor.away")} value={agents.filter((a) => GONE.has(a.state)).length} alarm={agents.some((a) => GONE.has(a.state))} icon="missed" />
      </dl>
      <div class="panel">
        <header class="panel-head"><Icon name="queue" /><h2>{t("queues.title")}</h2></header>
        <Table
          name="queues" caption={t("queues.title")} columns={queueColumns()} rows={queues}
          id={(q) => q.queue} first="queue" empty={t("queues.none")}
          rowClass={(q) => (q.waiting > 0 && q.ready === 0 ? "row-alarm" : "")}
        />
        <p class="quiet note">{t("queues.sl_definition")}</p>
      </div>
      <Waiting agents={board.value?.agents ?? {}} waiting={sum((q) => q.waiting)} />
      <div class="panel">
        <header class="panel-head"><Icon name="person" /><h2>{t("agents.title")}</h2></header>
        <Table
          name="agents" caption={t("agents.title")}
          columns={agentColumns((a) => (acted.value = a.agent))} rows={agents}
          id={(a) => a.agent} first="name" empty={t("agents.none")} rowClass={rowClass}
        />
      </div>
      <PredictionTile />
      {chosen && <AgentDialog agent={chosen} close={() => (acted.value = null)} />}
    </div>
  );
}

function Figure({ name, value, icon, alarm }: {
  name: string; value: number; icon: string; alarm?: boolean;
}) {
  return (
    <div class={alarm ? "figure-alarm" : ""}>
      <dt><Icon name={icon} size={15} /> {name}</dt>
      <dd>{count(locale.value, value)}</dd>
    </div>
  );
}

function rowClass(agent: AgentView): string {
  if (agent.help_since !== null) return "row-help";
  return GONE.has(agent.state) ? "row-away" : "";
}
