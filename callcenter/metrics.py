"""Numbers for Prometheus: the only importer of ``prometheus_client``.

One ``Metrics`` per engine, with a registry of its own, so that two engines in one process (tests)
do not share counters. It must not measure by itself: others count, or hand in a function to read.
What is counted a hundred times a call is kept in plain numbers and made into metrics when somebody
scrapes: the library's own counters take a lock each time. It is counted on the loop's thread alone.
"""

from __future__ import annotations

import collections
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

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


class Durations(Collector):
    """A histogram of seconds by one label."""

    def __init__(self, name: str, text: str, label: str, buckets: Sequence[float]) -> None:
        self._name, self._text, self._label = name, text, label
        self._buckets = tuple(buckets)
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, kind: str, seconds: float) -> None:
        counts = self._counts.get(kind)
        if counts is None:
            counts = self._counts[kind] = [0] * (len(self._buckets) + 1)
            self._sums[kind] = 0.0
        counts[bisect_left(self._buckets, seconds)] += 1
        self._sums[kind] += seconds

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label])
        bounds = [*map(floatToGoString, self._buckets), "+Inf"]
        for kind, counts in sorted(self._counts.items()):
            whole = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric([kind], whole, self._sums[kind])
        yield family

    def describe(self) -> Iterable[Metric]:
        yield HistogramMetricFamily(self._name, self._text, labels=[self._label])


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
        self._console: dict[str, collections.Counter[str]] = {}
        for what, (name, text) in console.items():
            counted = self._console[what] = collections.Counter()
            self.counts(f"console_{name}", text, lambda counted=counted: counted)  # type: ignore[misc]
        self._sign_ins = self.counter("sign_ins", "Attempts to sign in, by result", "result")

    def console(self, what: str, kind: str) -> None:
        """Count one thing of the agent channel; ``what`` is a key of the table above."""
        self._console[what][kind] += 1

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

    def durations(
        self, name: str, text: str, label: str, buckets: Sequence[float] = LATENCY_BUCKETS
    ) -> Durations:
        """A new histogram ``callcenter_<name>``; observe seconds."""
        found = Durations(f"callcenter_{name}", text, label, buckets)
        self.registry.register(found)
        return found

    def render(self) -> bytes:
        """Everything, in the Prometheus text format (``CONTENT_TYPE``)."""
        return generate_latest(self.registry)
