import { render } from "preact";
import { begin } from "./app";
import { beat } from "./clock";
import { listen } from "./keys";
import { applyToDocument, chooseLanguage } from "./prefs";
import { watchRinging } from "./ring";
import { App } from "./views/app";

chooseLanguage();
applyToDocument();
watchRinging();
listen();
setInterval(beat, 250);
render(<App />, document.getElementById("app")!);
void begin();
