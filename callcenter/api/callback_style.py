"""The stylesheet of the public callback pages. Its colours are the console's.

Every text and its ground keep a contrast of 4.5 : 1 in both themes. Only logical sizes, so that
zoom and narrow screens change nothing but the number of columns.
"""

from __future__ import annotations

from typing import Final

from .callback_between_pages import LAST_STEP, STEP

_RULES: Final = """\
:root {
  color-scheme: light dark;
  --ground: #f3f5f7; --surface: #fff; --line: #dce2e7; --edge: #76838f; --text: #17212b;
  --quiet: #52606d; --accent: #0b6b70; --on-accent: #fff; --soft: #e2f1f1;
  --bad: #b0271f; --bad-soft: #fcebe9; --good: #176b3f; --good-soft: #e4f4ea;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font: 400 100%/1.55 var(--sans);
  text-size-adjust: 100%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141a; --surface: #182029; --line: #2b3742; --edge: #7d8d9c; --text: #e4eaf0;
    --quiet: #9dadbb; --accent: #5cc3c6; --on-accent: #06282a; --soft: #15383b;
    --bad: #ff9a91; --bad-soft: #3b1917; --good: #6fce9b; --good-soft: #14301f;
  }
}
:root:lang(zh-Hans) {
  --sans: system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
:root:lang(zh-Hant) {
  --sans: system-ui, "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", sans-serif;
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); }
h1, h2, p, dl, dd, ul, pre { margin: 0; padding: 0; }
.frame { max-inline-size: 36rem; margin-inline: auto; padding: 1.5rem 1rem 3rem; }
.wide { max-inline-size: 48rem; }
.centre { font-weight: 650; color: var(--quiet); }
main {
  background: var(--surface); border: 1px solid var(--line); border-radius: 14px;
  padding: clamp(1.1rem, 4vw, 2rem); margin-block: .75rem 1rem;
}
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.05rem; line-height: 1.35; }
.lead { color: var(--quiet); margin-block: .4rem 1.4rem; }
.bar { display: flex; justify-content: end; margin-block: -.5rem .7rem; }
.bar:empty { display: none; }
.languages { display: flex; flex-wrap: wrap; gap: .25rem .9rem; font-size: .925rem; }
.languages :is(a, button), .link {
  background: none; border: 0; padding: .25rem 0; min-block-size: 0; font: inherit;
  color: var(--accent); text-decoration: underline; text-underline-offset: .2em; cursor: pointer;
}
.languages [aria-current] { padding: .25rem 0; font-weight: 650; }
.field { margin-block-end: 1.15rem; min-inline-size: 0; }
fieldset.field { border: 1px solid var(--line); border-radius: 10px; padding: .4rem 1rem 1rem; }
fieldset .field:last-child { margin-block-end: 0; }
legend { font-weight: 600; padding-inline: .35rem; margin-inline-start: -.35rem; }
label { display: block; font-weight: 600; margin-block-end: .3rem; }
.more, .hint { color: var(--quiet); font-weight: 400; font-size: .9rem; }
.hint { margin-block-end: .35rem; }
input, select, textarea {
  display: block; inline-size: 100%; font: inherit; color: inherit; background: var(--surface);
  border: 1px solid var(--edge); border-radius: 8px; padding: .6rem .75rem; min-block-size: 2.85rem;
}
textarea { min-block-size: 6rem; resize: vertical; }
.check { display: grid; grid-template-columns: auto 1fr; gap: .7rem; align-items: start; }
.check input { inline-size: 1.35rem; block-size: 1.35rem; min-block-size: 0; margin: .1rem 0 0; }
input { accent-color: var(--accent); }
.check label { font-weight: 400; margin: 0; }
.pair { display: grid; grid-template-columns: 1fr auto; gap: .6rem; align-items: end; }
[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.wrong { color: var(--bad); font-weight: 600; font-size: .925rem; margin-block-end: .35rem; }
.summary {
  border: 1px solid var(--bad); border-inline-start-width: 5px; background: var(--bad-soft);
  border-radius: 8px; padding: .9rem 1rem; margin-block: 0 1.3rem;
}
.summary ul { padding-inline-start: 1.2rem; margin-block-start: .3rem; }
.summary a { color: var(--bad); }
.done {
  border-inline-start: 5px solid var(--good); background: var(--good-soft); border-radius: 8px;
  padding: .8rem 1rem; margin-block: 1rem 1.3rem;
}
button, .button {
  display: inline-block; font: inherit; font-weight: 600; cursor: pointer; text-decoration: none;
  background: var(--surface); color: var(--accent); border: 1px solid var(--accent);
  border-radius: 8px; padding: .6rem 1.15rem; min-block-size: 2.85rem; text-align: center;
}
.first { background: var(--accent); color: var(--on-accent); }
.actions { display: flex; flex-wrap: wrap; gap: .7rem; margin-block-start: 1.4rem; }
:is(a, button, input, select, textarea, summary, .summary):focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
a { color: var(--accent); }
dl { margin-block: 1.2rem; }
dl > div {
  display: grid; grid-template-columns: 7rem 1fr; gap: 0 1rem; padding-block: .55rem;
  border-block-end: 1px solid var(--line);
}
dl > div:last-child { border: 0; }
dt { color: var(--quiet); }
dd { font-weight: 600; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 8px; margin-block-end: .6rem; }
summary { padding: .7rem .9rem; font-weight: 600; cursor: pointer; }
details > p { padding: 0 .9rem .9rem; white-space: pre-line; overflow-wrap: anywhere; }
pre {
  background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: .9rem;
  overflow-x: auto; margin-block: .5rem 1.2rem; font-size: .9rem;
}
main > ul { padding-inline-start: 1.2rem; margin-block: .3rem 1rem; }
footer { color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere; }
.away { position: absolute; inset-inline-start: -200vw; inline-size: 1px; overflow: hidden; }
.try { min-block-size: 34rem; margin-block-end: 1.4rem; }
.ready { visibility: hidden; animation: appear 0s linear forwards; }
@keyframes appear { to { visibility: visible; } }
@WAITS@
@media (max-width: 30rem) {
  .frame { padding-inline: .6rem; }
  .pair, dl > div { grid-template-columns: 1fr; }
  .actions > *, .actions button { inline-size: 100%; }
}
@media (prefers-contrast: more) { :root { --quiet: var(--text); --line: var(--edge); } }
@media (forced-colors: active) { .first { border-width: 2px; } }
@media print {
  body, main { background: #fff; color: #000; border: 0; padding: 0; }
  .languages, .actions, button, .hide-print { display: none; }
}
"""

STYLE: Final = _RULES.replace(
    "@WAITS@",
    "\n".join(f".after-{n} {{ animation-delay: {n}s; }}" for n in range(STEP, LAST_STEP + 1, STEP)),
)
