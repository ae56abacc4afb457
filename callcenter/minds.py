"""Puts the mind together from settings, pack and store, and keeps it current.

Three things change while it works: knowledge that supervisors edit, conditions that concern
everybody, and models that are trained. Each is read in a thread and then put in place as a whole.
It decides nothing about calls.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from intelligence.answers import Answers, Policy
from intelligence.editing import Editing
from intelligence.encoders import Encoder, EncoderMissing, Kind, open_encoder
from intelligence.entry import Entry
from intelligence.features import AFTERMATH
from intelligence.fuse import Weights
from intelligence.knowledge import load_entry, load_knowledge
from intelligence.manifest import ModelRefused, Version
from intelligence.mind import SILENT, Mind
from intelligence.pack import Pack
from intelligence.predictor import Models, Predictor
from intelligence.questions import Unanswered, gathered, report
from intelligence.reasons import RECENT, Reasons
from intelligence.registry import Registry
from intelligence.rules import ReasonModel
from intelligence.texts import TextModel
from intelligence.trees import ReasonTrees

from .floor.orders import RecordMark
from .ports import (
    Condition,
    Happening,
    KnowledgeEdit,
    Lesson,
    PageView,
    PhoneNumber,
    Surroundings,
)
from .settings import Settings, config_folder, zone
from .store import Store, StoreError

log: Final = logging.getLogger(__name__)

LOOK: Final = 2.0
"""Seconds between two looks at whether other models are to be used."""
CONDITIONS_READ_EVERY: Final = 30.0
"""Seconds; those told to this engine count at once."""
LATELY: Final = 7 * 86_400.0
"""Seconds; what was confirmed within them is remembered at the start."""
MARKS_KEPT: Final = 365 * 86_400.0
"""Seconds for which marks of answers are learned from."""

Loaded = TypeVar("Loaded")


class Conditions:
    """What concerns everybody. Also the ``Surroundings`` port: what is told here counts at once."""

    def __init__(self, stored: Surroundings, clock: Callable[[], float]) -> None:
        self._stored = stored
        self._clock = clock
        self._known: tuple[Condition, ...] = ()

    def now(self) -> tuple[Condition, ...]:
        """Those that are there, and those that ended a moment ago."""
        at = self._clock()
        return tuple(
            one
            for one in self._known
            if one.since <= at and (one.until is None or one.until > at - AFTERMATH)
        )

    async def refresh(self) -> None:
        self._known = await self._stored.conditions(self._clock() - AFTERMATH)

    async def keep(self) -> None:
        """Read what other engines were told. Runs until cancelled; while the store is in trouble
        what was known stands, for a condition is no reason to give no calls out."""
        while True:
            await asyncio.sleep(CONDITIONS_READ_EVERY)
            try:
                await self.refresh()
            except StoreError as error:
                log.warning("conditions_not_read", extra={"why": str(error)})

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        return await self._stored.happened(person, happenings)

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool:
        return await self._stored.viewed(person, pages)

    async def set_condition(self, condition: Condition) -> None:
        await self._stored.set_condition(condition)
        await self.refresh()

    async def conditions(self, since: float) -> tuple[Condition, ...]:
        return await self._stored.conditions(since)


class Trained:
    """The models of a registry, as they are to be used."""

    def __init__(
        self, registry: Registry, predictor: Predictor, missing: EncoderMissing | None = None
    ) -> None:
        """``missing``: the encoder that the settings ask for is not installed."""
        self.registry = registry
        self._missing = missing
        self._predictor = predictor
        self._opened: dict[str, object] = {}

    @property
    def refused(self) -> dict[str, str]:
        """Kinds of which a version could not be used, with the reason in words."""
        return self.registry.troubles

    async def keep(self) -> None:
        """Use what the registry says. Runs until cancelled; what is wrong leaves the rules."""
        seen: tuple[int, ...] | None = None
        while True:
            try:
                stamp = await asyncio.to_thread(self.registry.stamp)
                if stamp != seen:
                    await self._use()
                    seen = stamp
            except Exception as error:  # noqa: BLE001  # no model or folder may stop calls
                if self.refused.get("models") != str(error):  # told once, tried again
                    self._refuse("models", error)
            await asyncio.sleep(LOOK)

    async def _use(self) -> None:
        models = await asyncio.to_thread(self.read)
        await self._predictor.use(models)
        log.info("models_in_use", extra={"trees": models.trees_name, "words": models.texts_name})

    def read(self) -> Models:
        """Load what is not loaded yet. Anything that is refused is logged and left out."""
        self.refused.clear()
        if self._missing is not None:
            self._refuse("encoder", self._missing)
        trees, words = self._champion("reasons", ReasonTrees), self._champion("words", TextModel)
        models = Models(
            trees=trees[1] if trees else None,
            trees_name=trees[0].name if trees else None,
            texts=words[1] if words else None,
            texts_name=words[0].name if words else None,
            challengers=self._challengers(),
            weights=_weights(words[0] if words else None),
        )
        used = {name for name in (models.trees_name, models.texts_name) if name}
        used |= {name for name, _ in models.challengers}
        self._opened = {name: model for name, model in self._opened.items() if name in used}
        return models

    def _champion(self, kind: str, made: type[Loaded]) -> tuple[Version, Loaded] | None:
        try:
            version = self.registry.champion(kind)
        except (ModelRefused, LookupError) as error:
            self._refuse(kind, error)
            return None
        model = self._load(version, made) if version is not None else None
        if version is None or model is None:
            return None
        return version, model

    def _challengers(self) -> tuple[tuple[str, ReasonTrees], ...]:
        try:
            tried = self.registry.challengers("reasons")
        except ModelRefused as error:  # of the champion it is told already
            self._refuse("reasons", error)
            return ()
        loaded = ((one.name, self._load(one, ReasonTrees)) for one in tried)
        return tuple((name, model) for name, model in loaded if model is not None)

    def _load(self, version: Version, made: type[Loaded]) -> Loaded | None:
        model = self._opened.get(version.name)
        if model is None:
            try:
                model = self.registry.load(version)
            except (ModelRefused, EncoderMissing) as error:
                self._refuse(version.kind, error)
                return None
            self._opened[version.name] = model
        return model if isinstance(model, made) else None

    def _refuse(self, kind: str, error: Exception) -> None:
        self.refused[kind] = str(error)
        log.error("model_refused", extra={"kind": kind, "why": str(error)})


def _opened(kind: Kind) -> tuple[Encoder | None, EncoderMissing | None]:
    """The encoder, ready to read; or why it is not there: calls go on without."""
    try:
        encoder = open_encoder(kind)
    except EncoderMissing as error:
        return None, error
    if encoder is not None:
        encoder.warm_up()
    return encoder, None


def _latest(store: Store, now: float) -> list[Lesson]:
    """The calls that were confirmed last, oldest first."""
    return list(deque(store.lessons.lessons(now - LATELY, now + 1.0), RECENT))


def _weights(words: Version | None) -> Weights:
    """How words and facts are weighed, as the training found; else as Bayes' rule has it."""
    found = words.metrics.get("fusion") if words is not None else None
    if not isinstance(found, dict):
        return Weights()
    try:
        return Weights(**{key: float(value) for key, value in found.items()})
    except (TypeError, ValueError):
        return Weights()


class Shown:
    """Knowledge entries in use: the files', and those edited on the screen in their place."""

    def __init__(self, editing: Editing, answers: Answers) -> None:
        self.editing = editing
        self._answers = answers

    async def show(self, entries: Sequence[Entry]) -> None:
        """From the next call on."""
        self._answers.take(await asyncio.to_thread(self._answers.prepared, entries))

    async def show_edited(self, edits: Sequence[KnowledgeEdit]) -> None:
        """The same, with what was edited; an edit that is no good any more is told to the log."""
        merged = await asyncio.to_thread(self.editing.merged, edits)
        for entry, problems in merged.problems.items():
            log.error("edited_entry_unusable", extra={"entry": entry, "why": "; ".join(problems)})
        if edits:
            await self.show(merged.entries)


@dataclass(frozen=True, slots=True)
class Minded:
    """The mind and what keeps it current."""

    mind: Mind
    conditions: Conditions
    trained: Trained
    shown: Shown
    encoder: Encoder | None

    def questions(
        self, lessons: Iterable[Lesson], marks: Iterable[RecordMark], until: float
    ) -> Unanswered:
        """What nobody could answer. Takes a moment: for a thread."""
        return report(gathered(lessons, marks), until, encoder=self.encoder)


@asynccontextmanager
async def minded(
    settings: Settings,
    pack: Pack,
    store: Store,
    *,
    read_number: Callable[[str | None], PhoneNumber],
    clock: Callable[[], float],
    observe: Callable[[str, float], None],
) -> AsyncIterator[Minded]:
    """The mind for the length of the block. Raises ``KnowledgeError``, ``StoreError`` with words
    for the operator."""
    chosen = settings.prediction
    files = load_knowledge(config_folder() / "knowledge" / settings.centre.pack, pack.reason_codes)
    encoder, missing = await asyncio.to_thread(_opened, chosen.encoder)
    rules = ReasonModel(pack.usual)
    seen = [
        (queue, context, reason, times)
        for queue, context, reason, times in await store.records.reasons_seen()
        if context != SILENT and queue not in chosen.off_queues
    ]
    policy = Policy(answers=chosen.answers, automatic_above=chosen.automatic_above)
    now = clock()
    marks = await store.knowledge.marks(now - MARKS_KEPT, now + 1.0)

    def build() -> Answers:
        rules.load(seen)
        rules.fit()
        made = Answers(files, encoder=encoder, policy=policy)
        made.load(marks)
        return made

    answers = await asyncio.to_thread(build)
    total = sum(one.share for one in pack.usual)
    # Small matrices: more threads than one only take the other cores from calls.
    with (
        threadpool_limits(1),
        ThreadPoolExecutor(1, thread_name_prefix="mind") as pool,
    ):
        predictor = Predictor(
            Reasons(rules, chosen.sure),
            {one.code: one.share / total for one in pack.usual},
            pool,
            deadline=chosen.deadline,
            off_queues=chosen.off_queues,
            on=chosen.on,
            observe=observe,
        )
        latest = await asyncio.to_thread(_latest, store, now)
        predictor.remember(latest)
        conditions = Conditions(store.surroundings, clock)
        await conditions.refresh()
        trained = Trained(Registry(Path(chosen.models)), predictor, missing)
        await predictor.use(await asyncio.to_thread(trained.read))
        load = partial(load_entry, reasons=pack.reason_codes)
        shown = Shown(Editing(files, load, zone(settings)), answers)
        await shown.show_edited(await store.knowledge.edits())
        mind = Mind(
            store.people,
            predictor,
            answers,
            read_number=read_number,
            conditions=conditions.now,
            settled=pack.settled,
            zone=zone(settings),
            now=clock,
            pool=pool,
        )
        yield Minded(mind, conditions, trained, shown, encoder)
