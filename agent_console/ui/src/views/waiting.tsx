// Calls that wait, and for each on demand who would get it now and why. The list is asked for anew
// when the number of waiting calls changes and every few seconds while there are any.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connected, notify } from "../app";
import { explain } from "../calls";
import { t } from "../i18n";
import type { AgentView, Decision } from "../protocol";
import { type WaitingCall, waitingCalls } from "../session";
import { Timer } from "./bits";
import { DecisionDialog } from "./decision";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

const EVERY = 5000;

export function Waiting({ agents, waiting }: {
  agents: Readonly<Record<string, AgentView>>; waiting: number;
}) {
  const calls = useSignal<readonly WaitingCall[]>([]);
  const failed = useSignal(false);
  const shown = useSignal<{ decision: Decision; call: WaitingCall } | null>(null);
  const online = connected.value;
  useEffect(() => {
    if (waiting === 0 || !online) {
      if (online) calls.value = [];
      return;
    }
    let gone = false;
    const look = async (): Promise<void> => {
      if (document.visibilityState === "hidden") return;
      try {
        const found = await waitingCalls();
        if (!gone) [calls.value, failed.value] = [found, false];
      } catch {
        if (!gone) failed.value = true; // said in the panel; the next look may succeed
      }
    };
    void look();
    const timer = setInterval(() => void look(), EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [waiting, online]);

  const why = async (call: WaitingCall): Promise<void> => {
    const decision = await explain(call.call);
    if (decision) shown.value = { decision, call };
    else notify(t("waiting.gone"));
  };
  return (
    <div class="panel panel-waiting">
      <header class="panel-head"><Icon name="clock" /><h2>{t("waiting.title")}</h2></header>
      <Table
        name="waiting" caption={t("waiting.title")} columns={columns(why)} rows={calls.value}
        id={(c) => c.call} first="since" empty={t(failed.value ? "waiting.failed" : "waiting.none")}
      />
      {shown.value && (
        <DecisionDialog {...shown.value} agents={agents} close={() => (shown.value = null)} />
      )}
    </div>
  );
}

function columns(why: (call: WaitingCall) => Promise<void>): Column<WaitingCall>[] {
  const who = (c: WaitingCall): string => c.name ?? c.number ?? t("caller.withheld");
  return [
    { key: "who", title: t("waiting.caller"), heading: true, value: who, cell: (c) => <bdi>{who(c)}</bdi> },
    { key: "queue", title: t("queues.queue"), value: (c) => c.queue, cell: (c) => <bdi>{c.queue}</bdi> },
    { key: "since", title: t("queues.waiting"), numeric: true, value: (c) => c.since, cell: (c) => <Timer since={c.since} /> },
    {
      key: "why", title: t("waiting.why"), value: (c) => c.since,
      cell: (c) => (
        <button
          type="button" class="button small" aria-haspopup="dialog"
          aria-label={t("waiting.who_gets_of", { name: who(c) })} onClick={() => void why(c)}
        ><Icon name="help" size={15} /> {t("waiting.who_gets")}</button>
      ),
    },
  ];
}
