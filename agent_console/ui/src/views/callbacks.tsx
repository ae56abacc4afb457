// The supervisor's page of callbacks: how many there are, each of them, what the queues do, and
// whether promises were kept.
import { useSignal } from "@preact/signals";
import { board, connected, settings } from "../app";
import { type Callback, type Listed, listed, nameOfCustomer, OPEN } from "../callbacks";
import { count } from "../format";
import { locale, t, word } from "../i18n";
import { usePoll } from "../poll";
import { windowText } from "../zones";
import { Segments, TimeOfDay, When } from "./bits";
import { BlockList } from "./blocklist";
import { CallbackDialog } from "./callbackdialog";
import { Deflected } from "./deflected";
import { DryRuns } from "./dryruns";
import { Icon } from "./icon";
import { Kept } from "./kept";
import { NewCallback } from "./newcallback";
import { Switchboard } from "./switchboard";
import { type Column, Table } from "./table";

const EVERY = 3000;
type Which = "open" | "over" | "all";

export function Callbacks() {
  const list = usePoll(listed, EVERY);
  const acted = useSignal<string | null>(null);
  const stale = !connected.value || list.failed !== null;
  const chosen = list.found?.callbacks.find(({ id }) => id === acted.value);
  return (
    <div class={`floor callbacks ${stale && list.found ? "stale" : ""}`}>
      <header class="floor-head">
        <h1>{t("callbacks.title")}</h1>
        <p class="floor-age">
          <span role="alert" class="said-bad">
            {list.failed !== null && t("callbacks.failed", { why: list.failed })}
          </span>{" "}
          {list.found && (
            <>
              <Icon name={stale ? "warn" : "clock"} size={15} />{" "}
              {t(stale ? "floor.stale" : "floor.as_of")} <TimeOfDay at={list.found.now} seconds />
            </>
          )}{" "}
          {list.slow && <progress class="slow" aria-label={t("loading")} />}
        </p>
      </header>
      <Counts counts={list.found?.counts ?? null} />
      <NewCallback booked={list.again} />
      <List
        found={list.found} act={(one) => (acted.value = one.id)}
      />
      <Switchboard />
      <div class="callbacks-pair">
        <Kept />
        <Deflected />
      </div>
      <DryRuns />
      <BlockList />
      {chosen && (
        <CallbackDialog
          one={chosen} name={nameOfCustomer(chosen, list.found?.names ?? {})} changed={list.again}
          close={() => (acted.value = null)}
        />
      )}
    </div>
  );
}

const FIGURES = [
  ["waiting", "clock"], ["due", "queue"], ["dialling", "outbound"], ["talking", "talking"],
  ["at_risk", "warn"],
] as const;

function Counts({ counts }: { counts: Listed["counts"] | null }) {
  return (
    <dl class="floor-figures">
      {FIGURES.map(([name, icon]) => (
        <div
          key={name} title={t(`callbacks.count_${name}_hint`)}
          class={name === "at_risk" && (counts?.at_risk ?? 0) > 0 ? "figure-alarm" : ""}
        >
          <dt><Icon name={icon} size={15} /> {t(`callbacks.count_${name}`)}</dt>
          <dd>{counts === null ? "–" : count(locale.value, counts[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

function List({ found, act }: { found: Listed | null; act(one: Callback): void }) {
  const which = useSignal<Which>("open");
  const queue = useSignal("");
  const text = useSignal("");
  const queues = [...new Set((found?.callbacks ?? []).map((one) => one.queue))].sort();
  const names = found?.names ?? {};
  const wanted = text.value.trim().toLowerCase();
  const rows = (found?.callbacks ?? []).filter((one) =>
    (which.value === "all" || OPEN.has(one.state) === (which.value === "open"))
    && (queue.value === "" || one.queue === queue.value)
    && (wanted === "" || `${one.id} ${nameOfCustomer(one, names) ?? ""} ${one.number}`.toLowerCase().includes(wanted)));
  return (
    <div class="panel panel-callbacks">
      <header class="panel-head"><Icon name="outbound" /><h2>{t("callbacks.list")}</h2></header>
      <div class="button-row callback-filters" role="search" aria-label={t("callbacks.filter")}>
        <Segments
          name="callbacks-which" legend={t("callbacks.which")} value={which.value}
          options={(["open", "over", "all"] as const).map((value) => ({ value, text: t(`callbacks.which_${value}`) }))}
          choose={(value) => (which.value = value)}
        />
        <label class="field">
          <span>{t("queues.queue")}</span>
          <select value={queue.value} onChange={(event) => (queue.value = event.currentTarget.value)}>
            <option value="">{t("callbacks.all_queues")}</option>
            {queues.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label class="field">
          <span>{t("callbacks.search")}</span>
          <input
            type="search" value={text.value} maxLength={80}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
      </div>
      <Table
        name="callbacks" caption={t("callbacks.list")} columns={columns(act, found?.now ?? 0, names)} rows={rows}
        id={(one) => one.id} first="window" empty={t(found === null ? "loading" : "callbacks.none")}
        rowClass={(one) => (atRisk(one, found?.now ?? 0) ? "row-alarm" : "")}
      />
      {found?.more && <p class="quiet note">{t("callbacks.more")}</p>}
    </div>
  );
}

const RISK = 300;

/** Its window closes soon, and nobody has been dialled yet. */
export function atRisk(one: Callback, now: number): boolean {
  return OPEN.has(one.state) && one.dialled === null && one.state !== "dialling"
    && one.closes - now <= RISK;
}

export function nameOf(agent: string): string {
  return board.value?.agents[agent]?.name ?? agent;
}

const LIVE = new Set(["dialling", "talking"]);

function columns(
  act: (one: Callback) => void, now: number, names: Listed["names"],
): Column<Callback>[] {
  const called = (one: Callback): string | null => nameOfCustomer(one, names);
  const lang = locale.value;
  const zone = settings.value.time_zone;
  return [
    {
      key: "window", title: t("callbacks.window"), value: (one) => (OPEN.has(one.state) ? one.opens : -one.opens),
      cell: (one) => (
        <>
          {atRisk(one, now) && <><Icon name="warn" size={14} /><span class="unseen">{t("callbacks.count_at_risk")}</span>{" "}</>}
          {windowText(lang, one.opens, one.closes, zone, now)}
        </>
      ),
    },
    {
      key: "who", title: t("callbacks.customer"), heading: true, value: (one) => called(one) ?? one.number,
      cell: (one) => (
        <>{called(one) !== null && <><bdi>{called(one)}</bdi>{" "}</>}<bdi class="number quiet">{one.number}</bdi></>
      ),
    },
    {
      key: "state", title: t("callbacks.state"), value: (one) => word("callback_state", one.state),
      cell: (one) => (
        <span class={`chip-flat ${LIVE.has(one.state) ? "chip-on" : one.state === "retry" ? "chip-warn" : ""}`}>
          {word("callback_state", one.state)}
        </span>
      ),
    },
    {
      key: "why", title: t("callbacks.why"), value: (one) => (one.why === null ? null : word("callback_end", one.why)),
      cell: (one) => (
        one.why === null ? "–" : (
          <>{word("callback_end", one.why)}{one.ended !== null && <> <span class="quiet"><When at={one.ended} /></span></>}</>
        )
      ),
    },
    { key: "queue", title: t("queues.queue"), value: (one) => one.queue, cell: (one) => <bdi>{one.queue}</bdi> },
    {
      key: "place", title: t("callbacks.place"), hint: t("callbacks.place_hint"), value: (one) => one.place,
      cell: (one) => <When at={one.place} />,
    },
    {
      key: "attempts", title: t("callbacks.attempts"), value: (one) => one.attempts,
      cell: (one) => (
        one.attempts === 0 ? "–" : (
          <>{count(lang, one.attempts)}{one.causes.length > 0 && (
            <span class="quiet"> ({one.causes.map((how) => word("attempt", how)).join(", ")})</span>
          )}</>
        )
      ),
    },
    {
      key: "agent", title: t("callbacks.agent"), value: (one) => (one.agent === null ? null : nameOf(one.agent)),
      cell: (one) => (one.agent === null ? <span class="quiet">{t("callbacks.anybody")}</span> : <bdi>{nameOf(one.agent)}</bdi>),
    },
    { key: "origin", title: t("callbacks.origin"), value: (one) => word("callback_origin", one.origin) },
    { key: "id", title: t("callbacks.ref"), value: (one) => one.id, cell: (one) => <bdi>{one.id}</bdi> },
    {
      key: "act", title: t("agents.actions"), value: (one) => one.id,
      cell: (one) => (
        <button
          type="button" class="button small" aria-haspopup="dialog"
          aria-label={t("agents.actions_for", { name: called(one) ?? one.number })} onClick={() => act(one)}
        ><Icon name="more" size={15} /> {t("agents.act")}</button>
      ),
    },
  ];
}
