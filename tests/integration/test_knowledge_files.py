"""Packs and knowledge entries as files: what we ship is right, and what is wrong is said well."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date
from pathlib import Path

import pytest

from callcenter.floor.card import Fact, Profile, Reason
from intelligence.answers import Answers
from intelligence.checks import KnowledgeError
from intelligence.knowledge import load_knowledge
from intelligence.pack import LANGUAGES, load_pack
from intelligence.personal import Datum
from intelligence.templates import FACTS, render

CONFIG = Path(__file__).parents[2] / "config"
PRODUCTS = ("current account", "credit card", "savings", "loan", "mortgage")
# Characters that exist only in one of the two scripts, from the words these texts are made of.
ONLY_SIMPLIFIED = set(
    "账户转为这时发现问题请对经过还没个们给应该开关号码长话语证钱银网点达单实汇额贷"
)
ONLY_TRADITIONAL = set(
    "帳戶轉為這時發現問題請對經過還沒個們給應該開關號碼長話語證錢銀網點達單實匯額貸"
)

FEWEST_ASKS = (("en", 3), ("zh-Hans", 2), ("zh-Hant", 2))

GOOD = """
[[entry]]
id = "fees.one"
reasons = ["fees"]
source = "Book 1"
en = { title = "A", body = "B" }
zh-Hans = { title = "甲", body = "乙" }
zh-Hant = { title = "甲", body = "乙" }
"""
PACK = """
name = "small"
[[reason]]
code = "fees"
labels = { en = "Fees", zh-Hans = "费用", zh-Hant = "費用" }
share = 1.0
queue = "service"
[[outcome]]
code = "solved"
labels = { en = "Solved", zh-Hans = "已解决", zh-Hant = "已解決" }
settled = true
[[break]]
code = "lunch"
labels = { en = "Lunch", zh-Hans = "午餐", zh-Hant = "午餐" }
"""


def written(folder: Path, text: str | bytes, name: str = "fees.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(folder: Path, text: str | bytes) -> list[str]:
    written(folder, text)
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder, ("fees", "pin"), PRODUCTS)
    return list(caught.value.problems)


def test_the_finance_pack_is_complete() -> None:
    """Every reason has an answer; at least 40 entries, each in three languages and to the point."""
    pack = load_pack(CONFIG / "packs" / "finance.toml")
    entries = load_knowledge(CONFIG / "knowledge" / "finance", pack.reason_codes, PRODUCTS)
    assert len(entries) >= 40
    assert {code for entry in entries for code in entry.reasons} == set(pack.reason_codes)
    for entry in entries:
        assert tuple(one.language for one in entry.phrasings) == LANGUAGES
        assert [len(entry.asks[language]) >= least for language, least in FEWEST_ASKS] == [True] * 3
        fields = {tuple(re.findall(r"{[^}]*}", one.body)) for one in entry.phrasings}
        assert len(fields) == 1, f"{entry.id}: not the same facts in each language"
        for one in entry.phrasings:
            sentences = sum(one.body.count(stop) for stop in (". ", "? ", "。", "？")) + 1
            assert sentences <= 6, (entry.id, one.language)
            assert len(one.title) <= 60
            assert one.body == unicodedata.normalize("NFC", one.body)
    assert sum("{" in entry.phrasings[0].body for entry in entries) >= 15
    assert pack.settled
    assert {choice.code for choice in pack.breaks} >= {"lunch", "training"}
    assert sum(usual.share for usual in pack.usual) == pytest.approx(1, abs=0.2)


def test_each_chinese_text_is_in_its_own_script() -> None:
    """No simplified character in a traditional text nor the other way round, labels included."""
    pack = load_pack(CONFIG / "packs" / "finance.toml")
    entries = load_knowledge(CONFIG / "knowledge" / "finance", pack.reason_codes)
    texts = [(one.language, one.title + one.body) for entry in entries for one in entry.phrasings]
    for choice in (
        *pack.heads, *pack.reasons, *pack.outcomes, *pack.breaks, *pack.happenings, *pack.pages,
        *pack.conditions,
    ):  # fmt: skip
        texts += list(choice.labels.items())
    for said in (*pack.asks.values(), pack.outside, *(entry.asks for entry in entries)):
        texts += [(language, text) for language, asks in said.items() for text in asks]
    foreign = {"zh-Hans": ONLY_TRADITIONAL - ONLY_SIMPLIFIED,
               "zh-Hant": ONLY_SIMPLIFIED - ONLY_TRADITIONAL, "en": set()}  # fmt: skip
    for language, text in texts:
        assert not foreign[language] & set(text), text


def test_every_reason_of_the_finance_pack_is_answered_on_any_day() -> None:
    """Whoever calls for it gets something, with the products everybody has."""
    pack = load_pack(CONFIG / "packs" / "finance.toml")
    entries = load_knowledge(CONFIG / "knowledge" / "finance", pack.reason_codes)
    answers = Answers(entries)
    owned = Fact(key="products", group="who", kind="text", value=", ".join(PRODUCTS))
    anybody = Profile(person="p", name="", language=None, tier=None, facts=(owned,), contacts=())
    for code in pack.reason_codes:
        likely = (Reason(code=code, probability=0.9),)
        found = answers.find(likely, anybody, (), (), date(2030, 1, 1), UTC, 1.89e9)
        assert found, code
        assert found[0].reason == code


def test_every_answer_can_be_read_out_with_all_facts_and_with_none() -> None:
    """No brace or bracket reaches an agent, and with facts more is said."""
    pack = load_pack(CONFIG / "packs" / "finance.toml")
    values: dict[str, tuple[str | int | float, str | None]] = {
        "text": ("X1", None), "count": (2, None), "money": (1250, "GBP"),
        "date": ("2026-01-31", None), "instant": (1_790_000_000.0, None),
        "duration": (90_000.0, None),
    }  # fmt: skip
    facts = {name: Datum(kind, *values[kind]) for name, kind in FACTS.items()}
    for entry in load_knowledge(CONFIG / "knowledge" / "finance", pack.reason_codes):
        for one in entry.phrasings:
            plain = render(one.body, {}, one.language, UTC)
            full = render(one.body, facts, one.language, UTC)
            assert plain
            assert not set("{}[]") & set(plain + full)
            assert (len(full) > len(plain)) == ("{" in one.body), entry.id


def test_a_good_entry_is_read_whole(tmp_path: Path) -> None:
    """All optional keys, in sub-folders too."""
    dated = GOOD.replace(
        "[[entry]]\n",
        '[[entry]]\nvalid_from = 2026-01-01\nvalid_until = 2026-12-31\nproducts = ["loan"]\n'
        'audience = "agents"\n',
    )
    (tmp_path / "cards").mkdir()
    written(tmp_path / "cards", dated)
    (entry,) = load_knowledge(tmp_path, ("fees",), PRODUCTS)
    assert (entry.id, entry.reasons, entry.products) == ("fees.one", ("fees",), ("loan",))
    assert (str(entry.valid_from), str(entry.valid_until)) == ("2026-01-01", "2026-12-31")
    assert entry.audience == "agents"
    assert entry.phrasings[2].body == "乙"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ('["fees"]', '["fee"]'),
            "fees.toml: entry 'fees.one': reasons is 'fee'; allowed: fees, pin",
        ),
        (('["fees"]', "[]"), "reasons is []; allowed: a list of at least one reason code"),
        (('source = "Book 1"\n', ""), "source is missing; allowed: a text of 1 to 120 characters"),
        (('"fees.one"', '"Fees One"'), "entry 1: id is 'Fees One'; allowed: small letters"),
        (
            ("[[entry]]\n", "[[entry]]\nsauce = 1\n"),
            "unknown key 'sauce'; allowed: asks, audience, en, id",
        ),
        (('zh-Hant = { title = "甲", body = "乙" }', ""), "zh-Hant is missing; allowed: a table"),
        (('title = "A", ', ""), "entry 'fees.one', en: title is missing"),
        (('body = "B"', 'body = "  "'), "entry 'fees.one', en: body is '  '; allowed: a text"),
        (("[[entry]]\n", '[[entry]]\naudience = "all"\n'), "allowed: 'everyone' or 'agents'"),
        (("[[entry]]\n", '[[entry]]\nvalid_from = "May"\n'), "a date such as 2026-01-31"),
        (
            ("[[entry]]\n", "[[entry]]\nvalid_from = 2026-02-02\nvalid_until = 2026-02-01\n"),
            "a day not before valid_from",
        ),
        (
            ("[[entry]]\n", '[[entry]]\nproducts = ["boat"]\n'),
            "products is 'boat'; allowed: credit",
        ),
        (
            ('body = "B"', 'body = "[[{name}]] B"'),
            "en: body: {name} names no fact; allowed: person.",
        ),
        (('body = "B"', 'body = "{order.id}"'), "must stand in [[ ]]"),
        (('title = "A"', 'title = "{order.id}"'), "en: title: '{' is not for this text"),
        (("[[entry]]\n", "[[entry]]\nasks = 1\n"), "asks is 1; allowed: a table with lists for en"),
        (("[[entry]]\n", '[[entry]]\nasks.fr = ["A"]\n'), "fees.one', asks: unknown key 'fr'"),
        (("[[entry]]\n", '[[entry]]\nasks.en = [""]\n'), "asks: en is ''; allowed: texts of 1 to"),
        (("[[entry]]", "[entry]"), "entry is {"),
        (("[[entry]]", "[[entry"), "fees.toml: is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_place_and_remedy(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """File, entry, key, what stands there and what is allowed."""
    (problem,) = problems(tmp_path, GOOD.replace(*change, 1))
    assert said in problem
    assert problem.startswith("fees.toml: ")


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    """One run shows every mistake of every file."""
    written(tmp_path, GOOD.replace("fees.one", "a.b"), "other.toml")
    found = problems(tmp_path, GOOD.replace('"Book 1"', "7").replace('"fees"]', '"x", "y"]') * 2)
    assert len(found) == 7
    assert sum("taken by an entry in fees.toml" in problem for problem in found) == 1


def test_files_that_are_not_text_or_not_there_are_named(tmp_path: Path) -> None:
    """Wrong encoding and a missing folder have words of their own."""
    (problem,) = problems(tmp_path, GOOD.encode("utf-16"))
    assert problem == "fees.toml: is not UTF-8 (byte 0); save it as UTF-8"
    with pytest.raises(KnowledgeError, match="there is no such folder"):
        load_knowledge(tmp_path / "none", ("fees",))
    with pytest.raises(KnowledgeError, match=r"small\.toml: cannot be read"):
        load_pack(tmp_path / "small.toml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("share = 1.0", "share = 0"), "reason 1: share is 0; allowed: a number above 0"),
        (("share = 1.0", "share = true"), "reason 1: share is True"),
        (('queue = "service"\n', ""), "reason 1: queue is missing"),
        (("settled = true", 'settled = "yes"'), "outcome 1: settled is 'yes'; allowed: true or"),
        (('code = "lunch"', 'code = "Lunch!"'), "break 1: code is 'Lunch!'"),
        (('en = "Fees", ', ""), "reason 1, labels: en is missing"),
        (('name = "small"', 'name = "small"\ncolour = "red"'), "unknown key 'colour'"),
    ],
)
def test_a_wrong_pack_is_explained_too(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """The same kind of words for reasons, outcomes and breaks."""
    path = written(tmp_path, PACK.replace(*change, 1), "small.toml")
    with pytest.raises(KnowledgeError) as caught:
        load_pack(path)
    (problem,) = caught.value.problems
    assert said in problem
    assert problem.startswith("small.toml: ")


def test_a_code_there_twice_is_refused(tmp_path: Path) -> None:
    """Two reasons of one code would share their counts."""
    twice = PACK + PACK.partition("[[outcome]]")[0].partition("[[reason]]")[2].join(
        ("[[reason]]", "")
    )
    with pytest.raises(KnowledgeError, match="reason 'fees' is there more than once"):
        load_pack(written(tmp_path, twice, "small.toml"))
    assert load_pack(written(tmp_path, PACK, "small.toml")).reason_codes == ("fees",)
