import { useEffect, useRef } from "preact/hooks";
import { t, word } from "../i18n";
import { helpOpen, SHORTCUTS } from "../keys";
import { shortcuts } from "../prefs";
import { Icon } from "./icon";

const STATES = [
  "ready", "reserved", "offered", "talking", "held", "wrapup", "break", "missed", "unreachable",
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog} class="help" aria-labelledby="help-title"
      onClose={() => (helpOpen.value = false)}
    >
      <header>
        <h2 id="help-title">{t("help")}</h2>
        <button
          type="button" class="icon-button" aria-label={t("close")}
          onClick={() => dialog.current?.close()}
        ><Icon name="close" /></button>
      </header>
      <dl class="keys">
        {Object.values(SHORTCUTS).map(({ letter, what }) => (
          <div key={letter}>
            <dt><kbd>Ctrl</kbd> <kbd>Shift</kbd> <kbd>{letter.toUpperCase()}</kbd></dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
        <div>
          <dt><kbd>Ctrl</kbd> <kbd>Shift</kbd> <kbd>1</kbd>–<kbd>9</kbd></dt>
          <dd>{t("keys.reason")}</dd>
        </div>
        <div><dt><kbd>?</kbd></dt><dd>{t("keys.help")}</dd></div>
      </dl>
      <label class="check">
        <input
          type="checkbox" checked={shortcuts.value === "on"}
          onChange={(event) => (shortcuts.value = event.currentTarget.checked ? "on" : "off")}
        />
        <span>{t("keys.use")}</span>
      </label>
      <h3>{t("help.states")}</h3>
      <ul class="help-states">
        {STATES.map((state) => (
          <li key={state} class={`state-${state}`}>
            <Icon name={state} /><span>{word("state", state)}</span>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
