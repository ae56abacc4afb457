// What the prediction says in words, how reasons are found, and how the chart is drawn.
import assert from "node:assert/strict";
import { test } from "node:test";
import { causeWords, cut, reasonName } from "../src/causes";
import { dots, path } from "../src/chart";
import { span } from "../src/format";
import { language, type Language } from "../src/i18n";
import { type MarkCommand, Marks } from "../src/marks";
import { bestBaseline } from "../src/prediction";
import type { Cause, Choice } from "../src/protocol";
import { entriesOf, fold, search } from "../src/search";

const NOW = 1_700_000_040; // on the minute
const DAY = 86_400;

function choice(code: string, en: string, hans: string, hant: string, head?: string): Choice {
  return { code, labels: { en, "zh-Hans": hans, "zh-Hant": hant }, ...(head ? { head } : {}) };
}

const NAMES = {
  reasons: [
    choice("card_lost", "Card lost or stolen", "银行卡丢失", "卡片遺失", "cards"),
    choice("card_declined", "Card declined", "银行卡付款被拒", "刷卡被拒", "cards"),
    choice("fees", "Fees and interest", "费用与利息", "手續費與利息", "service"),
    choice("fee_refund", "Refund of a fee", "费用退还", "手續費退還", "service"),
    choice("cafe", "Café vouchers", "咖啡券", "咖啡券"),
  ],
  heads: [choice("service", "Service", "服务", "服務"), choice("cards", "Cards", "卡片", "卡片業務")],
  happenings: [
    choice("card_declined", "Card declined", "刷卡被拒", "刷卡被拒"),
    choice("callback", "Asked for a callback", "申请回拨", "申請回撥"),
  ],
  pages: [choice("fees", "Fees", "费用", "費用")],
  conditions: [choice("outage", "Outage", "故障", "故障")],
};

function say(cause: Partial<Cause>, lang: Language = "en"): string {
  language.value = lang;
  try {
    const whole = { group: "g", code: "x", kind: null, value: null, detail: null, ...cause };
    return causeWords(whole, NAMES, lang, NOW, "UTC");
  } finally {
    language.value = "en";
  }
}

test("causes are sentences in each language, with its plurals", () => {
  const late = { code: "order_late", kind: "duration", value: 3.4 * DAY, detail: "O000123-1" } as const;
  assert.equal(say(late), "Order O000123-1 is 3 days late");
  assert.equal(say({ ...late, value: 1.4 * DAY }), "Order O000123-1 is 1 day late");
  assert.equal(say({ ...late, detail: null }), "An order is 3 days late");
  assert.equal(say(late, "zh-Hans"), "订单 O000123-1 已延误3天");
  assert.equal(say(late, "zh-Hant"), "訂單 O000123-1 已延誤 3 天");
  const page = { group: "page.fees", code: "page.fees", kind: "instant", value: NOW - 600 } as const;
  assert.equal(say(page), "Looked at “Fees” 10 minutes ago");
  assert.equal(say(page, "zh-Hant"), "10 分鐘前查看了「費用」頁");
  const declined = {
    group: "happening.card_declined", code: "happening.card_declined", kind: "instant",
    value: NOW - 1200,
  } as const;
  assert.equal(say(declined), "Card declined 20 minutes ago");
  assert.equal(say({ ...declined, value: NOW - 60 }), "Card declined 1 minute ago");
  assert.equal(say({ ...declined, detail: "Shop 7" }, "zh-Hans"), "20分钟前：刷卡被拒（Shop 7）");
  const back = { group: "happening.callback", code: "topic", kind: "code" } as const;
  assert.equal(say({ ...back, value: "reason.fees" }), "Asked for a callback: Fees and interest");
  assert.equal(say({ ...back, value: "reason.cards" }), "Asked for a callback: Cards"); // a head
  const outage = { code: "condition.outage", kind: "instant", value: NOW - 3600 } as const;
  assert.equal(say({ ...outage, detail: "app" }), "Outage: app");
  assert.equal(say(outage), "Outage since 21:14");
  assert.equal(say({ ...outage, value: NOW - 3 * DAY }), "Outage since Nov 11, 2023");
  assert.equal(say({ code: "bill_due", kind: "instant", value: NOW + 3 * DAY, detail: "B1" }), "Bill B1 is due in 3 days");
});

test("what was said is quoted with where it was said", () => {
  const words = { group: "words", code: "words.ivr", kind: "text", value: "my {span} is gone" } as const;
  assert.equal(say(words), "Said to the menu: “my {span} is gone”");
  assert.equal(say({ ...words, code: "words.note" }, "zh-Hant"), "您的備註：「my {span} is gone」");
  assert.equal(say({ ...words, code: "words.fax" }), "fax “my {span} is gone”");
});

test("a cause nobody has words for, or with a value missing, is still readable and never wrong", () => {
  assert.equal(say({ code: "solar_flare", kind: "text", value: "M5", detail: "x" }), "solar flare · M5 · x");
  assert.equal(say({ code: "happening.sim_swap", group: "happening.sim_swap", kind: "instant", value: NOW - 120 }), "sim swap 2 minutes ago");
  assert.equal(say({ code: "order_late", detail: "O1" }), "order late · O1"); // no time: no claim of one
  assert.equal(say({ code: "order_late", kind: "duration", value: "long" }), "order late · long");
  assert.equal(say({ code: "unsettled", kind: "code", value: "reason.gone" }), "The last call was not settled: gone");
});

test("data of customers is cut to a line and never read as a template", () => {
  const nasty = "{span} {kind}\n\n<b>" + "長".repeat(300);
  const said = say({ code: "promise_broken", kind: "duration", value: 2 * DAY, detail: nasty });
  assert.ok(said.startsWith("Promise “{span} {kind} <b>長"), said);
  assert.ok(said.endsWith("…” is 2 days overdue"), said);
  assert.equal([...cut("🙂".repeat(50), 10)].length, 10);
});

test("a length of time is one unit, written out", () => {
  assert.equal(span("en", 59), "59 seconds");
  assert.equal(span("en", 3600), "1 hour");
  assert.equal(span("zh-Hans", 2 * DAY + 5), "2天");
  assert.equal(span("en", -4), "0 seconds");
});

const codes = (query: string): (string | null | readonly string[])[] =>
  search(entriesOf(NAMES.reasons, NAMES.heads), query).flatMap(({ head, codes: own }) => [head, own]);

test("reasons are found by any language's name, by code and by head", () => {
  assert.deepEqual(codes(""), [
    "service", ["fees", "fee_refund"], "cards", ["card_lost", "card_declined"], null, ["cafe"],
  ]);
  assert.deepEqual(codes("LOST"), ["cards", ["card_lost"]]);
  assert.deepEqual(codes("被拒"), ["cards", ["card_declined"]]);
  assert.deepEqual(codes("手續費"), ["service", ["fees", "fee_refund"]]);
  assert.deepEqual(codes("fee refund"), ["service", ["fee_refund"]]); // the code
  assert.deepEqual(codes("fee_refund"), ["service", ["fee_refund"]]);
  assert.deepEqual(codes("cards"), ["cards", ["card_lost", "card_declined"]]);
  assert.deepEqual(codes("refund service"), ["service", ["fee_refund"]]); // over two names
  assert.deepEqual(codes("cafe"), [null, ["cafe"]]);
  assert.deepEqual(codes("ＣＡＦÉ"), [null, ["cafe"]]);
  assert.deepEqual(codes("zebra"), []);
});

test("the best fit comes first, and its group with it", () => {
  assert.deepEqual(codes("card"), ["cards", ["card_lost", "card_declined"]]);
  assert.deepEqual(codes("fee"), ["service", ["fees", "fee_refund"]]);
  assert.deepEqual(codes("refund"), ["service", ["fee_refund"]]);
  assert.deepEqual(codes("st"), ["cards", ["card_lost"], "service", ["fees"]]); // "stolen", "interest"
  assert.equal(fold(" Order_Card-late / X "), "order card late x");
});

test("every reason of a large pack is found once, grouped by its head", () => {
  const heads = Array.from({ length: 12 }, (_, h) => choice(`h${h}`, `Head ${h}`, `类${h}`, `類${h}`));
  const reasons = Array.from({ length: 250 }, (_, r) =>
    choice(`r${r}`, `Reason ${r}`, `原因${r}`, `原因${r}`, `h${r % 12}`));
  const entries = entriesOf(reasons, heads);
  const groups = search(entries, "reason");
  assert.equal(groups.length, 12);
  assert.equal(new Set(groups.flatMap((group) => group.codes)).size, 250);
  assert.deepEqual(search(entries, "reason 249").map((g) => g.codes), [["r249"]]);
});

test("a name of a reason is never made up", () => {
  assert.equal(reasonName(NAMES, "fees"), "Fees and interest");
  assert.equal(reasonName(NAMES, "service"), "Service");
  assert.equal(reasonName(NAMES, "not_known"), "not known");
});

test("dots of the chart: places, sizes, and what is left out", () => {
  const all = dots([
    { p: 0.5, share: 0.25, n: 100 }, { p: 0.1, share: 0, n: 25 }, { p: 0.9, share: 0.9, n: 0 },
    { p: 0.95, share: Number.NaN, n: 3 }, { p: 1.2, share: -1, n: 1 },
  ], 200);
  assert.deepEqual(all.map(({ x, y }) => [x, y]), [[100, 150], [20, 200], [200, 200]]);
  assert.equal(all[0]!.r, 6.5);
  assert.ok(Math.abs((all[1]!.r - 1.6) / (all[0]!.r - 1.6) - 0.5) < 1e-9); // a quarter of the area
  assert.equal(path(all), "M20 200L100 150L200 200");
  assert.deepEqual(dots([], 10), []);
  assert.equal(path([]), "");
});

test("the best baseline is the one that comes closest", () => {
  assert.deepEqual(bestBaseline({ frequent: 0.1, event: 0.4, last: null }), { name: "event", share: 0.4 });
  assert.deepEqual(bestBaseline({ frequent: 0 }), { name: "frequent", share: 0 });
  assert.equal(bestBaseline({ frequent: null }), null);
  assert.equal(bestBaseline(null), null);
});

test("a mark is shown at once, taken back when refused, and the latest wish wins", async () => {
  const sent: MarkCommand[] = [];
  const answers: ((ok: boolean) => void)[] = [];
  const marks = new Marks((d) => {
    sent.push(d);
    return new Promise((resolve) => answers.push(resolve));
  });
  const card = { call: "c", marks: [["b", "wrong"]] as [string, "wrong"][] };
  assert.equal(marks.of(card, "a"), null);
  const first = marks.put("c", "a", "used");
  const second = marks.put("c", "a", "wrong");
  assert.equal(marks.of(card, "a"), "wrong");
  assert.equal(marks.of({ call: "other", marks: [] }, "a"), null);
  answers[1]!(false);
  assert.equal(await second, false);
  assert.equal(marks.of(card, "a"), "used");
  answers[0]!(true);
  assert.equal(await first, true);
  assert.equal(marks.of(card, "a"), null); // from here on the card says it
  assert.equal(marks.of(card, "b"), "wrong");
  void marks.put("c", "", "missing", "Samoa?");
  assert.equal(marks.of(card, ""), "missing");
  assert.deepEqual(sent, [
    { call: "c", answer: "a", mark: "used" }, { call: "c", answer: "a", mark: "wrong" },
    { call: "c", answer: null, mark: "missing", text: "Samoa?" },
  ]);
});

test("what could not be sent at all is taken back too", async () => {
  const marks = new Marks(() => Promise.reject(new Error("no line")));
  await assert.rejects(marks.put("c", "a", "used"), (error) => error instanceof Error && error.message === "no line");
  assert.equal(marks.of({ call: "c", marks: [] }, "a"), null);
});
