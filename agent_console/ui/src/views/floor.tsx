// The supervisor's page: queues and agents, live. Changing numbers are never announced; the age
// of what is shown is always there, and the page turns grey when it is old.
import { board, connected, line } from "../app";
import { second } from "../clock";
import { count, duration, percent, timer } from "../format";
import { locale, t, word } from "../i18n";
import type { AgentView, QueueView } from "../protocol";
import { TimeOfDay, Timer } from "./bits";
import { Icon, StateIcon } from "./icon";
import { stateWords } from "./statebutton";
import { Table, type Column } from "./table";

/** Seconds without any message after which the figures count as old. */
const STALE = 40;

/** Share of the calls that left the queue which were answered in time; nothing before the first. */
export function serviceLevel(view: QueueView): number | null {
  const done = view.answered + view.abandoned + view.left;
  return done === 0 ? null : view.within_threshold / done;
}

export function averageWait(view: QueueView): number | null {
  return view.answered === 0 ? null : view.wait_total / view.answered;
}

export function Floor() {
  const age = Math.max(0, second.value - (line.value?.heard.value ?? 0));
  const stale = !connected.value || age > STALE;
  const queues = Object.values(board.value?.queues ?? {});
  const agents = Object.values(board.value?.agents ?? {});
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
        <Figure name={word("state", "ready")} value={agents.filter((a) => a.state === "ready").length} icon="ready" />
        <Figure name={word("state", "talking")} value={agents.filter((a) => a.state === "talking" || a.state === "held").length} icon="talking" />
        <Figure name={word("state", "wrapup")} value={agents.filter((a) => a.state === "wrapup").length} icon="wrapup" />
        <Figure name={word("state", "break")} value={agents.filter((a) => a.state === "break").length} icon="break" />
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
      <div class="panel">
        <header class="panel-head"><Icon name="person" /><h2>{t("agents.title")}</h2></header>
        <Table
          name="agents" caption={t("agents.title")} columns={agentColumns()} rows={agents}
          id={(a) => a.agent} first="name" empty={t("agents.none")}
        />
      </div>
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

function queueColumns(): Column<QueueView>[] {
  const lang = locale.value;
  const number = (key: keyof QueueView, title: string, hint?: string): Column<QueueView> => ({
    key, title, hint, numeric: true,
    value: (q) => q[key] as number,
    cell: (q) => count(lang, q[key] as number),
  });
  return [
    { key: "queue", title: t("queues.queue"), value: (q) => q.queue, heading: true, cell: (q) => <bdi>{q.queue}</bdi> },
    {
      key: "waiting", title: t("queues.waiting"), numeric: true, value: (q) => q.waiting,
      cell: (q) => (
        <span class={q.waiting > 0 ? "waiting-some" : ""}>
          {q.waiting > 0 && q.ready === 0 && (
            <><Icon name="warn" size={14} /><span class="unseen">{t("queues.nobody_ready")} </span></>
          )}
          {count(lang, q.waiting)}
        </span>
      ),
    },
    {
      key: "longest", title: t("queues.longest"), numeric: true,
      value: (q) => (q.longest_since === null ? null : -q.longest_since),
      cell: (q) => (q.longest_since === null ? "–" : <Timer since={q.longest_since} />),
    },
    {
      key: "sl", title: t("queues.sl"), hint: t("queues.sl_definition"), numeric: true,
      value: serviceLevel,
      cell: (q) => {
        const level = serviceLevel(q);
        return (
          <>
            {level === null ? "–" : percent(lang, level)}
            <span class="quiet sl-threshold"> / {duration(lang, q.threshold)}</span>
          </>
        );
      },
    },
    {
      key: "asa", title: t("queues.asa"), hint: t("queues.asa_hint"), numeric: true,
      value: averageWait,
      cell: (q) => {
        const wait = averageWait(q);
        return wait === null ? "–" : timer(Math.round(wait));
      },
    },
    number("offered", t("queues.offered")),
    number("answered", t("queues.answered")),
    number("abandoned", t("queues.abandoned")),
    number("ready", word("state", "ready")),
    number("talking", word("state", "talking")),
    number("wrapup", word("state", "wrapup")),
    number("on_break", word("state", "break")),
    number("signed_in", t("queues.signed_in")),
  ];
}

function agentColumns(): Column<AgentView>[] {
  return [
    { key: "name", title: t("agents.name"), value: (a) => a.name, heading: true, cell: (a) => <bdi>{a.name}</bdi> },
    {
      key: "state", title: t("agents.state"), value: (a) => word("state", a.state),
      cell: (a) => (
        <span class={`state-chip state-${a.state}`}>
          <StateIcon state={a.state} size={15} /> {a.state === "break" ? t("state.break") : word("state", a.state)}
        </span>
      ),
    },
    { key: "since", title: t("agents.for"), numeric: true, value: (a) => -a.since, cell: (a) => <Timer since={a.since} /> },
    {
      key: "reason", title: t("agents.reason"),
      value: (a) => (a.state === "break" ? stateWords("break", a.reason) : null),
    },
    {
      key: "next", title: t("agents.next"),
      value: (a) => (a.next_state === null ? null : stateWords(a.next_state, a.next_reason)),
    },
    { key: "queue", title: t("agents.queue"), value: (a) => a.queue, cell: (a) => (a.queue === null ? "–" : <bdi>{a.queue}</bdi>) },
    { key: "device", title: t("agents.device"), value: (a) => a.device, cell: (a) => <><bdi>{a.device}</bdi> <span class="quiet">{word("device", a.device_state)}</span></> },
    { key: "calls", title: t("agents.calls"), numeric: true, value: (a) => a.calls_today, cell: (a) => count(locale.value, a.calls_today) },
  ];
}
