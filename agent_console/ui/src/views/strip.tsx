// The call itself: who, which number, which queue, how long already; and, in the demonstration,
// the simulated desk phone.
import { useLayoutEffect, useRef } from "preact/hooks";
import { agent, phone, settings } from "../app";
import { calledBack, phase } from "../controls";
import { t, word } from "../i18n";
import { onShortcut, SHORTCUTS } from "../keys";
import type { Card } from "../protocol";
import { Keys, languageName, Tier, TimeOfDay, Timer } from "./bits";
import { Icon } from "./icon";

const LIVE = new Set(["reserved", "offered", "talking", "held"]);

const PHASE_ICON = {
  reserved: "reserved", ringing: "offered", talking: "talking", held: "held", ended: "wrapup", waiting: "clock",
} as const;

export function CallStrip({ card }: { card: Card }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => onShortcut("caller", () => heading.current?.focus()), []);
  const now = phase(card, agent.value);
  const name = card.profile?.name ?? card.caller_name;
  const unsure = card.identity === "candidates";
  const ours = calledBack(card);
  return (
    <header class={`strip strip-${now}`}>
      <div class="strip-state" aria-hidden="true">
        <Icon name={ours && now === "reserved" ? "outbound" : PHASE_ICON[now]} size={26} />
      </div>
      <div class="strip-who">
        <p class="strip-phase" role={now === "ringing" || now === "reserved" ? "alert" : undefined}>
          {ours && now === "reserved" ? t("phase.callback") : t(`phase.${now}`)}
        </p>
        <div class="strip-name">
          <h1 id="caller" ref={heading} tabIndex={-1}>
            {unsure && <span class="strip-unsure">{t("caller.perhaps")} </span>}
            <bdi lang={card.profile?.language ?? undefined}>
              {name ?? card.number ?? t("caller.unknown")}
            </bdi>
          </h1>
          {!unsure && card.profile?.tier && <Tier tier={card.profile.tier} />}
          {!unsure && card.profile?.language && (
            <span class="badge">{languageName(card.profile.language)}</span>
          )}
        </div>
        <p class="strip-line">
          <span class="number">
            <Icon name={card.direction === "outbound" ? "outbound" : "inbound"} size={15} />{" "}
            {card.number === null ? t("caller.withheld") : <bdi>{card.number}</bdi>}
          </span>
          {card.queue !== null && (
            <span><Icon name="queue" size={15} />{" "}<bdi>{card.queue}</bdi></span>
          )}
          {card.direction !== "inbound" && <span>{word("direction", card.direction)}</span>}
          {card.profile && card.caller_name !== null && card.caller_name !== card.profile.name && (
            <span class="quiet">{t("caller.shown_as")} <bdi>{card.caller_name}</bdi></span>
          )}
        </p>
      </div>
      <dl class="strip-times">
        <div>
          <dt>{t("time.arrived")}</dt>
          <dd><TimeOfDay at={card.arrived} /></dd>
        </div>
        <div>
          <dt>{t("time.waited")}</dt>
          <dd><Timer since={card.arrived} until={card.answered ?? card.ended} /></dd>
        </div>
        <div>
          <dt>{t("time.talk")}</dt>
          <dd>
            {card.answered === null
              ? <span class="timer quiet">–:––</span>
              : <Timer since={card.answered} until={card.ended} />}
          </dd>
        </div>
      </dl>
      {settings.value.demo_phone && <DemoPhone active={agent.value?.call === card.call} />}
    </header>
  );
}

function DemoPhone({ active }: { active: boolean }) {
  const state = active ? agent.value?.state ?? "" : "";
  const rings = state === "offered" || state === "reserved";
  const live = LIVE.has(state);
  // A layout effect: the key means what the screen shows, from the same moment on.
  useLayoutEffect(() => onShortcut("phone", () => {
    if (live) void phone(rings ? "pick-up" : "hang-up");
  }), [live, rings]);
  return (
    <section class="demo-phone" aria-label={t("phone.title")}>
      <p>{t("phone.title")}<Keys letter={SHORTCUTS.phone.letter} /></p>
      <div>
        <button
          type="button" class="button pick-up" disabled={!rings}
          onClick={() => void phone("pick-up")}
        ><Icon name="phone" /> {t("phone.pick_up")}</button>
        <button
          type="button" class="button hang-up" disabled={!live}
          onClick={() => void phone("hang-up")}
        ><Icon name="hangup" /> {t("phone.hang_up")}</button>
      </div>
    </section>
  );
}
