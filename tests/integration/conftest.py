"""Trained models for tests of the whole product: real ones, small, and trained once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from callcenter import refit
from callcenter.ports import Happening, Lesson
from callcenter.settings import config_folder
from intelligence.features import at_serving, features
from intelligence.pack import load_pack
from intelligence.registry import Registry
from intelligence.texts import Example, fit_texts
from tests.contract.samples import person

LEADS = {
    "card_declined": "card_declined",
    "card_reported_lost": "card_lost",
    "fee_charged": "fees",
    "loan_applied": "loan_status",
}
"""Happening to the reason it makes people call for, in most cases."""
START = 1_758_000_000.0
CALLS = 600


@dataclass(frozen=True, slots=True)
class Taught:
    """A folder of versions, to be copied: ``reasons`` and ``words``, challengers both."""

    folder: Path
    reasons: str
    words: str


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Taught:
    folder = tmp_path_factory.mktemp("taught") / "models"
    pack = load_pack(config_folder() / "packs" / "finance.toml")
    registry = Registry(folder)
    heads = {code: pack.head_of[code] for code in LEADS.values()}
    trees = refit.fit_trees(_lessons(), heads, dict.fromkeys(heads, 1 / len(heads)), seed=1)
    examples = [
        Example(text, language, code)
        for code in LEADS.values()
        for language, texts in pack.asks[code].items()
        for text in texts
    ]
    outside = [text for texts in pack.outside.values() for text in texts]
    words = fit_texts(examples, None, seed=1, outside=outside)
    return Taught(
        folder,
        registry.add("reasons", trees, {}).name,
        registry.add("words", words, {}).name,
    )


def _lessons() -> list[Lesson]:
    """Calls whose happening tells the reason in nine of ten cases."""
    rng = np.random.default_rng(4)
    kinds = tuple(LEADS)
    found = []
    for k in range(CALLS):
        at = START + k * 3600.0
        kind = kinds[int(rng.integers(len(kinds)))]
        leads = kind if rng.random() < 0.9 else kinds[int(rng.integers(len(kinds)))]
        happened = Happening(id=f"h{k}", at=at - float(rng.exponential(2 * 3600.0)), kind=kind)
        row = replace(person(f"p{k}"), happenings=(happened,))
        seen, _ = features("known", row, None, at, (), {"solved"}, UTC)
        found.append(
            Lesson(
                call=f"c{k}", at=at, person=row.id, tier=None, language=None, queue="service",
                context=("who=known",), features=at_serving(seen, "service", ()), words=(),
                reason=LEADS[leads], outcome="solved", notes="", model=None, shown=(),
                challengers=(),
            )
        )  # fmt: skip
    return found
