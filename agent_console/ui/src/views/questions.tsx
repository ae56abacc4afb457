// Questions that no answer fitted, alike ones together, so that somebody can write an answer. The
// texts are customers' and agents' own: shown as text only.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { settings } from "../app";
import { cut, reasonName } from "../causes";
import { count } from "../format";
import { locale, t, tn } from "../i18n";
import { type Cluster, questions } from "../prediction";
import { languageName } from "./bits";
import { Icon } from "./icon";

const DAYS = 30;
const EXAMPLES = 3;
const LONGEST = 160;

export function Questions() {
  const found = useSignal<readonly Cluster[] | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    questions(DAYS).then(
      (clusters) => (found.value = clusters),
      () => (failed.value = true), // said in the list
    );
  }, []);
  const said = failed.value ? "questions.failed" : found.value === null ? "questions.loading" : "questions.none";
  return (
    <section aria-labelledby="questions-title">
      <h3 id="questions-title">{t("questions.title")}</h3>
      {!found.value?.length ? <p class="quiet">{t(said)}</p> : (
        <ol class="clusters">
          {found.value.map((cluster, at) => <ClusterView key={at} cluster={cluster} />)}
        </ol>
      )}
    </section>
  );
}

function ClusterView({ cluster }: { cluster: Cluster }) {
  const lang = locale.value;
  return (
    <li>
      <p class="cluster-head">
        <strong>{tn("questions.asked", cluster.size, count(lang, cluster.size))}</strong>
        <span class={cluster.this_week > cluster.week_before ? "cluster-grows" : "quiet"}>
          {cluster.this_week > cluster.week_before && <Icon name="up" size={14} />}
          {t("questions.weeks", {
            now: count(lang, cluster.this_week), before: count(lang, cluster.week_before),
          })}
        </span>
        <span class="quiet">
          {[...cluster.reasons.map(([code]) => reasonName(settings.value, code)),
            ...cluster.languages.map(([tag]) => languageName(tag))].join(" · ")}
        </span>
      </p>
      <ul>
        {cluster.examples.slice(0, EXAMPLES).map((text, at) => (
          <li key={at}><q><bdi>{cut(text, LONGEST)}</bdi></q></li>
        ))}
      </ul>
    </li>
  );
}
