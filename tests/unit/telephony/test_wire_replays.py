"""Streams that a real Asterisk 22 sent: every byte is accounted for, in any portions."""

import random
from pathlib import Path

import pytest

from telephony.wire import GREETING, Decoder

REPLAYS = sorted((Path(__file__).parents[2] / "replays").glob("*.ami"))


def test_there_are_recordings() -> None:
    """The folder has not moved."""
    assert len(REPLAYS) >= 10


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_recording_is_read_without_loss(path: Path) -> None:
    """Nothing is rejected, all headers come back as they are on the wire, however it is cut."""
    data = path.read_bytes()
    decoder = Decoder()
    packets = decoder.feed(data)
    assert (decoder.oversize, decoder.malformed, decoder.skipped) == (0, 0, 0)
    assert [packet.name for packet in packets].count(GREETING) <= 1
    assert "" not in [packet.name for packet in packets]
    whole = b"".join(
        packet.raw + (b"\r\n" if packet.name == GREETING else b"\r\n\r\n") for packet in packets
    )
    # A TestEvent with more than a name in it ends with one empty line too many.
    plain = data.replace(b"\r\n\r\n\r\n", b"\r\n\r\n")
    assert plain.startswith(whole)
    assert decoder.held == len(plain) - len(whole)

    rng = random.Random(path.stem)
    pieces, start = Decoder(), 0
    again = []
    while start < len(data):
        size = rng.choice((1, 2, 3, 50, 1000))
        again += pieces.feed(data[start : start + size])
        start += size
    assert [(p.name, p.raw) for p in again] == [(p.name, p.raw) for p in packets]


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_every_header_of_a_recording_is_found(path: Path) -> None:
    """get agrees with the plain reading of the lines, in any case of letters."""
    for packet in Decoder().feed(path.read_bytes()):
        if packet.name == GREETING:
            continue
        for key, value in packet.headers():
            first = packet.all(key)[0]
            assert packet.get(key) == packet.get(key.upper()) == first
            assert value in packet.all(key)
