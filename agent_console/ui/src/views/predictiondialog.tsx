// The prediction in detail: models and which one is used, figures by group, what concerns everybody,
// and what nobody could answer. What changes what callers get is asked twice.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { attempted, notify, settings } from "../app";
import { day } from "../format";
import { locale, t, word } from "../i18n";
import { type GroupFigure, type Model, type Outlook, promote, rollback } from "../prediction";
import { languageName } from "./bits";
import { Conditions } from "./conditions";
import { Icon } from "./icon";
import { fine, number, share, Training } from "./prediction";
import { Questions } from "./questions";
import { type Column, Table } from "./table";

const TRIED = new Set(["champion", "challenger"]);

export function PredictionDialog({ outlook, changed, close }: {
  outlook: Outlook | null; changed(): void; close(): void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog} class="help prediction-dialog agent-dialog" aria-labelledby="prediction-dialog-title"
      onClose={close}
    >
      <header>
        <h2 id="prediction-dialog-title">{t("prediction.title")}</h2>
        <button
          type="button" class="icon-button" aria-label={t("close")}
          onClick={() => dialog.current?.close()}
        ><Icon name="close" /></button>
      </header>
      <Conditions />
      <section>
        <h3>{t("models.title")}</h3>
        <p class="quiet"><Training training={outlook?.training ?? null} /></p>
        <Models models={outlook?.models ?? []} changed={changed} />
      </section>
      <section>
        <h3>{t("groups.title")}</h3>
        <p class="quiet">
          {t("groups.whole", { log_loss: fine(outlook?.log_loss), brier: fine(outlook?.brier), ece: fine(outlook?.ece) })}
        </p>
        <Table
          name="groups" caption={t("groups.title")} columns={groupColumns()} rows={outlook?.groups ?? []}
          id={(g) => `${g.group} ${g.value}`} first="group" empty={t("groups.none")}
        />
      </section>
      <Questions />
    </dialog>
  );
}

function groupColumns(): Column<GroupFigure>[] {
  return [
    { key: "group", title: t("groups.group"), heading: true, value: (g) => word("by", g.group) },
    { key: "value", title: t("groups.value"), value: groupValue, cell: (g) => <bdi>{groupValue(g)}</bdi> },
    { key: "n", title: t("groups.calls"), numeric: true, value: (g) => g.n, cell: (g) => number(g.n) },
    { key: "top1", title: t("prediction.top1"), numeric: true, value: (g) => g.top1, cell: (g) => share(g.top1) },
  ];
}

function groupValue({ group, value }: GroupFigure): string {
  return group === "language" ? languageName(value) : group === "tier" ? word("tier", value) : value;
}

function Models({ models, changed }: { models: readonly Model[]; changed(): void }) {
  /** What is asked a second time: a model's name, or `back` and a kind. */
  const sure = useSignal<string | null>(null);
  const ask = async (key: string, work: () => Promise<void>): Promise<void> => {
    if (sure.value !== key) {
      sure.value = key;
      return;
    }
    sure.value = null;
    if (await attempted(work())) {
      notify(t("models.done"));
      changed();
    }
  };
  const kinds = [...new Set(models.map((model) => model.kind))];
  const columns: Column<Model>[] = [
    { key: "name", title: t("models.name"), heading: true, value: (m) => m.name, cell: (m) => <bdi>{m.name}</bdi> },
    { key: "kind", title: t("models.kind"), value: (m) => word("model_kind", m.kind) },
    {
      key: "state", title: t("models.state"), value: (m) => word("model_state", m.state),
      cell: (m) => (
        <span class={`chip-flat ${m.state === "champion" ? "chip-on" : TRIED.has(m.state) ? "chip-warn" : ""}`}>
          {word("model_state", m.state)}
        </span>
      ),
    },
    {
      key: "made", title: t("models.made"), value: (m) => m.made,
      cell: (m) => (m.made === null ? "–" : day(locale.value, m.made, settings.value.time_zone)),
    },
    { key: "lessons", title: t("models.lessons"), numeric: true, value: (m) => m.lessons, cell: (m) => number(m.lessons) },
    { key: "top1", title: t("prediction.top1"), numeric: true, value: (m) => m.top1, cell: (m) => share(m.top1) },
    { key: "log_loss", title: t("models.log_loss"), numeric: true, value: (m) => m.log_loss, cell: (m) => fine(m.log_loss) },
    { key: "ece", title: "ECE", numeric: true, value: (m) => m.ece, cell: (m) => fine(m.ece) },
    {
      key: "act", title: t("agents.actions"), value: (m) => m.name,
      cell: (m) => (m.state === "champion" ? "" : (
        <button
          type="button" class="button small" aria-live="polite" onBlur={() => (sure.value = null)}
          aria-label={t(sure.value === m.name ? "models.promote_sure_of" : "models.promote_of", { name: m.name })}
          onClick={() => void ask(m.name, () => promote(m.name))}
        >{t(sure.value === m.name ? "models.promote_sure" : "models.promote")}</button>
      )),
    },
  ];
  return (
    <>
      <Table
        name="models" caption={t("models.title")} columns={columns} rows={models} id={(m) => m.name}
        first="kind" empty={t("models.none")}
      />
      {kinds.length > 0 && (
        <div class="button-row">
          {kinds.map((kind) => (
            <button
              key={kind} type="button" class="button small" aria-live="polite"
              onBlur={() => (sure.value = null)} onClick={() => void ask(`back ${kind}`, () => rollback(kind))}
            >
              <Icon name="back" size={14} />{" "}
              {t(sure.value === `back ${kind}` ? "models.rollback_sure" : "models.rollback", { kind: word("model_kind", kind) })}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
