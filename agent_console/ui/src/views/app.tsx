import { user } from "../app";
import { t } from "../i18n";
import { Shell } from "./shell";
import { SignIn } from "./signin";

export function App() {
  if (user.value === undefined) {
    return <main class="blank" aria-busy="true"><p class="quiet">{t("loading")}</p></main>;
  }
  return user.value === null ? <SignIn /> : <Shell />;
}
