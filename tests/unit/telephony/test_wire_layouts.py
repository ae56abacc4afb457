"""Learnt layouts save time and change nothing; what they hold is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from telephony import layout
from telephony.layout import Layouts
from telephony.wire import Decoder, Packet

KEYS = st.sampled_from(
    ["Uniqueid", "CallerIDName", "ChanVariable", "Value", "X", "uniqueid", "A:b"]
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
    keys = ["Uniqueid", "CALLERIDNAME", "chanvariable", "Value", "x", "A", "missing"]
    return (
        [packet.get(key) for key in keys],
        [key in packet for key in keys],
        packet.headers(),
        packet.as_dict(),
        packet.variables,
    )


@given(st.lists(SHAPES, min_size=1, max_size=4), st.sampled_from(["VarSet", "QueueEntry", "Z"]))
def test_a_learnt_layout_reads_like_the_lines(shapes: list[list[str]], name: str) -> None:
    """However often a layout was seen, a packet tells the same as it does alone."""
    decoder = Decoder()
    blocks = ["\r\n".join([f"Event: {name}", *lines]).encode() for lines in shapes]
    for raw in blocks * (layout.SEEN_BEFORE_LEARNT + 1):
        for packet in decoder.feed(raw + b"\r\n\r\n"):
            assert view(packet) == view(Packet(packet.raw))


def test_a_repeated_layout_is_learnt() -> None:
    """After enough packets the layout is cut in one pass, whatever the values are."""
    layouts = Layouts()
    text = "Event: A\r\nX: 1\r\nY: "
    assert layouts.cut("A", text) is None
    for _ in range(layout.SEEN_BEFORE_LEARNT):
        layouts.learn("A", ["Event", "X", "Y"], [])
    for value in ("", "a: b", "\n\u2028\x85", "王" * 1000):
        found = layouts.cut("A", text + value)
        assert found is not None
        assert found[1][found[0].places["Y"]] == value
    for other in ("Event: A\r\nX: 1\r\nZ: ", text + "\r\nW: 1", "Event: A\r\nX: 1", text + "\r"):
        assert layouts.cut("A", other) is None
    assert layouts.cut("B", text) is None


def test_a_peer_that_invents_layouts_teaches_little() -> None:
    """Four layouts of a name and 256 in all are kept, and long ones are not learnt."""
    layouts = Layouts()
    for kind in range(300):
        for shape in range(6):
            for _ in range(layout.SEEN_BEFORE_LEARNT):
                layouts.learn(f"E{kind}", ["Event", f"X{shape}"], [])
    known = [
        (kind, shape)
        for kind in range(300)
        for shape in range(6)
        if layouts.cut(f"E{kind}", f"Event: E{kind}\r\nX{shape}: ")
    ]
    assert len(known) == layout.MOST_IN_ALL
    assert {shape for _, shape in known} == {0, 1, 2, 3}
    long = [f"K{i}" for i in range(layout.MOST_KEYS + 1)]
    fresh = Layouts()
    for _ in range(100):
        fresh.learn("L", long, [])
    assert fresh.cut("L", "\r\n".join(f"{key}: " for key in long)) is None
