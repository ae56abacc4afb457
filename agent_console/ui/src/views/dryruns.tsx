// What the rules against abuse would have refused while they are only tried out. Nothing is shown
// where they are in force and nothing of a trial is left.
import { useSignal } from "@preact/signals";
import { settings } from "../app";
import { type DryRun, dryRuns } from "../callbacks";
import { dayAndTime } from "../format";
import { locale, t, word } from "../i18n";
import { usePoll } from "../poll";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

const EVERY = 15_000;
const FIRST = 50;
const MOST = 1000;

type Row = DryRun & { key: string };

export function DryRuns() {
  const limit = useSignal(FIRST);
  const { found, failed, slow, again } = usePoll(() => dryRuns(limit.value), EVERY);
  if (found === null || (!found.on && found.dry_runs.length === 0)) return null;
  const rows = found.dry_runs.map((one, i) => ({ ...one, key: String(i) }));
  return (
    <div class="panel panel-dry">
      <header class="panel-head">
        <Icon name="warn" /><h2>{t("dry.title")}</h2>
        {slow && <progress class="slow" aria-label={t("loading")} />}
      </header>
      {failed !== null && <p class="form-problem" role="alert"><Icon name="bad" /> <span>{failed}</span></p>}
      <p class="note">{t(found.on ? "dry.on" : "dry.off")}</p>
      <Table
        name="dry" caption={t("dry.title")} columns={columns()} rows={rows} id={(one) => one.key}
        first="at" down empty={t("dry.none")}
      />
      {found.more && (
        limit.value < MOST ? (
          <button
            type="button" class="button small" onClick={() => {
              limit.value = Math.min(MOST, limit.value * 4);
              again();
            }}
          >{t("dry.more")}</button>
        ) : <p class="quiet note">{t("callbacks.more")}</p>
      )}
    </div>
  );
}

function columns(): Column<Row>[] {
  return [
    {
      key: "at", title: t("dry.at"), heading: true, value: (one) => one.at,
      cell: (one) => dayAndTime(locale.value, one.at, settings.value.time_zone),
    },
    { key: "why", title: t("dry.rule"), value: (one) => word("dry_rule", one.why) },
    {
      key: "detail", title: t("dry.detail"), value: (one) => one.detail || null,
      cell: (one) => (one.detail ? <bdi lang="en">{one.detail}</bdi> : "–"),
    },
    {
      key: "site", title: t("dry.site"), value: (one) => one.site,
      cell: (one) => (one.site === null ? <span class="quiet">{t("dry.no_site")}</span> : <bdi>{one.site}</bdi>),
    },
  ];
}
