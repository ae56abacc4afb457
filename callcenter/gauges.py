"""What is read whenever somebody scrapes ``/metrics``: gauges and counts of the running parts."""

from __future__ import annotations

from agent_console.gateway import Gateway

from .calling_back import CallingBack
from .dispatch import Dispatch
from .exchange import Exchange
from .floor.state import State
from .journal import Journal
from .keepers import Invariants
from .learning import Learning
from .metrics import Metrics
from .minds import Minded


def export_health(metrics: Metrics, exchange: Exchange, invariants: Invariants) -> None:
    gauge = metrics.gauge
    gauge("invariants_broken", "Invariants broken now", lambda: len(invariants.broken))
    gauge("invariants_found", "Invariants found broken so far", lambda: invariants.found)
    gauge("drift", "Differences only a snapshot showed", lambda: exchange.drift)
    gauge("signs_of_life", "Signs of life sent to the exchange", lambda: exchange.beats)


def export(
    metrics: Metrics,
    dispatch: Dispatch,
    exchange: Exchange,
    journal: Journal,
    gateway: Gateway,
) -> None:
    """Gauges that are read when somebody scrapes."""

    def state() -> State:  # replaced when the floor opens
        return dispatch.floor.state

    gauge = metrics.gauge
    gauge("calls", "Calls the floor knows", lambda: len(state().calls))
    gauge("agents", "Agents signed in", lambda: len(state().agents))
    gauge("waiting", "Calls waiting", lambda: sum(len(q.waiting) for q in state().queues.values()))
    gauge("consoles", "Open consoles", lambda: gateway.sessions)
    gauge("exchange_up", "1 when the exchange is connected", lambda: state().exchange_up)
    gauge("journal_pending", "Events not yet on disk", lambda: journal.pending)
    gauge("journal_lost", "Events that could not be written", lambda: journal.lost)
    counts = metrics.counts
    counts("events", "Events and orders, by name", lambda: dispatch.counted)
    counts("unexpected_facts", "Facts that did not fit, by name", lambda: state().unexpected)
    counts("orders_failed", "Orders that failed, by name", lambda: dispatch.failed)
    counts("poisoned_events", "Events that raised, by name", lambda: dispatch.poisoned)
    counts("ami", "The line to the exchange", lambda: exchange.link.counts)


def export_callbacks(metrics: Metrics, dispatch: Dispatch, backs: CallingBack) -> None:
    """Callbacks that this engine holds, and what it told the house."""
    held = dispatch.floor.callbacks
    metrics.gauge("callbacks_held", "Callbacks this engine holds now", lambda: len(held()))
    metrics.gauge("callbacks_claimed", "Callbacks claimed so far", lambda: backs.keeper.claimed)
    outbox = backs.outbox
    if outbox is not None:
        metrics.gauge("hook_lost", "Messages that the hook did not take", lambda: outbox.lost)


def export_mind(metrics: Metrics, thinking: Minded, learning: Learning) -> None:
    """Predictions, models and their training."""
    predictor, trained = thinking.mind.predictor, thinking.trained
    metrics.counts("predictions", "Predictions, by how they came out", lambda: predictor.counted)
    metrics.counts("learning", "Trainings and promotions, by result", lambda: learning.counted)
    gauge = metrics.gauge
    gauge("models_refused", "Models that could not be used", lambda: len(trained.refused))
    gauge("training", "1 while models are trained", lambda: learning.state().running)
    gauge("calls_drifted", "1 while calls differ from before", lambda: drifted(learning))
    gauge("probabilities_untrue", "1 while calibration is off", lambda: untrue(learning))


def drifted(learning: Learning) -> bool:
    return bool(learning.state().watched.drift_alarm)


def untrue(learning: Learning) -> bool:
    return bool(learning.state().watched.calibration_alarm)
