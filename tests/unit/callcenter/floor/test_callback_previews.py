"""Callbacks that an agent sees before anybody is dialled: accepted, refused, missed, snoozed."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.errors import BadChoice, NotNow, UnknownCall
from callcenter.floor.orders import KeepReservation, ShowCard
from tests.unit.callcenter.floor.callback_line import PREVIEW, Lines
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only


def test_preview_accepted() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    orders = line.due()
    assert line.row().state == "reserved"
    assert not line.dials
    card = only(orders, ShowCard)[-1].card
    assert card.offer is not None
    assert (card.offer.preview, card.offer.deadline) == (True, line.at + 20.0)
    assert line.kept(orders) == ["pending"]
    line.pass_time(5)
    orders = line.say(
        e.ReservationAccepted(at=line.at, agent="mei", reservation=card.offer.reservation)
    )
    assert line.dial().reservation.state == "accepted"
    card = only(orders, ShowCard)[-1].card
    assert card.offer is not None
    assert card.offer.preview is False


def test_preview_that_nobody_acts_on_is_missed() -> None:
    """The agent missed it; the callback is in line again with its place."""
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    line.pass_time(21)
    assert line.states() == {"mei": "missed"}
    assert line.row().state == "due"
    assert not line.dials
    assert line.is_held()
    line.sign_in("tom", TOM)
    assert line.states()["tom"] == "reserved"


def test_preview_refused_goes_to_somebody_else() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    line.say(e.ReservationRefused(at=line.at, agent="mei", reservation=kept.id, reason="no"))
    assert line.states() == {"mei": "ready"}
    assert (line.row().state, line.row().place) == ("due", 1000.0)
    line.sign_in("tom", TOM)
    assert line.states() == {"mei": "ready", "tom": "reserved"}


def test_snoozed_it_keeps_its_place_plus_so_much() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    line.pass_time(4)
    line.say(e.CallbackSnoozed(at=line.at, agent="mei", reservation=kept.id, seconds=300.0))
    row = line.row()
    assert (row.state, row.due, row.place, row.by) == ("scheduled", 1304.0, 1300.0, "mei")
    assert line.is_free()
    assert line.states() == {"mei": "ready"}
    assert line.floor.agent_view("mei").missed_today == 0


def test_a_snooze_that_cannot_be_granted_changes_nothing() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    before, row = line.floor.cards(), line.row()

    def put_off(seconds: float) -> e.CallbackSnoozed:
        return e.CallbackSnoozed(at=line.at, agent="mei", reservation=kept.id, seconds=seconds)

    for seconds in (0.0, -5.0, float("nan"), 3600.0, 1e9):
        with pytest.raises(BadChoice):
            line.say(put_off(seconds))
    with pytest.raises(UnknownCall):
        line.say(e.CallbackSnoozed(at=line.at, agent="mei", reservation="cc-no", seconds=60.0))
    assert (line.floor.cards(), line.row()) == (before, row)
    line.say(e.ReservationAccepted(at=line.at, agent="mei", reservation=kept.id))
    with pytest.raises(NotNow):
        line.say(put_off(60.0))


def test_the_card_says_how_far_the_customers_side_is() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)

    def stage() -> str:
        (card,) = line.floor.cards_of("mei")
        assert card.callback is not None
        return card.callback.stage

    assert stage() == "none"
    line.say(e.ReservationAccepted(at=line.at, agent="mei", reservation=kept.id))
    assert stage() == "calling"
    line.appears(line.dial().call)
    orders = line.say(e.CustomerAnswered(at=line.at, call=line.dials[0].call, by="human"))
    assert only(orders, ShowCard)
    assert stage() == "answered"
