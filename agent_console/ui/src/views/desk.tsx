// The agent's page: the card of the call in hand, or the idle page when there is none.
import { agent, cards, chosenCall, front, settings, user } from "../app";
import { t } from "../i18n";
import type { Card } from "../protocol";
import { Answers } from "./answers";
import { CallBar } from "./callbar";
import { Contacts } from "./contacts";
import { Facts } from "./facts";
import { Idle } from "./idle";
import { Promised } from "./promised";
import { Reasons } from "./reasons";
import { Schedule } from "./schedule";
import { CallStrip } from "./strip";
import { Who } from "./who";
import { WrapUp } from "./wrapup";

export function Desk() {
  const card = front.value;
  if (!user.value?.device && agent.value === null) {
    return <div class="blank"><p>{t("desk.no_device")}</p></div>;
  }
  return (
    <div class="desk">
      {cards.value.length > 1 && <Open cards={cards.value} shown={card?.call ?? null} />}
      {card ? <CardView key={card.call} card={card} /> : <Idle />}
    </div>
  );
}

/** Several cards at once: a call comes while the one before is still wrapped up. */
function Open({ cards: open, shown }: { cards: readonly Card[]; shown: string | null }) {
  return (
    <nav class="open-cards" aria-label={t("cards.open")}>
      {open.map((card) => (
        <button
          key={card.call} type="button" aria-current={card.call === shown ? "true" : undefined}
          onClick={() => (chosenCall.value = card.call)}
        >
          <bdi>{card.profile?.name ?? card.caller_name ?? card.number ?? t("caller.unknown")}</bdi>
        </button>
      ))}
    </nav>
  );
}

function CardView({ card }: { card: Card }) {
  return (
    <article class="card" aria-labelledby="caller">
      <CallStrip card={card} />
      <Promised card={card} />
      <CallBar card={card} />
      <div class="card-grid">
        <div class="side">
          <div class="column">
            <Who card={card} />
            <Facts card={card} />
          </div>
          <div class="column">
            <Reasons card={card} />
            <Answers card={card} />
            <Contacts card={card} />
          </div>
        </div>
        <div class="column column-work">
          <WrapUp card={card} />
          {settings.value.callbacks && card.answered !== null && <Schedule card={card} />}
        </div>
      </div>
    </article>
  );
}
