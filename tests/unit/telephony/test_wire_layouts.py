"""Learnt layouts save time and change nothing; what they hold is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from telephony import layout, wire
from telephony.layout import Layouts
from telephony.packet import pairs_of
from telephony.wire import Decoder, Packet

KEYS = st.sampled_from(
    ["Uniqueid", "CallerIDName", "ChanVariable", "Value", "Cause-txt", "uniqueid", "A:b"]
)
TEXT = st.text(st.sampled_from("a: \\'\r\n\u2028王,=") | st.characters(codec="utf-8"), max_size=8)
LINES = st.one_of(
    st.builds("{}: {}".format, KEYS, TEXT),
    st.builds("{}:{}".format, KEYS, TEXT),
    TEXT,
).map(lambda line: line.replace("\r\n", ""))
SHAPES = st.lists(LINES, min_size=1, max_size=6)


def view(packet: Packet) -> object:
    """Everything a packet tells."""
    keys = ["Uniqueid", "CALLERIDNAME", "chanvariable", "Value", "cause-TXT", "A", "missing"]
    return (
        [packet.get(key) for key in keys],
        [key in packet for key in keys],
        packet.headers(),
        packet.as_dict(),
        packet.variables,
    )


def first_of_each(packet: Packet) -> list[tuple[str, str]]:
    """The headers without those whose key was there already."""
    headers = packet.headers()
    return [
        (key, value)
        for place, (key, value) in enumerate(headers)
        if key not in [earlier for earlier, _ in headers[:place]]
    ]


@given(st.lists(SHAPES, min_size=1, max_size=4), st.sampled_from(["VarSet", "QueueEntry", "Z"]))
def test_a_learnt_layout_reads_like_the_lines(shapes: list[list[str]], name: str) -> None:
    """However often a layout was seen, a packet tells the same as it does alone."""
    decoder = Decoder()
    blocks = ["\r\n".join([f"Event: {name}", *lines]).encode() for lines in shapes]
    for raw in blocks * (layout.SEEN_BEFORE_LEARNT + 1):
        for packet in decoder.feed(raw + b"\r\n\r\n"):
            assert view(packet) == view(Packet(packet.raw))
            assert list(packet.as_dict().items()) == first_of_each(packet)


def learn(layouts: Layouts, text: str) -> None:
    """Show `layouts` one packet."""
    layouts.learn(text, pairs_of(text), lambda key: key == "Y")


def test_a_repeated_layout_is_learnt() -> None:
    """After enough packets the layout is cut in one pass, whatever the values are."""
    layouts = Layouts()
    text = "Event: A\r\nX: 1\r\nY: "
    for _ in range(layout.SEEN_BEFORE_LEARNT):
        assert layouts.known == ()
        learn(layouts, text)
    (known,) = layouts.known
    assert (known.keys, known.escaped) == (("Event", "X", "Y"), ("Y",))
    for value in ("", "a: b", "\n\u2028\x85", "王" * 1000):
        found = known.match(text + value)
        assert found is not None
        assert found[known.places["y"]] == value
    for other in ("Event: A\r\nX: 1\r\nZ: ", text + "\r\nW: 1", "Event: A\r\nX: 1", text + "\r"):
        assert known.match(other) is None


def test_only_well_formed_lines_are_learnt() -> None:
    """Noise, a colon without its space or with another before it is left to the lines."""
    layouts = Layouts()
    for text in ("Event: A\r\nnoise", "Event: A\r\nX:1", "Event: A\r\nX:y: 1", "Event: A\r\n: 1"):
        for _ in range(2 * layout.SEEN_BEFORE_LEARNT):
            learn(layouts, text)
    assert layouts.known == ()


def test_a_peer_that_invents_layouts_teaches_little() -> None:
    """Eight layouts of a name are kept, long ones are not learnt, and names are few."""
    layouts = Layouts()
    for shape in range(100):
        for _ in range(layout.SEEN_BEFORE_LEARNT):
            learn(layouts, f"Event: E\r\nX{shape}: 1")
    assert [known.keys[1] for known in layouts.known] == [f"X{i}" for i in range(8)]
    fresh = Layouts()
    for _ in range(100):
        learn(fresh, f"Event: L\r\n{'K' * layout.MOST_TEXT}: 1")
    assert fresh.known == ()
    decoder = Decoder()
    for kind in range(3 * wire.MOST_NAMES):
        assert len(decoder.feed(b"Event: E%d\r\nX: 1\r\n\r\n" % kind)) == 1
        assert len(decoder._kinds) <= wire.MOST_NAMES
