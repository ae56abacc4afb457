"""Training models anew from what agents confirmed, measuring them, and registering them.

    lessons of ``train_days`` -> fit on the first 80 % by time -> measured on the last 20 %
                              -> fit on all -> a version in the registry, as a challenger

What is put in the registry is fitted on all lessons, the latest being worth most; its metrics are
those of the same recipe on calls that it had not seen. It runs for minutes: never on the loop of an
engine, and not in its process (``callcenter.learning`` starts another one).
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from intelligence.baselines import accuracies
from intelligence.encoders import Encoder, EncoderMissing, open_encoder
from intelligence.evaluation import (
    FIRST_ENOUGH,
    First,
    Report,
    Says,
    by_rules,
    by_trees,
    by_words,
    good_as_first,
    replay,
    report,
    split,
)
from intelligence.features import at_serving
from intelligence.fitting import fit_trees
from intelligence.fuse import Both, fit_fusion
from intelligence.measures import Ranked, ranked
from intelligence.mind import SILENT
from intelligence.pack import Pack
from intelligence.predictor import CUSTOMERS
from intelligence.promotion import labels_criterion, ordinary, verdict
from intelligence.registry import Registry
from intelligence.rules import NAME as RULES
from intelligence.texts import Example, TextModel, fit_texts
from intelligence.training import TrainingError
from intelligence.trees import ReasonTrees

from .floor.card import Scored, Words
from .ports import Lesson, Lessons
from .settings import PredictionSettings

Progress = Callable[[str, float], None]

KINDS: Final = ("reasons", "words")
DAY: Final = 86_400.0
MOST_LESSONS: Final = 100_000
"""The latest; older ones would cost memory and say little more."""
TIMED: Final = 300
"""Calls that a new model is timed on."""
ASKS_HELD: Final = 5
"""One ask of the pack in so many is held back to measure on, where calls have no words."""
ASKS_ENOUGH: Final = 100
ASKS_TOP1: Final = 0.3
"""Among hundreds of reasons that is far from chance, and a weak reading whose probabilities are
true moves a prediction only as much as it should."""
ASKS_ECE: Final = 0.1
NOTE_WEIGHT: Final = 0.3
"""A note says it in the agent's words, not the customer's."""
LOCK: Final = "training.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A new version and what was found about it."""

    kind: str
    name: str
    promoted: bool
    why: str
    """Why it is in use at once, or still to be tried."""
    lessons: int
    report: Report
    seconds: float


@dataclass(frozen=True, slots=True)
class Course:
    """What training needs from outside."""

    lessons: Lessons
    registry: Registry
    pack: Pack
    settings: PredictionSettings
    now: Callable[[], float]
    encoder: Encoder | None = None
    seed: int = 1

    @property
    def classes(self) -> int:
        return max(2, len(self.pack.reasons))

    @property
    def prior(self) -> dict[str, float]:
        """The pack's shares of reasons; they sum to 1."""
        total = sum(one.share for one in self.pack.usual)
        return {one.code: one.share / total for one in self.pack.usual}


def read_lessons(
    lessons: Lessons, since: float, until: float, off_queues: Collection[str] = ()
) -> list[Lesson]:
    """Lessons, oldest first, with the features a model is asked with; the latest ones. None of
    people who are not to be predicted, nor of queues in which nothing is to be."""
    learned = (
        one
        for one in lessons.lessons(since, until)
        if one.context != SILENT and one.queue not in off_queues
    )
    return [
        replace(one, features=at_serving(one.features, one.queue, one.words))
        for one in deque(learned, MOST_LESSONS)
    ]


def train(
    course: Course, kind: str, since: float | None, until: float | None, progress: Progress
) -> Trained:
    """Train one kind of model. Raises ``TrainingError`` when there is nothing to learn from, in
    words for a person."""
    began = time.perf_counter()
    end = course.now() + 1.0 if until is None else until
    begin = end - course.settings.train_days * DAY if since is None else since
    progress(f"{kind}: reading calls", 0.0)
    lessons = read_lessons(course.lessons, begin, end, course.settings.off_queues)
    work = _reasons if kind == "reasons" else _words
    return work(
        course, lessons, (begin, end), lambda step, p: progress(f"{kind}: {step}", p), began
    )


def _reasons(
    course: Course,
    lessons: Sequence[Lesson],
    period: tuple[float, float],
    progress: Progress,
    began: float,
) -> Trained:
    usable = [one for one in lessons if one.features]
    early, late = split(usable)

    def fit(some: Sequence[Lesson], begin: float, end: float) -> ReasonTrees:
        return fit_trees(
            some, course.pack.head_of, course.prior, course.seed,
            lambda step, p: progress(step, begin + (end - begin) * p),
        )  # fmt: skip

    tried = fit(early, 0.05, 0.45)
    progress("measuring", 0.45)
    said, asked = replay(by_trees(tried.distribution), late)
    by_the_rules, _ = replay(by_rules(course.pack.usual, early), late)
    found = report("reasons", said, asked, course.classes, course.settings.sure)
    p99 = timed(by_trees(tried.distribution), late)
    first = good_as_first(
        said, by_the_rules, asked, course.classes, p99=p99, budget=course.settings.deadline
    )
    model = fit(usable, 0.5, 0.95)
    facts = _facts(course, lessons, period, found, p99)
    facts["metrics"]["baselines"] = accuracies(early, late)
    facts["metrics"]["rules"] = report(
        RULES, by_the_rules, asked, course.classes, course.settings.sure
    ).metrics()
    return _added(course, "reasons", model, facts, first, found, len(usable), began)


def _words(
    course: Course,
    lessons: Sequence[Lesson],
    period: tuple[float, float],
    progress: Progress,
    began: float,
) -> Trained:
    asks = [
        Example(text, language, reason)
        for reason, said in course.pack.asks.items()
        for language, texts in said.items()
        for text in texts
    ]
    outside = [text for texts in course.pack.outside.values() for text in texts]
    codes = frozenset(course.pack.reason_codes)
    known = [one for one in lessons if one.reason in codes]
    early, late = split(known)
    heard = [one for one in late if any(w.source in CUSTOMERS for w in one.words)]
    from_calls = len(heard) >= FIRST_ENOUGH

    def fit(examples: Sequence[Example], begin: float, end: float) -> TextModel:
        return fit_texts(
            examples, course.encoder, course.seed, outside,
            lambda step, p: progress(step, begin + (end - begin) * p),
        )  # fmt: skip

    if from_calls:
        tried = fit([*asks, *examples_of(early)], 0.05, 0.45)
        says = _reader(tried)
        said, asked = replay(says, heard)
    else:
        kept = [one for k, one in enumerate(asks) if k % ASKS_HELD]
        held = asks[::ASKS_HELD]
        if not kept:
            raise TrainingError(
                f"the pack {course.pack.name!r} has no asks, and only {len(heard)} calls have"
                f" words: at least {FIRST_ENOUGH} are needed"
            )
        tried = fit([*kept, *examples_of(known)], 0.05, 0.45)
        said = [ranked(tried.read(one.text, one.language).distribution) for one in held]
        asked = [_as_lesson(one, course.now()) for one in held]
        says = _reader(tried)
    progress("measuring", 0.45)
    found = report("words", said, asked, course.classes, course.settings.sure)
    p99 = timed(says, heard or asked)
    if from_calls:
        first = _first_words(course, early, said, asked, p99)
    else:
        first = _first_asks(found, p99, course.settings.deadline)
    model = fit([*asks, *examples_of(known)], 0.5, 0.95)
    facts = _facts(course, lessons, period, found, p99)
    if from_calls:
        facts["metrics"]["fusion"] = _fusion(course, early, said, asked)
    facts["metrics"]["measured_on"] = "words of calls" if from_calls else "asks of the pack"
    made = _added(course, "words", model, facts, first, found, len(known), began)
    if made.promoted or not from_calls or course.settings.promote != "gate":
        return made
    return _compared(course, made, said, asked, p99)


def _reader(model: TextModel) -> Says:
    return by_words(lambda text, language: model.read(text, language).distribution)


def examples_of(lessons: Iterable[Lesson]) -> list[Example]:
    """What was said and noted about calls, with the reason that was confirmed."""
    found = []
    for one in lessons:
        found += [
            Example(words.text, words.language or one.language, one.reason)
            for words in one.words
            if words.source in CUSTOMERS and words.text.strip()
        ]
        if one.notes.strip():
            found.append(Example(one.notes, None, one.reason, NOTE_WEIGHT))
    return found


def _as_lesson(one: Example, at: float) -> Lesson:
    """An ask of the pack as a call of somebody who said just that."""
    return Lesson(
        call="", at=at, person=None, tier=None, language=one.language, queue=None, context=(),
        features=(), words=(Words(source="chat", text=one.text, language=one.language),),
        reason=one.reason, outcome="", notes="", model=None, shown=(), challengers=(),
    )  # fmt: skip


def _fusion(
    course: Course, early: Sequence[Lesson], said: Sequence[Ranked], asked: Sequence[Lesson]
) -> dict[str, float]:
    """How much words weigh beside the facts: fitted on calls that neither side has seen."""
    before = by_rules(course.pack.usual, early)
    try:
        trees = fit_trees(early, course.pack.head_of, course.prior, course.seed)
    except TrainingError:
        trees = None  # too few calls with facts: the rules are what there is beside the words
    calls = []
    for lesson, words in zip(asked, said, strict=True):
        facts = before(lesson)
        if trees is not None and lesson.features:
            facts = ranked(trees.distribution(lesson.features))
        assert facts is not None  # the rules can always be asked
        calls.append(Both(before=dict(facts), text=dict(words), reason=lesson.reason))
    return asdict(fit_fusion(calls, course.prior))


def _first_words(
    course: Course,
    early: Sequence[Lesson],
    said: Sequence[Ranked],
    asked: Sequence[Lesson],
    p99: float,
) -> First:
    """Words against the rules on the same calls: what the rules say without any words."""
    rules, _ = replay(by_rules(course.pack.usual, early), asked)
    return good_as_first(
        said, rules, asked, course.classes, p99=p99, budget=course.settings.deadline
    )


def _first_asks(found: Report, p99: float, budget: float) -> First:
    """Before customers said anything the pack's asks are all there is, and better than silence."""
    top1 = found.top1 or 0.0
    true = found.ece is not None and found.ece <= ASKS_ECE
    ok = found.n >= ASKS_ENOUGH and top1 >= ASKS_TOP1 and true and p99 <= budget
    return First(
        ok=ok,
        why=f"right about {top1:.0%} of {found.n} asks of the pack it had not seen,"
        f" ECE {found.ece or 0.0:.3f}, p99 {p99:.3f} s",
    )


def _compared(
    course: Course, made: Trained, said: Sequence[Ranked], asked: Sequence[Lesson], p99: float
) -> Trained:
    """A model of words against the one in use, on the words of calls that it was not trained with.

    Words are stored as they were read, so nothing is lost by asking both afterwards; the one in use
    may have been trained with some of them, which only favours it.
    """
    opened = course.registry.open_champion("words")
    if opened is None:
        return made
    champion, model = opened
    assert isinstance(model, TextModel)  # what is registered as words
    before, _ = replay(_reader(model), asked)
    paired = [
        replace(
            lesson,
            challengers=(
                Scored(model=made.name, reasons=tuple(new)),
                Scored(model=champion.name, reasons=tuple(old)),
            ),
        )
        for lesson, new, old in zip(asked, said, before, strict=True)
    ]
    found = verdict(
        paired, made.name, champion.name,
        classes=course.classes, sure=course.settings.sure, p99=p99,
        budget=course.settings.deadline, usual=champion.data.get("shares"), seed=course.seed,
    )  # fmt: skip
    if found.promote:
        course.registry.promote(made.name, found.in_words())
    return replace(made, promoted=found.promote, why=found.in_words())


def timed(says: Says, lessons: Sequence[Lesson]) -> float:
    """Seconds of this process's own work that 99 of 100 answers take at most: what else the machine
    does while a training runs in the background is not held against the model."""
    taken = []
    for lesson in lessons[-TIMED:]:
        began = time.process_time()
        says(lesson)
        taken.append(time.process_time() - began)
    taken.sort()
    return taken[min(len(taken) - 1, int(0.99 * len(taken)))] if taken else 0.0


def _facts(
    course: Course,
    lessons: Sequence[Lesson],
    period: tuple[float, float],
    found: Report,
    p99: float,
) -> dict[str, Any]:
    labels = [one.reason for one in lessons]
    counts = Counter(labels)
    plausible = labels_criterion(ordinary(lessons))
    return {
        "data": {
            "since": period[0],
            "until": period[1],
            "lessons": len(lessons),
            "first": lessons[0].at if lessons else None,
            "last": lessons[-1].at if lessons else None,
            "last_call": lessons[-1].call if lessons else None,
            "shares": {code: n / len(labels) for code, n in sorted(counts.items())},
            "pack": course.pack.name,
        },
        "metrics": {**found.metrics(), "p99": p99},
        "warnings": [] if plausible.ok else [f"labels look wrong: {plausible.detail}"],
    }


def _added(
    course: Course,
    kind: str,
    model: ReasonTrees | TextModel,
    facts: Mapping[str, Any],
    first: First,
    found: Report,
    lessons: int,
    began: float,
) -> Trained:
    version = course.registry.add(kind, model, facts)
    why = "it is tried on live calls first"
    promoted = False
    if course.registry.state().champions.get(kind) is None:
        why = first.why
        if first.ok and course.settings.promote == "gate":
            course.registry.promote(version.name, first.why)
            promoted = True
    return Trained(
        kind=kind, name=version.name, promoted=promoted, why=why, lessons=lessons, report=found,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def encoder_of(settings: PredictionSettings) -> Encoder | None:
    """Raises ``TrainingError`` when the encoder that the settings ask for is not installed."""
    try:
        return open_encoder(settings.encoder)
    except EncoderMissing as error:
        raise TrainingError(str(error)) from None
