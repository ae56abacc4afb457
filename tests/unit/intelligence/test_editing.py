"""Entries from files and from the screen put together, and written as files would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date

import pytest

from callcenter.floor.card import Phrasing
from callcenter.ports import KnowledgeEdit
from intelligence.checks import KnowledgeError
from intelligence.editing import Editing, as_toml
from intelligence.entry import Entry
from intelligence.knowledge import load_entry

NOW = 1_778_400_000.0


def entry(name: str, title: str = "Block the card", body: str = "I block it now.") -> Entry:
    return Entry(
        id=name, reasons=("card_lost", "pin"), source="Book 1", audience="everyone",
        valid_from=None, valid_until=None, products=(),
        phrasings=tuple(
            Phrasing(language=one, title=title, body=body) for one in ("en", "zh-Hans", "zh-Hant")
        ),
    )  # fmt: skip


def load(text: str) -> Entry:
    return load_entry(text, {"card_lost", "pin"})


def edit(one: Entry, version: int = 1, **other: object) -> KnowledgeEdit:
    whole: Mapping[str, object] = {
        "id": one.id, "version": version, "at": NOW, "by": "sue", "entry": as_toml(one),
        **other,
    }  # fmt: skip
    return KnowledgeEdit(**whole)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "one",
    [
        entry("plain"),
        entry("quoted", title='Say "no" \\ yes', body="First.\nThen 挂失; <b>é</b>."),
        replace(
            entry("full"), audience="agents", valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31), products=("credit card",),
            asks={"en": ("I lost my card", 'my "card"'), "zh-Hans": ("卡丢了",)},
        ),
    ],
)  # fmt: skip
def test_written_as_its_file_would(one: Entry) -> None:
    """Reading what is written gives the entry."""
    assert load(as_toml(one)) == one


def test_edits_stand_instead_of_files() -> None:
    """Edited at its place, new ones after, retired ones gone."""
    editing = Editing([entry("a"), entry("b"), entry("c")], load, UTC)
    better = entry("b", title="Block it at once")
    merged = editing.merged([edit(better), edit(entry("c"), retired=True), edit(entry("d"))])
    assert [one.id for one in merged.entries] == ["a", "b", "d"]
    assert merged.entries[1] == better
    assert merged.problems == {}


def test_an_edit_that_is_no_good_any_more_leaves_the_file_standing() -> None:
    """A pack that lost a reason stops no engine; what is wrong is told."""
    editing = Editing([entry("a")], load, UTC)
    gone = replace(entry("a"), reasons=("gone",))
    merged = editing.merged([edit(gone), edit(entry("a"), id="new")])
    assert merged.entries == (entry("a"),)
    assert set(merged.problems) == {"a", "new"}
    assert "gone" in merged.problems["a"][0]


def test_a_text_that_is_no_entry_is_refused_with_all_its_mistakes() -> None:
    """A supervisor mends them in one go."""
    editing = Editing([], load, UTC)
    broken = as_toml(entry("a", body="{no.fact}")).replace("card_lost", "fees")
    with pytest.raises(KnowledgeError) as refused:
        editing.read(broken)
    assert len(refused.value.problems) >= 2
    with pytest.raises(KnowledgeError):
        editing.read("entry = 1" + "x" * 100_000)


def test_as_an_agent_would_see_it() -> None:
    """Nobody known: the sentences with facts are left out."""
    body = "I see. [[Your order {order.title} is late.]]"
    editing = Editing([], load, UTC)
    shown = editing.rendered(entry("a", body=body), None, NOW)
    assert [one.body for one in shown] == ["I see."] * 3
