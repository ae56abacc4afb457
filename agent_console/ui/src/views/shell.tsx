// The frame around every page: header with the state button, a line that always says how the
// connection is (its room is reserved, so trouble never shifts what the agent is doing), notices.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { agent, board, loaded, settings, status } from "../app";
import { t } from "../i18n";
import { helpOpen } from "../keys";
import { Callbacks } from "./callbacks";
import { Desk } from "./desk";
import { Floor } from "./floor";
import { Help } from "./help";
import { Mark } from "./mark";
import { Notices } from "./notices";
import { Preferences } from "./preferences";
import { Requests } from "./requests";
import { StateButton } from "./statebutton";
import { StatusLine } from "./statusline";
import { Stopped } from "./stopped";

type Page = "desk" | "floor" | "callbacks";

function pageFromAddress(): Page | null {
  const found = /^#\/(desk|floor|callbacks)$/.exec(location.hash);
  return found ? found[1] as Page : null;
}

export function Shell() {
  const page = useSignal<Page | null>(pageFromAddress());
  useEffect(() => {
    const moved = (): void => {
      page.value = pageFromAddress();
    };
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);

  const supervises = board.value !== null;
  const works = agent.value !== null;
  // Supervisors with a phone begin on the floor too, unless they are at work on calls themselves.
  const calls = agent.value !== null && agent.value.state !== "offline" && agent.value.state !== "break";
  const first: Page = calls ? "desk" : "floor";
  const promises = settings.value.callbacks;
  const shown: Page = !supervises ? "desk"
    : page.value === "callbacks" && !promises ? first : page.value ?? first;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>{t("skip")}</a>
      <header class="top">
        <div class="brand"><Mark /><span>{t("product")}</span></div>
        {supervises && (
          <nav aria-label={t("nav")}>
            {works && (
              <a href="#/desk" aria-current={shown === "desk" ? "page" : undefined}>
                {t("nav.desk")}
              </a>
            )}
            <a href="#/floor" aria-current={shown === "floor" ? "page" : undefined}>
              {t("nav.floor")}
            </a>
            {promises && (
              <a href="#/callbacks" aria-current={shown === "callbacks" ? "page" : undefined}>
                {t("nav.callbacks")}
              </a>
            )}
          </nav>
        )}
        <div class="top-end">
          {works && <StateButton />}
          <Preferences />
        </div>
      </header>
      <StatusLine />
      {status.value?.phase === "failed" && (
        <Stopped why={status.value.why} detail={status.value.detail} />
      )}
      <main id="main" tabIndex={-1} aria-busy={!loaded.value}>
        {!loaded.value
          ? <div class="blank"><p class="quiet">{t("loading")}</p></div>
          : shown === "floor" ? <Floor /> : shown === "callbacks" ? <Callbacks /> : <Desk />}
      </main>
      {supervises && <Requests />}
      <Notices />
      {helpOpen.value && <Help />}
    </>
  );
}
