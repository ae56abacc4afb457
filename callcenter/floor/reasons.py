"""Why a customer calls and what to answer: words, predictions, answers, and what became of them.

Functions over ``State``; ``Floor`` knows which event goes to which. Each prediction is one row that
is stored again as it becomes fuller (``RecordPrediction``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from . import distribution
from . import events as e
from .call import Call, CallState
from .card import Cause, Profile, Words
from .errors import BadChoice
from .orders import FindAnswers, Predict, RecordMark, RecordPrediction

if TYPE_CHECKING:
    from .state import State

MOST_WORDS: Final = 5
"""So many words of a call are kept, the newest; of a note and of a path only the last."""
LONGEST_WORDS: Final = 2000
REPLACED: Final = frozenset({"note", "path"})
LONGEST_MARK: Final = 500
NOBODYS: Final = frozenset({"words", "condition", "queue"})
"""Groups of causes that tell nothing about a person."""


def predict(state: State, call: Call) -> None:
    """Ask why, with all that is known of the call by now."""
    call.predict_ask += 1
    state.orders.append(
        Predict(
            call=call.id,
            queue=call.queue,
            context=call.context,
            features=call.features,
            causes=call.causes,
            words=call.words,
            ask=call.predict_ask,
        )
    )


def said(state: State, event: e.CallerSaid) -> None:
    """Words about the reason: what was predicted without them is asked again."""
    call = state.call(event)
    if call is None or call.direction == "internal" or call.state is CallState.ENDED:
        return
    words = replace(event.words, text=event.words.text.strip()[:LONGEST_WORDS])
    if not words.text or words in call.words:
        return
    kept = [one for one in call.words if not _replaces(words, one)]
    call.words = (*kept, words)[-MOST_WORDS:]
    state.dirty_calls[call.id] = None
    if call.identity != "pending":  # else the identification asks, with these words
        predict(state, call)


def _replaces(new: Words, old: Words) -> bool:
    return new.source == old.source and new.source in REPLACED


def predicted(state: State, event: e.ReasonsPredicted) -> None:
    call = state.calls.get(event.call)
    if call is None or event.ask != call.predict_ask:
        return
    known = event.reasons == call.reasons and call.reasons_state != "pending"
    call.reasons, call.model, call.not_ours = event.reasons, event.model, event.not_ours
    call.reasons_state = "known" if event.reasons else "not_known"
    distribution.learned(state, call, event.at)
    state.dirty_calls[call.id] = None
    _begin_row(state, call, event)
    if known and call.answers_state == "known" and not call.words:
        return  # nothing new to look for
    call.answers_ask += 1
    if event.reasons:
        find_answers(state, call)
    else:
        call.answers, call.answers_state = (), "not_known"


def _begin_row(state: State, call: Call, event: e.ReasonsPredicted) -> None:
    last = call.prediction
    again = last is not None and last.ask == event.ask
    profile = call.profile
    screen = min(call.screens, default=None)
    call.prediction = RecordPrediction(
        call=call.id,
        ask=event.ask,
        version=last.version + 1 if last is not None and again else 1,
        at=event.at,
        person=profile.person if profile else None,
        tier=profile.tier if profile else None,
        language=profile.language if profile else None,
        queue=call.queue,
        context=call.context,
        features=call.features,
        words=call.words,
        model=event.model,
        reasons=event.reasons,
        not_ours=event.not_ours,
        challengers=event.challengers,
        agent=last.agent if last else screen,
        seen=last.seen if last else event.at if screen else None,
        marks=call.marks,
    )
    call.prediction_kept = True
    state.orders.append(call.prediction)


def find_answers(state: State, call: Call) -> None:
    """Facts of a person are put into answers only when it is known that they are calling."""
    reasons, profile = call.reasons, call.profile
    if call.identity != "known":
        reasons = tuple(replace(one, why=_nobodys(one.why)) for one in reasons)
        profile = _only_products(profile)
    state.orders.append(
        FindAnswers(
            call=call.id,
            reasons=reasons,
            profile=profile,
            words=call.words,
            marks=call.marks,
            ask=call.answers_ask,
        )
    )


def _nobodys(causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """The facts that are not a person's own."""
    return tuple(one for one in causes if one.group.partition(".")[0] in NOBODYS)


def _only_products(profile: Profile | None) -> Profile | None:
    """Enough to choose answers by; nothing that could be read out."""
    if profile is None:
        return None
    facts = tuple(fact for fact in profile.facts if fact.key == "products")
    return replace(profile, name="", facts=facts, contacts=())


def answers_found(state: State, event: e.AnswersFound) -> None:
    call = state.calls.get(event.call)
    if call is None or event.ask != call.answers_ask:
        return
    call.answers = event.answers
    call.answers_state = "known" if event.answers else "not_known"
    state.dirty_calls[call.id] = None
    if call.prediction is not None and event.answers:
        _fuller(state, call, answers=tuple(answer.id for answer in event.answers))


def seen(call: Call, agent: str, at: float) -> None:
    """The card came to a screen; stored with whatever is stored next."""
    row = call.prediction
    if row is not None and row.seen is None:
        call.prediction = replace(row, agent=agent, seen=at)
        call.prediction_kept = False


def _fuller(state: State, call: Call, **more: object) -> None:
    assert call.prediction is not None
    row = call.prediction
    call.prediction = replace(row, version=row.version + 1, **more)  # type: ignore[arg-type]
    call.prediction_kept = True
    state.orders.append(call.prediction)


def keep_last(state: State, call: Call) -> None:
    """The call is over: what is not stored yet about its prediction is."""
    if call.prediction is not None and not call.prediction_kept:
        _fuller(state, call)


def marked(state: State, event: e.AnswerMarked) -> None:
    """A wish: what became of an answer that is on the agent's screen."""
    call = state.card_call(event.agent, event.call)
    text = event.text.strip()
    if len(text) > LONGEST_MARK:
        raise BadChoice(f"The text has {len(text)} characters; at most {LONGEST_MARK} are kept.")
    if (event.mark == "missing") != (event.answer is None):
        raise BadChoice("An answer is marked used or wrong; only a missing one has no name.")
    if event.answer is not None and event.answer not in {one.id for one in call.answers}:
        raise BadChoice(f"There is no answer {event.answer!r} on the card of this call.")
    key = event.answer or ""
    others = tuple(pair for pair in call.marks if pair[0] != key)
    call.marks = (*others, (key, event.mark))
    state.dirty_calls[call.id] = None
    if call.prediction is not None:
        _fuller(state, call, marks=call.marks)
    state.orders.append(
        RecordMark(
            at=event.at,
            call=call.id,
            agent=event.agent,
            answer=event.answer,
            mark=event.mark,
            text=text,
            reason=call.reasons[0].code if call.reasons else None,
            words=call.words,
        )
    )
    wrong = {answer for answer, mark in call.marks if mark == "wrong"}
    if call.answers and call.reasons and wrong >= {one.id for one in call.answers}:
        call.answers_ask += 1  # all of them were: others may be right
        find_answers(state, call)
