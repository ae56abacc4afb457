// Numbers that are never called: those who said so, and beginnings of numbers that cost too much.
import { useSignal } from "@preact/signals";
import { settings } from "../app";
import { block, type Blocked, blockList, troubleOf, unblock } from "../callbacks";
import { day } from "../format";
import { locale, t } from "../i18n";
import { usePoll } from "../poll";
import { nameOf } from "./callbacks";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

const EVERY = 60_000;

export function BlockList() {
  const { found, failed, slow, again } = usePoll(blockList, EVERY);
  const number = useSignal("");
  const reason = useSignal("");
  const trouble = useSignal<string | null>(null);
  const busy = useSignal(false);

  async function work(todo: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    [busy.value, trouble.value] = [true, null];
    let done = false;
    try {
      await todo();
      done = true;
    } catch (error) {
      const { field, text } = troubleOf(error);
      trouble.value = field === "number" ? t("blocked.wrong") : text;
    }
    busy.value = false;
    again();
    return done;
  }

  async function add(): Promise<void> {
    const bare = number.value.replace(/[\s()./-]/g, "");
    if (await work(() => block(bare, reason.value.trim()))) [number.value, reason.value] = ["", ""];
  }

  const columns: Column<Blocked>[] = [
    { key: "number", title: t("callbacks.number"), heading: true, value: (b) => b.number, cell: (b) => <bdi>{b.number}</bdi> },
    { key: "reason", title: t("blocked.reason"), value: (b) => b.reason, cell: (b) => <bdi>{b.reason}</bdi> },
    { key: "by", title: t("blocked.by"), value: (b) => nameOf(b.by), cell: (b) => <bdi>{nameOf(b.by)}</bdi> },
    { key: "since", title: t("blocked.since"), value: (b) => b.since, cell: (b) => day(locale.value, b.since, settings.value.time_zone) },
    {
      key: "until", title: t("blocked.until"), value: (b) => b.until,
      cell: (b) => (b.until === null ? t("blocked.for_good") : day(locale.value, b.until, settings.value.time_zone)),
    },
    {
      key: "act", title: t("agents.actions"), value: (b) => b.number,
      cell: (b) => (
        <button
          type="button" class="button small" aria-label={t("blocked.remove_of", { number: b.number })}
          onClick={() => void work(() => unblock(b.number))}
        >{t("blocked.remove")}</button>
      ),
    },
  ];
  return (
    <div class="panel panel-blocked">
      <header class="panel-head">
        <Icon name="unreachable" /><h2>{t("blocked.title")}</h2>
        {slow && <progress class="slow" aria-label={t("loading")} />}
      </header>
      <Table
        name="blocked" caption={t("blocked.title")} columns={columns} rows={found ?? []} id={(b) => b.number}
        first="number" empty={failed ?? t(found === null ? "loading" : "blocked.none")}
      />
      <form
        class="button-row block-new" onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <input
          name="block-number" type="tel" required maxLength={24} value={number.value} aria-label={t("blocked.number")}
          placeholder={t("blocked.number")} onInput={(event) => (number.value = event.currentTarget.value)}
        />
        <input
          name="block-reason" required maxLength={500} value={reason.value} aria-label={t("blocked.reason")}
          placeholder={t("blocked.reason")} onInput={(event) => (reason.value = event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={busy.value || !number.value.trim() || !reason.value.trim()}>
          {t("blocked.add")}
        </button>
      </form>
      <p class="form-problem" role="alert">
        {trouble.value !== null && <><Icon name="bad" /> <span>{trouble.value}</span></>}
      </p>
    </div>
  );
}
