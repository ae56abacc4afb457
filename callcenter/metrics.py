"""Numbers for Prometheus: the only importer of ``prometheus_client``.

One ``Metrics`` per engine, with a registry of its own, so that two engines in one process (tests)
do not share counters. It must not measure by itself: others count, or hand in a function to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds; fine around the promises of 10 and 50 ms."""


class _Counts(Collector):
    """Counts that somebody else keeps, as a counter."""

    def __init__(self, name: str, text: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(self._name, self._text, labels=["kind"])
        for kind, value in sorted(self._read().items()):
            family.add_metric([kind], value)
        yield family

    def describe(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._text, labels=["kind"])


class Metrics:
    """Names begin with ``callcenter_``; labels are few and never hold personal data."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        console = {
            "in": ("frames_in", "Frames from browsers, by what they asked for"),
            "out": ("frames_out", "Frames to browsers, by kind"),
            "command": ("commands", "Commands of browsers, by result"),
            "close": ("closes", "Sockets closed by the server, by code"),
            "slow": ("slow", "Browsers closed as too slow, by what was full"),
            "handshake": ("handshakes", "Sockets asked for, by result"),
            "welcome": ("welcomes", "Browsers welcomed, with a snapshot or resumed"),
        }
        # Looking a label up in the library costs more than counting.
        self._console = {
            what: cache(self.counter(f"console_{name}", text, "kind").labels)
            for what, (name, text) in console.items()
        }
        self._sign_ins = self.counter("sign_ins", "Attempts to sign in, by result", "result")

    def console(self, what: str, kind: str) -> None:
        """Count one thing of the agent channel; ``what`` is a key of the table above."""
        self._console[what](kind).inc()

    def sign_in(self, result: str) -> None:
        self._sign_ins.labels(result).inc()

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A new counter ``callcenter_<name>_total``."""
        return Counter(f"callcenter_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A new gauge ``callcenter_<name>`` that asks ``read`` whenever it is scraped."""
        Gauge(f"callcenter_{name}", text, registry=self.registry).set_function(read)

    def counts(self, name: str, text: str, read: Callable[[], Mapping[str, int]]) -> None:
        """A counter ``callcenter_<name>_total`` by ``kind``, read whenever it is scraped."""
        self.registry.register(_Counts(f"callcenter_{name}", text, read))

    def histogram(
        self, name: str, text: str, *labels: str, buckets: Sequence[float] = LATENCY_BUCKETS
    ) -> Histogram:
        """A new histogram ``callcenter_<name>``; observe seconds."""
        return Histogram(
            f"callcenter_{name}", text, labels, registry=self.registry, buckets=buckets
        )

    def render(self) -> bytes:
        """Everything, in the Prometheus text format (``CONTENT_TYPE``)."""
        return generate_latest(self.registry)
