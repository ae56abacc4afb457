import { useSignal } from "@preact/signals";
import { agent, signOut, user } from "../app";
import { language, t } from "../i18n";
import { helpOpen } from "../keys";
import { setLanguage, shortcuts, sound, theme, type Theme } from "../prefs";
import { Disclosure, LANGUAGE_NAMES, Segments } from "./bits";
import { Icon } from "./icon";

const BUSY = new Set(["reserved", "offered", "talking", "held"]);

export function Preferences() {
  const open = useSignal(false);
  const who = user.value!;
  const busy = BUSY.has(agent.value?.state ?? "");
  return (
    <>
      <button
        type="button" class="icon-button" aria-pressed={sound.value === "off"}
        aria-label={t("sound.mute")} title={sound.value === "off" ? t("sound.off") : t("sound.on")}
        onClick={() => (sound.value = sound.value === "on" ? "off" : "on")}
      ><Icon name={sound.value === "on" ? "sound" : "mute"} /></button>
      <button
        type="button" class="icon-button roomy" aria-label={t("help")} title={t("help")}
        onClick={() => (helpOpen.value = true)}
      ><Icon name="help" /></button>
      <Disclosure
        name="preferences" className="icon-button" buttonLabel={t("menu")}
        open={open.value} setOpen={(value) => (open.value = value)}
        label={<Icon name="menu" />}
      >
        <p class="popup-person">
          <strong>{who.name}</strong>
          <span class="quiet">{who.device ?? t("role.supervisor")}</span>
        </p>
        <Segments
          name="language" legend={t("language")} value={language.value}
          options={LANGUAGE_NAMES} choose={setLanguage}
        />
        <Segments<Theme>
          name="theme" legend={t("theme")} value={theme.value}
          options={[
            { value: "auto", text: t("theme.auto") },
            { value: "light", text: t("theme.light") },
            { value: "dark", text: t("theme.dark") },
          ]}
          choose={(value) => (theme.value = value)}
        />
        <label class="check">
          <input
            type="checkbox" checked={shortcuts.value === "on"}
            onChange={(event) => (shortcuts.value = event.currentTarget.checked ? "on" : "off")}
          />
          <span>{t("keys.use")}</span>
        </label>
        <button type="button" class="popup-choice" onClick={() => {
          open.value = false;
          helpOpen.value = true;
        }}><Icon name="help" /><span>{t("help")}</span></button>
        <button
          type="button" class="popup-choice" disabled={busy}
          title={busy ? t("signout.busy") : undefined} onClick={() => void signOut(true)}
        ><Icon name="offline" /><span>{t("signout")}</span></button>
        {busy && <p class="popup-note">{t("signout.busy")}</p>}
      </Disclosure>
    </>
  );
}
