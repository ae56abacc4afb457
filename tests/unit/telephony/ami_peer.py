"""The other end of a session in tests: reads what was sent, answers like Asterisk 22."""

from telephony.packet import Packet
from telephony.wire import Decoder

GREETING = "Asterisk Call Manager/11.0.0\r\n"
STARTED = ("2026-11-22", "01:40:05")
SNAPSHOT = (
    "CoreStatus",
    "CoreSettings",
    "CoreShowChannels",
    "BridgeList",
    "QueueStatus",
    "DeviceStateList",
)


def block(**headers: object) -> str:
    """One message."""
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n"


def actions(data: bytes) -> list[Packet]:
    """The actions in what a client sent."""
    return Decoder().feed(data)


def success(action: Packet, **headers: object) -> str:
    """A plain good answer."""
    return block(Response="Success", ActionID=action.get("ActionID"), **headers)


def refusal(action: Packet, message: str) -> str:
    """An error as answer."""
    return block(Response="Error", ActionID=action.get("ActionID"), Message=message)


def listing(action: Packet, *items: str, end: str = "Complete", told: int | None = None) -> str:
    """A list as answer; `items` are blocks without ActionID."""
    mark = f"ActionID: {action.get('ActionID')}\r\n"
    whole = [item.replace("\r\n", f"\r\n{mark}", 1) for item in items]
    count = len(items) if told is None else told
    return (
        success(action, EventList="start", Message="will follow")
        + "".join(whole)
        + f"Event: {action.get('Action')}Complete\r\n{mark}"
        + f"EventList: {end}\r\nListItems: {count}\r\n\r\n"
    )


def channel(uniqueid: str) -> str:
    """A CoreShowChannel item."""
    return block(Event="CoreShowChannel", Channel=f"PJSIP/{uniqueid}", Uniqueid=uniqueid)


def snapshot_answer(
    action: Packet,
    *,
    channels: tuple[str, ...] = (),
    started: tuple[str, str] = STARTED,
) -> str:
    """The answer to one of the snapshot's actions."""
    name = action.get("Action")
    if name == "CoreStatus":
        return success(action, CoreStartupDate=started[0], CoreStartupTime=started[1])
    if name == "CoreSettings":
        return success(action, AMIversion="11.0.0", AsteriskVersion="22.10.1")
    items = {
        "CoreShowChannels": [channel(each) for each in channels],
        "BridgeList": [],
        "QueueStatus": [
            block(Event="QueueParams", Queue="sales"),
            block(Event="QueueMember", Queue="sales", Name="Ann", Location="PJSIP/1001"),
            block(Event="QueueEntry", Queue="sales", Uniqueid="5.1", CallerIDName="O'Brien"),
        ],
        "DeviceStateList": [block(Event="DeviceStateChange", Device="PJSIP/1001", State="x")],
    }
    return listing(action, *items[str(name)])
