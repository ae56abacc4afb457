"""Record the raw AMI streams of this folder again, on the real exchange.

    python -m tests.replays.record [NAME ...]     (as root; all of them take four minutes)

Each recording is the server's bytes of one connection, from the banner to the last event. The
manager user sees every read class that config/asterisk/manager.conf gives the engine, without
its event filter, so that a reader of these files has met everything. README.md and truth.json
are written from the scenarios.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Phones
from tests.replays.stage import SCENARIOS, Scenario, Stage, Truth

HERE = Path(__file__).parent
MODULES = (
    "queue_calls",
    "direct_calls",
    "callers",
    "sessions",
    "transfers",
    "features",
    "parking",
    "engine_calls",
    "control_calls",
    "callback_calls",
)

PREFACE = """# Recorded AMI streams

Raw bytes that a real Asterisk 22 sent to one AMI connection: the banner, the answer to the
login, then every event and answer up to the last. Nothing was changed or left out, but for the
exchange's own folder in names of files, which reads /var here. Callers and
phones were played by sipp; the names and numbers are made up. `python -m tests.replays.record`
(as root) records them again; times, ports and channel numbers then differ, the course does not.

`truth.json` says for each file what really happened, in the words of
`callcenter/floor/events`. It was written by hand, not derived from the streams. In it
`queues` are pairs (queue, how the call left it), `offers` pairs (device, how its ringing ended
without an answer), `answered_by` the agents' devices, `began_by` the own device that made the
call; `end` is null when the recording stops while the call goes on, and `merged` when it became
part of the call before it. `transfers` are triples (kind, by, to), `parked` pairs (place, who took
the call back), `parties` the numbers of others who took part. Files without calls in it have none.

"""


def play(scenario: Scenario) -> bytes:
    """Play one scenario on an exchange of its own; the recording."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Exchange(edits=scenario.edits) as exchange,
        Phones(exchange.ports, Path(folder) / "phones", exchange.cli) as phones,
    ):
        stage = Stage(exchange, phones)
        try:
            scenario.play(stage)
        except Exception:
            print(exchange.log(), phones.traces(), sep="\n", file=sys.stderr)
            raise
        finally:
            for tap in stage.taps:
                tap.close()
    # Where files are kept is a folder of this test's own.
    return stage.recording.replace(str(exchange.folder_inside).encode(), b"/var")


def readme() -> str:
    """The README from the scenarios and the recordings that are there."""
    parts = [PREFACE]
    for _, scenario in sorted(SCENARIOS.items()):  # in whatever order their modules were imported
        path = HERE / f"{scenario.name}.ami"
        if not path.exists():
            continue
        data = path.read_bytes()
        events = Counter(
            line.split(b": ", 1)[1].decode()
            for line in data.split(b"\r\n")
            if line.startswith(b"Event: ")
        )
        parts.append(f"## {scenario.name}\n\n{scenario.story}\n")
        for number, truth in enumerate(scenario.truth, start=1):
            parts.append(f"- call {number}: {_in_words(truth)}")
        if scenario.truth:
            parts.append("")
        size = f"{len(data):,} bytes, {sum(events.values())} events"
        parts.append(f"{size}.\n")
    return "\n".join(parts)


def _in_words(truth: Truth) -> str:
    who = truth.began_by or f"{truth.name or 'no name'} <{truth.number or 'no number'}>"
    words = [f"{truth.direction}, {_quoted(who)} to {truth.dialled}"]
    words += [f"queue {queue}: {how}" for queue, how in truth.queues]
    words += [f"{device} rang: {how}" for device, how in truth.offers]
    words += [f"answered by {device}" for device in truth.answered_by]
    if truth.holds:
        words.append(f"held {truth.holds} time(s)")
    words += [f"{kind} transfer by {by} to {to}" for kind, by, to in truth.transfers]
    words += [f"parked at {place}, taken back by {by or 'nobody'}" for place, by in truth.parked]
    words += [f"with {party}" for party in truth.parties]
    words.append(f"end: {truth.end or 'still up'}")
    return "; ".join(words)


def _quoted(text: str) -> str:
    """Text of a caller in Markdown, with what cannot be seen made visible."""
    shown = "".join(each if each.isprintable() else f"U+{ord(each):04X}" for each in text)
    return f"`{shown}`"


def main(names: list[str]) -> int:
    for module in MODULES:
        importlib.import_module(f"tests.replays.{module}")
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
        return 2
    chosen = names or list(SCENARIOS)
    for count, name in enumerate(chosen, start=1):
        recording = play(SCENARIOS[name])
        (HERE / f"{name}.ami").write_bytes(recording)
        print(f"[{count}/{len(chosen)}] {name}: {len(recording):,} bytes", flush=True)
    write_down()
    return 0


def write_down() -> None:
    """truth.json and README.md, from the scenarios and the recordings that are there."""
    truths = {name: [asdict(truth) for truth in each.truth] for name, each in SCENARIOS.items()}
    text = json.dumps(truths, ensure_ascii=True, indent=1)
    (HERE / "truth.json").write_text(text + "\n", encoding="utf-8")
    (HERE / "README.md").write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
