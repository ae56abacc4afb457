// The last conversations with this person, newest first.
import { settings } from "../app";
import { duration } from "../format";
import { label, locale, t, tn, word } from "../i18n";
import { count } from "../format";
import type { Card, Contact } from "../protocol";
import { IfItIs, NotKnown, Panel, When } from "./bits";

export function Contacts({ card }: { card: Card }) {
  const contacts = card.profile?.contacts ?? [];
  return (
    <Panel name="contacts" icon="history" title={t("contacts.title")} aside={<IfItIs card={card} />}>
      {contacts.length === 0
        ? <NotKnown text={card.identity === "pending" ? t("facts.pending") : t("contacts.none")} />
        : (
          <ol class="timeline">
            {contacts.map((contact) => <Past key={contact.call} contact={contact} />)}
          </ol>
        )}
    </Panel>
  );
}

function Past({ contact }: { contact: Contact }) {
  const lang = locale.value;
  return (
    <li class={contact.ended === "completed" ? "" : "past-missed"}>
      <p class="past-head">
        <strong>
          {contact.reason === null ? t("contacts.no_reason")
            : label(settings.value.reasons, contact.reason)}
        </strong>
        <When at={contact.at} />
      </p>
      <p class="past-line">
        {contact.ended !== "completed" && <span class="past-end">{word("end", contact.ended)}</span>}
        {contact.outcome !== null && <span>{label(settings.value.outcomes, contact.outcome)}</span>}
        {contact.agent !== null && <bdi>{contact.agent}</bdi>}
        {contact.queue !== null && <bdi>{contact.queue}</bdi>}
        <span>{t("contacts.waited", { time: duration(lang, contact.wait) })}</span>
        {contact.talk > 0 && <span>{t("contacts.talked", { time: duration(lang, contact.talk) })}</span>}
        {contact.transfers > 0 && (
          <span>{tn("contacts.transfers", contact.transfers, count(lang, contact.transfers))}</span>
        )}
      </p>
      {contact.notes !== "" && <p class="past-notes"><bdi>{contact.notes}</bdi></p>}
    </li>
  );
}
