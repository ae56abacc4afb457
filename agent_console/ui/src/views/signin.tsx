// Signing in: name, password, language. Password managers and pasting work; errors are said in
// words, tied to the form, and the focus goes to where they can be mended.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ended, enter } from "../app";
import { language, t, type Key } from "../i18n";
import { setLanguage } from "../prefs";
import { Refused, signIn } from "../session";
import { LANGUAGE_NAMES, Segments } from "./bits";
import { Icon } from "./icon";
import { Mark } from "./mark";

const ENDED: Readonly<Record<string, Key>> = {
  "4401": "signin.ended",
  "network": "signin.unreachable",
};

export function SignIn() {
  const problem = useSignal<Key | null>(null);
  const busy = useSignal(false);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    const who = name.current!.value.trim();
    if (who === "" || password.current!.value === "") {
      problem.value = "signin.empty";
      (who === "" ? name : password).current!.focus();
      return;
    }
    busy.value = true;
    problem.value = null;
    try {
      enter(await signIn(who, password.current!.value));
    } catch (error) {
      problem.value = wordsFor(error);
      password.current?.select();
    } finally {
      busy.value = false;
    }
  }

  const why = problem.value ?? (ended.value === null ? null : ENDED[ended.value] ?? null);
  return (
    <main class="signin">
      <form onSubmit={submit} noValidate aria-labelledby="signin-title">
        <div class="signin-head">
          <Mark size={40} />
          <div>
            <h1 id="signin-title">{t("product")}</h1>
            <p class="quiet">{t("signin.lead")}</p>
          </div>
        </div>
        <p class="form-problem" role="alert" id="signin-problem">
          {why && <><Icon name="bad" /> <span>{t(why)}</span></>}
        </p>
        <label class="field">
          <span>{t("signin.user")}</span>
          <input
            ref={name} name="username" autocomplete="username" autocapitalize="none"
            spellcheck={false} required aria-invalid={problem.value !== null}
            aria-describedby="signin-problem"
          />
        </label>
        <label class="field">
          <span>{t("signin.password")}</span>
          <input
            ref={password} name="password" type="password" autocomplete="current-password"
            required aria-invalid={problem.value !== null} aria-describedby="signin-problem"
          />
        </label>
        <button class="button primary wide" type="submit" aria-disabled={busy.value}>
          {busy.value ? t("signin.busy") : t("signin.submit")}
        </button>
        <Segments
          name="language" legend={t("language")} value={language.value}
          options={LANGUAGE_NAMES} choose={setLanguage}
        />
      </form>
    </main>
  );
}

function wordsFor(error: unknown): Key {
  if (!(error instanceof Refused)) return "signin.unreachable";
  if (error.status === 401) return "signin.wrong";
  if (error.status === 429) return "signin.slow_down";
  return "signin.failed";
}
