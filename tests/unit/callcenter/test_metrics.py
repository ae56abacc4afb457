"""Numbers kept in plain variables come out as Prometheus metrics."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from callcenter.metrics import Metrics


def scraped(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Samples by name and labels."""
    return {
        (sample.name, ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))):
        sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }  # fmt: skip


def test_durations_are_a_histogram() -> None:
    """Buckets count what is not above their bound, each with all below; sum and count fit."""
    metrics = Metrics()
    steps = metrics.durations("step_seconds", "Steps", "step", buckets=(0.001, 0.01))
    for seconds in (0.0005, 0.001, 0.005, 3.0):
        steps.observe("floor", seconds)
    found = scraped(metrics)
    name = "callcenter_step_seconds"
    assert found[f"{name}_bucket", "le=0.001,step=floor"] == 2
    assert found[f"{name}_bucket", "le=0.01,step=floor"] == 3
    assert found[f"{name}_bucket", "le=+Inf,step=floor"] == 4
    assert found[f"{name}_count", "step=floor"] == 4
    assert abs(found[f"{name}_sum", "step=floor"] - 3.0065) < 1e-9


def test_the_agent_channel_is_counted_by_kind() -> None:
    """Each thing of the channel has a counter of its own, by kind."""
    metrics = Metrics()
    metrics.console("out", "event")
    metrics.console("out", "event")
    metrics.console("in", "hello")
    found = scraped(metrics)
    assert found["callcenter_console_frames_out_total", "kind=event"] == 2
    assert found["callcenter_console_frames_in_total", "kind=hello"] == 1
