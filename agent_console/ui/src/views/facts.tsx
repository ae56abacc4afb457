// What is known about the person, in five groups. A key without a translation is shown as it is.
import { settings } from "../app";
import { second } from "../clock";
import { count, factValue } from "../format";
import { knows, language, locale, t, tn, word } from "../i18n";
import type { Card, Fact, FactGroup } from "../protocol";
import { IfItIs, NotKnown, Panel, Pending } from "./bits";
import { Icon } from "./icon";

const GROUPS: readonly FactGroup[] = ["matters", "promises", "who", "contacts", "consent"];

export function Facts({ card }: { card: Card }) {
  const facts = card.profile?.facts ?? [];
  return (
    <Panel name="facts" icon="card" title={t("facts.title")} aside={<IfItIs card={card} />}>
      {card.identity === "pending" && <Pending lines={6} text={t("facts.pending")} />}
      {card.identity !== "pending" && facts.length === 0 && <NotKnown text={t("facts.none")} />}
      {GROUPS.map((group) => {
        const own = facts.filter((fact) => fact.group === group);
        return own.length > 0 && (
          <section key={group} class="fact-group" aria-labelledby={`facts-${group}`}>
            <h3 id={`facts-${group}`}>{word("group", group)}</h3>
            <dl>
              {own.map((fact, i) => (
                <FactLine key={`${fact.key} ${fact.detail ?? ""} ${i}`} fact={fact} />
              ))}
            </dl>
          </section>
        );
      })}
    </Panel>
  );
}

function FactLine({ fact }: { fact: Fact }) {
  const now = Math.floor(second.value / 60) * 60;
  const value = factValue(locale.value, fact, settings.value.time_zone, now, {
    code: codeWord, yes: t("yes"), no: t("no"),
  });
  return (
    <div class={`fact tone-${fact.tone}`}>
      <dt>{word("fact", fact.key)}</dt>
      <dd>
        {fact.tone !== "plain" && (
          <><Icon name={fact.tone} size={14} /><span class="unseen">{word("tone", fact.tone)} </span></>
        )}
        <bdi>{value}</bdi>
        {fact.detail !== null && <bdi class="fact-detail">{detailWords(fact)}</bdi>}
      </dd>
    </div>
  );
}

/** Some details are a number of something; all others are data and shown as they are. */
function detailWords({ key, detail }: Fact): string {
  const n = Number(detail);
  if (detail === null || !Number.isInteger(n) || !knows("detail", `${key}.other`)) return detail ?? "";
  return tn(`detail.${key}`, n, count(locale.value, n));
}

/** Codes of facts come as `family.word` ("tier.gold") or as a word alone. */
export function codeWord(value: string): string {
  const dot = value.indexOf(".");
  if (dot > 0) {
    const [family, code] = [value.slice(0, dot), value.slice(dot + 1)];
    if (family === "lang") {
      try {
        return new Intl.DisplayNames(language.value, { type: "language" }).of(code) ?? value;
      } catch {
        return value; // not a language tag
      }
    }
    if (family === "reason" || family === "outcome") return choice(family, code);
    if (knows(family, code)) return word(family, code);
    return value;
  }
  return knows("code", value) ? word("code", value) : choice("reason", value);
}

function choice(family: "reason" | "outcome", code: string): string {
  const choices = family === "reason" ? settings.value.reasons : settings.value.outcomes;
  const labels = choices.find((known) => known.code === code)?.labels;
  return labels?.[language.value] ?? labels?.en ?? code;
}
