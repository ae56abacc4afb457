// How well the reasons are predicted, for supervisors: shares of calls beside the best that counting
// alone would do, whether the numbers mean what they say, and what became of answers.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connected } from "../app";
import { count, percent } from "../format";
import { knows, locale, t, word } from "../i18n";
import { bestBaseline, type Outlook, outlook } from "../prediction";
import { When } from "./bits";
import { Icon } from "./icon";
import { PredictionDialog } from "./predictiondialog";
import { Reliability } from "./reliability";

const EVERY = 30_000;
const HOURS = 24;

export function PredictionTile() {
  const found = useSignal<Outlook | null>(null);
  const failed = useSignal(false);
  const open = useSignal(false);
  const again = useSignal(0);
  const online = connected.value;
  useEffect(() => {
    if (!online) return;
    let gone = false;
    const look = async (): Promise<void> => {
      if (document.visibilityState === "hidden") return;
      try {
        const now = await outlook(HOURS);
        if (!gone) [found.value, failed.value] = [now, false];
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
  }, [online, again.value]);
  return (
    <section class="panel panel-prediction" aria-labelledby="prediction-title">
      <header class="panel-head">
        <Icon name="target" /><h2 id="prediction-title">{t("prediction.title")}</h2>
        <span class="quiet">{t("prediction.period")}</span>
        <div class="panel-aside">
          <button
            type="button" class="button small" aria-haspopup="dialog" onClick={() => (open.value = true)}
          ><Icon name="more" size={15} /> {t("prediction.details")}</button>
        </div>
      </header>
      <div class="prediction-body">
        {found.value === null
          ? <p class="quiet">{t(failed.value ? "prediction.failed" : "prediction.loading")}</p>
          : <Figures outlook={found.value} failed={failed.value} />}
      </div>
      {open.value && (
        <PredictionDialog
          outlook={found.value} changed={() => (again.value += 1)} close={() => (open.value = false)}
        />
      )}
    </section>
  );
}

/** A share, or that there is none yet. */
export function share(value: number | null | undefined): string {
  return typeof value === "number" ? percent(locale.value, value) : "–";
}

export function number(value: number | null | undefined): string {
  return typeof value === "number" ? count(locale.value, value) : "–";
}

/** Three places: what matters in an ECE or a log loss. */
export function fine(value: number | null | undefined): string {
  return typeof value !== "number" ? "–"
    : new Intl.NumberFormat(locale.value, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
      .format(value);
}

function Figures({ outlook: now, failed }: { outlook: Outlook; failed: boolean }) {
  const best = bestBaseline(now.baselines);
  return (
    <>
      <dl class="prediction-figures">
        <Figure
          name={t("prediction.top1")} value={share(now.top1)}
          alarm={best !== null && now.top1 !== null && now.top1 < best.share}
        >
          {best && t("prediction.baseline", {
            share: share(best.share), name: word("baseline", best.name),
          })}
        </Figure>
        <Figure name={t("prediction.top3")} value={share(now.top3)} />
        <Figure name={t("prediction.coverage")} hint={t("prediction.coverage_hint")} value={share(now.coverage)}>
          {t("prediction.of_calls", { predicted: number(now.predicted), calls: number(now.calls) })}
        </Figure>
        <Figure
          name={t("prediction.ece")} hint={t("prediction.ece_hint")} value={fine(now.ece)}
          alarm={now.calibration_alarm === true}
        >{now.calibration_alarm === true ? t("prediction.calibration_alarm") : t("prediction.confirmed", { n: number(now.confirmed) })}</Figure>
        <Figure
          name={t("prediction.drift")} hint={t("prediction.drift_hint")} value={fine(now.drift)}
          alarm={now.drift_alarm === true}
        >{now.drift_alarm === true ? t("prediction.drift_alarm") : ""}</Figure>
        <Figure name={t("prediction.answers")} value={number(now.answers?.used)}>
          {t("prediction.answers_line", {
            suggested: number(now.answers?.suggested), wrong: number(now.answers?.wrong),
            missing: number(now.answers?.missing),
          })}
        </Figure>
      </dl>
      <Reliability bins={now.reliability ?? []} />
      <p class="prediction-model">
        <span class="quiet">{t("prediction.model")}</span>{" "}
        <bdi>{now.model ?? t("prediction.no_model")}</bdi>{" · "}
        <Training training={now.training} />
        {failed && <strong class="said-bad"> {t("prediction.old")}</strong>}
      </p>
    </>
  );
}

export function Training({ training }: { training: Outlook["training"] }) {
  if (training?.running) {
    const step = training.step && (knows("training", training.step) ? word("training", training.step) : training.step);
    return (
      <span class="training">
        <span>{t("prediction.training")}{step && <> (<bdi>{step}</bdi>)</>}</span>
        <progress
          max={1} value={training.progress ?? undefined} aria-label={t("prediction.training")}
        />
      </span>
    );
  }
  return (
    <>
      {training?.last == null ? t("prediction.never_trained")
        : <>{t("prediction.trained")} <When at={training.last} /></>}
      {training?.failed && (
        <span class="said-bad"> <Icon name="warn" size={14} /> {t("prediction.training_failed")} <bdi>{training.failed}</bdi></span>
      )}
    </>
  );
}

function Figure({ name, value, hint, alarm, children }: {
  name: string; value: string; hint?: string; alarm?: boolean; children?: preact.ComponentChildren;
}) {
  return (
    <div class={alarm ? "figure-alarm" : ""} title={hint}>
      <dt>{alarm && <Icon name="warn" size={14} />} {name}</dt>
      <dd>{value}</dd>
      <dd class="figure-note quiet">{children}</dd>
    </div>
  );
}
