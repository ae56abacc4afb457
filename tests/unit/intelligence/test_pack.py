"""Packs: heads, kinds of events and how people ask, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from intelligence.checks import KnowledgeError
from intelligence.pack import LANGUAGES, Choice, Pack, load_pack

FINANCE = Path(__file__).parents[3] / "config" / "packs" / "finance.toml"
LABELS = 'labels = { en = "A", zh-Hans = "甲", zh-Hant = "甲" }\n'
END = f'[[outcome]]\ncode = "solved"\nsettled = true\n{LABELS}[[break]]\ncode = "lunch"\n{LABELS}'
PLAIN = f"""
name = "small"
[[reason]]
code = "fees"
share = 1.0
queue = "service"
{LABELS}{END}"""
HEADED = PLAIN.replace('code = "fees"', 'code = "fees"\nhead = "money"').replace(
    "[[reason]]", f'[[head]]\ncode = "money"\n{LABELS}[[reason]]'
)
ASKS = """
[ask.fees]
en = ["What does it cost?"]
zh-Hans = ["多少钱"]
[outside]
en = ["A taxi please"]
"""


@pytest.fixture(scope="module")
def finance() -> Pack:
    return load_pack(FINANCE)


def load(folder: Path, pack: str, asks: str | None = None) -> Pack:
    (folder / "small.toml").write_text(pack, encoding="utf-8")
    if asks is not None:
        (folder / "small.asks.toml").write_text(asks, encoding="utf-8")
    return load_pack(folder / "small.toml")


def test_a_pack_without_heads_and_asks_works(tmp_path: Path) -> None:
    """Every reason is its own head then."""
    pack = load(tmp_path, PLAIN)
    assert dict(pack.head_of) == {"fees": "fees"}
    assert pack.heads == pack.reasons
    assert (pack.happenings, pack.pages, pack.conditions) == ((), (), ())
    assert (dict(pack.asks), dict(pack.outside)) == ({}, {})


def test_heads_events_and_asks_are_read(tmp_path: Path) -> None:
    """Pages may have hyphens; a language nobody wrote for is absent."""
    more = "".join(
        f'[[{kind}]]\ncode = "{code}"\n{LABELS}'
        for kind, code in (("happening", "a_b"), ("page", "a-b"), ("condition", "outage"))
    )
    pack = load(tmp_path, HEADED + more, ASKS)
    assert dict(pack.head_of) == {"fees": "money"}
    assert [one.code for one in pack.heads] == ["money"]
    assert pack.happenings[0].code == "a_b"
    assert pack.pages[0].code == "a-b"
    assert pack.conditions[0].labels["zh-Hant"] == "甲"
    assert pack.asks["fees"] == {"en": ("What does it cost?",), "zh-Hans": ("多少钱",)}
    assert pack.outside == {"en": ("A taxi please",)}


@pytest.mark.parametrize(
    ("pack", "asks", "said"),
    [
        (HEADED.replace('head = "money"', 'head = "cash"'), None,
         ("reason 1: head is 'cash'; allowed: money", "head 'money' has no reasons")),
        (HEADED.replace('head = "money"\n', ""), None,
         ("reason 1: head is missing; allowed: money", "head 'money' has no reasons")),
        (PLAIN.replace("share", 'head = "x"\nshare'), None,
         ("reason 1: head is 'x'; allowed: nothing, as the pack has no [[head]] tables",)),
        (HEADED + f'[[head]]\ncode = "money"\n{LABELS}', None,
         ("head 'money' is there more than once",)),
        (HEADED + f'[[head]]\ncode = "fees"\n{LABELS}', None,
         ("head 'fees' has no reasons", "reason 'fees' has the code of a head but belongs to")),
        (PLAIN + f'[[page]]\ncode = "a_b"\n{LABELS}', None,
         ("page 1: code is 'a_b'; allowed: 1 to 40 small letters, digits and -",)),
        (PLAIN + f'[[happening]]\ncode = "{"a" * 41}"\n{LABELS}', None,
         ("happening 1: code is",)),
        (PLAIN + f'[[condition]]\ncode = "x"\nuntil = 1\n{LABELS}', None,
         ("condition 1: unknown key 'until'; allowed: code, labels",)),
        (PLAIN + "[page]\na = 1\n", None, ("page is {'a': 1}; allowed: one or more [[page]]",)),
        (PLAIN, ASKS.replace("ask.fees", "ask.fee"),
         ("small.asks.toml: ask.fee: reason is 'fee'; allowed: a reason code of the pack",)),
        (PLAIN, ASKS.replace("zh-Hans", "zh"), ("ask.fees: unknown key 'zh'; allowed: en",)),
        (PLAIN, ASKS.replace('"多少钱"', '" "'), ("ask.fees: zh-Hans is ' '; allowed: texts of",)),
        (PLAIN, ASKS.replace('["多少钱"]', '"多少钱"'), ("zh-Hans is '多少钱'; allowed: a list",)),
        (PLAIN, ASKS.replace("A taxi please", "what does it COST?"),
         ("'what does it COST?' is also under ask.fees; it can mean only one",)),
        (PLAIN, "ask = 1", ("small.asks.toml: ask is 1; allowed: tables [ask.<reason>]",)),
        (PLAIN, "outside = 1", ("small.asks.toml: outside is 1; allowed: a table with lists",)),
        (PLAIN, "[[ask", ("small.asks.toml: is not TOML",)),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_said_at_once(
    tmp_path: Path, pack: str, asks: str | None, said: tuple[str, ...]
) -> None:
    """File, table, key and what is allowed."""
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, pack, asks)
    found = caught.value.problems
    assert len(found) == len(said), found
    for problem in said:
        assert any(problem in one for one in found), found
    assert all(one.startswith("small.") for one in found)


def test_the_finance_pack_has_a_long_tail_under_few_heads(finance: Pack) -> None:
    """Two hundred reasons, of which ten heads cover nine calls of ten."""
    assert len(finance.reasons) >= 200
    assert len(finance.heads) == 12
    assert set(finance.head_of.values()) == {one.code for one in finance.heads}
    whole = sum(one.share for one in finance.usual)
    heads = {one.code: 0.0 for one in finance.heads}
    for one in finance.usual:
        heads[finance.head_of[one.code]] += one.share / whole
    assert sum(sorted(heads.values())[-10:]) >= 0.9
    top = sorted((one.share / whole for one in finance.usual), reverse=True)
    assert 0.6 <= sum(top[:25]) <= 0.8
    assert {one.queue for one in finance.usual} == {"service", "sales", "support"}
    assert max(len(one.labels["en"]) for one in finance.reasons) <= 40


def test_every_reason_of_a_bank_is_put_in_words_in_three_languages(finance: Pack) -> None:
    """And nothing stands under two reasons (the loader refuses that)."""
    often = {one.code for one in finance.usual if one.share >= 0.007}
    for code in finance.reason_codes:
        fewest = (8, 4, 4) if code in often else (4, 2, 2)
        said = [len(set(finance.asks[code][language])) for language in LANGUAGES]
        assert all(n >= least for n, least in zip(said, fewest, strict=True)), (code, said)
    assert sum(map(len, finance.outside.values())) >= 40
    assert set(finance.outside) == set(LANGUAGES)


def test_the_kinds_other_systems_tell_of_are_there(finance: Pack) -> None:
    """The ones the rest of the house relies on."""
    happenings = {one.code for one in finance.happenings}
    assert happenings >= {"card_declined", "login_failed", "fee_charged", "salary_missing",
                          "transfer_returned", "callback_asked"}  # fmt: skip
    assert {one.code for one in finance.pages} >= {"fees", "card-replacement", "login-help"}
    assert {one.code for one in finance.conditions} >= {
        "outage", "price_change", "campaign", "branch_closed",
    }  # fmt: skip


def test_heads_of_a_pack_made_in_code() -> None:
    """``head_of`` follows from the reasons and cannot be changed."""
    reason = Choice(code="fees", labels={}, head="money")
    pack = Pack(name="x", reasons=(reason,), usual=(), outcomes=(), breaks=())
    assert pack.head_of["fees"] == "money"
    with pytest.raises(TypeError):
        pack.head_of["fees"] = "x"  # type: ignore[index]
