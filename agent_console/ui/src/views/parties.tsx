// Who is in the call, and how: talking, on hold, muted, ringing, listening.
import { agent } from "../app";
import { t, word } from "../i18n";
import type { Card, Party } from "../protocol";
import { Icon } from "./icon";

const ICONS: Readonly<Record<string, string>> = {
  talking: "talking", held: "held", ringing: "offered", listening: "listen", parked: "park",
};

function nameOf(party: Party, card: Card): string {
  if (party.kind === "agent" && party.agent === agent.value?.agent) return t("party.you");
  if (party.kind === "caller") {
    return card.profile?.name ?? party.name ?? party.number ?? t("caller.unknown");
  }
  return party.name ?? party.number ?? word("party", party.kind);
}

export function Parties({ card }: { card: Card }) {
  if (card.parties.length === 0) return <div class="parties" />;
  return (
    <ul class="parties" aria-label={t("party.title")}>
      {card.parties.map((party, i) => (
        <li key={party.leg ?? i} class={`party party-${party.state} party-${party.kind}`}>
          <Icon name={ICONS[party.state] ?? "person"} size={14} />
          <span class="unseen">{word("party", party.kind)}: </span>
          <bdi>{nameOf(party, card)}</bdi>
          <span class="quiet">{word("in", party.state)}</span>
          {party.muted && (
            <span class="party-muted"><Icon name="mic_off" size={14} /> {t("party.muted")}</span>
          )}
        </li>
      ))}
    </ul>
  );
}
