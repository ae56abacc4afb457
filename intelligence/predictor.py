"""What is said of one call: the person's facts, the words, and models that are only being tried.

The arithmetic takes a few milliseconds, so it runs in a pool of one thread, in order: what was
learned before a prediction was asked for is in it. When the thread does not answer within the
deadline the rules do, on the loop, and the better prediction follows. Nothing here decides anything
about calls.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from callcenter.floor.card import Cause, Features, Reason, Scored, Words
from callcenter.floor.orders import Predict, RecordOutcome
from callcenter.ports import Lesson, Prediction

from .features import at_serving
from .fuse import REJECTED, Weights, fused
from .reasons import RECENT, Reasons, caught_up
from .texts import Example, Reading, TextModel
from .trees import ReasonTrees

log: Final = logging.getLogger(__name__)

OFF: Final = "off"
"""Name of the model where nothing is to be predicted."""
SPOKEN: Final = frozenset({"ivr", "callback", "chat", "note"})
CUSTOMERS: Final = frozenset({"ivr", "callback", "chat"})
"""Sources of the customer's own words: what is none of ours is worth telling."""
MOVED: Final = 0.4
"""Words are a cause when they raise the log-odds of a reason by this much."""
SCORED: Final = 10
"""So many reasons are kept of what a model says without being shown."""
QUOTED: Final = 80


@dataclass(frozen=True, slots=True)
class Models:
    """The models in use, replaced as a whole. Names are those of the registry."""

    trees: ReasonTrees | None = None
    trees_name: str | None = None
    texts: TextModel | None = None
    texts_name: str | None = None
    challengers: tuple[tuple[str, ReasonTrees], ...] = ()
    weights: Weights = field(default_factory=Weights)


class Predictor:
    """Predicts and learns. ``observe(step, seconds)`` is told how long each step took."""

    def __init__(
        self,
        reasons: Reasons,
        prior: Mapping[str, float],
        pool: Executor,
        *,
        deadline: float,
        off_queues: Collection[str] = (),
        on: bool = True,
        observe: Callable[[str, float], None] = lambda step, seconds: None,
    ) -> None:
        """``deadline`` in seconds. ``prior``: the pack's shares of reasons, summing to 1."""
        self.reasons = reasons
        self.models = Models()
        self.counted: Counter[str] = Counter()
        """``known``, ``not_known``, ``off``, ``late``, ``not_ours``, ``learn_failed``."""
        self._said: deque[Example] = deque(maxlen=RECENT)
        """Words whose reason was confirmed, the latest: for a model that comes into use."""
        self._prior = dict(prior)
        self._pool = pool
        self._deadline = deadline
        self._off = frozenset(off_queues)
        self._on = on
        self._observe = observe

    async def use(self, models: Models) -> None:
        """From the next prediction on. What was confirmed lately is taken along: in a thread of its
        own, because that takes a moment; the pool then only changes names."""
        trees, texts = models.trees, models.texts
        shift = None
        if trees is not None and trees is not self.models.trees:
            shift = await asyncio.to_thread(caught_up, trees, self.reasons.recent())
        if texts is not None and texts is not self.models.texts:
            await asyncio.to_thread(_taught, texts, tuple(self._said))

        def switch() -> None:
            if trees is not self.models.trees:
                self.reasons.use(trees, shift)
            self.models = models

        await asyncio.get_running_loop().run_in_executor(self._pool, switch)

    async def predict(self, order: Predict, allowed: bool = True) -> Prediction:
        """``allowed``: ``False`` when the person does not want to be predicted about."""
        if not self._on or not allowed or order.queue in self._off:
            self.counted["off"] += 1
            return Prediction(reasons=(), model=OFF)
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, order)
        done, _ = await asyncio.wait({work}, timeout=self._deadline)
        if done:
            return self._counted(work.result())
        self.counted["late"] += 1
        began = perf_counter()
        # Beside the pool: counts may grow meanwhile, which their reading bears.
        rules = self.reasons.rules
        in_time = Prediction(
            reasons=rules.predict(order.queue, order.context),
            model=rules.name,
            late=self._late(work),
        )
        self._observe("predict_rules", perf_counter() - began)
        return in_time

    async def _late(self, work: asyncio.Future[Prediction]) -> Prediction:
        return self._counted(await work)

    def _counted(self, found: Prediction) -> Prediction:
        self.counted["known" if found.reasons else "not_known"] += 1
        self.counted["not_ours"] += found.not_ours
        return found

    def learn(self, order: RecordOutcome) -> None:
        """A confirmed reason. Never waits: it is learned before the next prediction is made. Where
        nothing is predicted nothing is learned."""
        if not self._on or order.queue in self._off:
            return
        self._pool.submit(self._learn, order).add_done_callback(self._learned)

    def remember(self, lessons: Iterable[Lesson]) -> None:
        """What was confirmed before the start, oldest first; the rules have counted it already.
        Before ``use``, and before anybody asks."""
        for one in deque((one for one in lessons if one.model != OFF), RECENT):
            served = at_serving(one.features, one.queue, one.words)
            if served:
                self.reasons.remember(served, one.reason)
            self._said.extend(_examples(one.words, one.reason))

    def _learn(self, order: RecordOutcome) -> None:
        features = at_serving(order.features, order.queue, order.words)
        self.reasons.learn(order.queue, order.context, features, order.words, order.reason)
        examples = _examples(order.words, order.reason)
        self._said.extend(examples)
        if self.models.texts is not None:
            _taught(self.models.texts, examples)

    def _learned(self, work: Future[None]) -> None:
        error = work.exception()
        if error is not None:  # nobody waits for it, and the next call is predicted all the same
            self.counted["learn_failed"] += 1
            log.error("not_learned", exc_info=error)

    # --- in the pool ------------------------------------------------------------------------

    def _timed(self, order: Predict) -> Prediction:
        began = perf_counter()
        try:
            return self.of(order)
        finally:
            self._observe("predict", perf_counter() - began)

    def of(self, order: Predict) -> Prediction:
        """The prediction, as it is without a deadline."""
        models = self.models
        features = at_serving(order.features, order.queue, order.words)
        before = self.reasons.distribution(order.queue, order.context, features)
        heard = _spoken(order.words)
        reading = self._read(heard)
        not_ours = reading is not None and reading.ours < REJECTED
        after = before
        if reading is not None and not not_ours:
            after = fused(before, reading.distribution, self._prior, models.weights, reading.ours)
        reasons = self.reasons.told(
            after, features, order.causes, queue=order.queue, context=order.context,
            words=order.words if after is not before else (),
        )  # fmt: skip
        if after is not before and heard is not None:
            reasons = tuple(_with_words(one, before, after, heard) for one in reasons)
        return Prediction(
            reasons=reasons,
            model=self._name(after is not before),
            not_ours=not_ours and heard is not None and heard.source in CUSTOMERS,
            challengers=self._tried(before, features),
        )

    def _read(self, words: Words | None) -> Reading | None:
        texts = self.models.texts
        if texts is None or words is None:
            return None
        began = perf_counter()
        reading = texts.read(words.text, words.language)
        self._observe("read_words", perf_counter() - began)
        return reading

    def _name(self, with_words: bool) -> str:
        name = self.models.trees_name or self.reasons.rules.name
        return f"{name} + {self.models.texts_name}" if with_words else name

    def _tried(self, before: Mapping[str, float], features: Features) -> tuple[Scored, ...]:
        """What the one in use and its challengers say of the person's facts alone, so that they can
        be compared; nothing is stored while nobody challenges."""
        models = self.models
        if not models.challengers:
            return ()
        own = models.trees_name or self.reasons.rules.name
        scored = [_scored(own, before)]
        scored += [
            _scored(name, model.distribution(features)) for name, model in models.challengers
        ]
        return tuple(scored)


def _examples(words: Sequence[Words], reason: str) -> list[Example]:
    return [Example(one.text, one.language, reason) for one in words if one.source in SPOKEN]


def _taught(texts: TextModel, examples: Sequence[Example]) -> None:
    for example in examples:
        texts.memory.add(example)


def _scored(name: str, distribution: Mapping[str, float]) -> Scored:
    ranked = sorted(distribution.items(), key=lambda one: (-one[1], one[0]))[:SCORED]
    return Scored(model=name, reasons=tuple((code, round(p, 5)) for code, p in ranked))


def _spoken(words: Sequence[Words]) -> Words | None:
    """The newest words that say something; a note only where the customer's own are missing."""
    said = [one for one in words if one.source in SPOKEN]
    own = [one for one in said if one.source in CUSTOMERS]
    return own[-1] if own else said[-1] if said else None


def _with_words(
    reason: Reason, before: Mapping[str, float], after: Mapping[str, float], heard: Words
) -> Reason:
    moved = _log_odds(after.get(reason.code, 0.0)) - _log_odds(before.get(reason.code, 0.0))
    if moved < MOVED:
        return reason
    said = Cause(
        group="words", code=f"words.{heard.source}", kind="text", value=heard.text[:QUOTED]
    )
    return Reason(code=reason.code, probability=reason.probability, why=(said, *reason.why[:2]))


def _log_odds(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))
