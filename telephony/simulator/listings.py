"""The lists AMI gives on demand: channels, bridges, queues, devices, core figures.

Pure: reads the exchange and makes text; changes nothing. Items of app_queue carry the ActionID
last, all others first, as Asterisk 22 does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from telephony.packet import Packet
from telephony.simulator import messages as m
from telephony.simulator.channel import STATES, Bridge
from telephony.simulator.exchange import Exchange
from telephony.simulator.queues import QueueState


def core_status(exchange: Exchange, packet: Packet) -> str:
    began = datetime.fromtimestamp(exchange.world.started, UTC)
    day, hour = began.strftime("%Y-%m-%d"), began.strftime("%H:%M:%S")
    return m.answer(
        "Success",
        _id(packet),
        f"CoreStartupDate: {day}",
        f"CoreStartupTime: {hour}",
        f"CoreReloadDate: {day}",
        f"CoreReloadTime: {hour}",
        f"CoreCurrentCalls: {len(exchange.world.channels)}",
        f"CoreProcessedCalls: {exchange.world.processed}",
    )


def core_settings(exchange: Exchange, packet: Packet) -> str:
    return m.answer(
        "Success",
        _id(packet),
        "AMIversion: 11.0.0",
        f"AsteriskVersion: {exchange.settings.version}",
        "SystemName: ",
        "CoreMaxCalls: 0",
        "CoreMaxLoadAvg: 0.000000",
        "CoreRunUser: ",
        "CoreRunGroup: ",
        "CoreMaxFilehandles: 0",
        "CoreRealTimeEnabled: No",
        "CoreCDRenabled: Yes",
        "CoreHTTPenabled: No",
        "SoundsSearchCustomDir: No",
    )


def core_show_channels(exchange: Exchange, packet: Packet) -> str:
    own, now = _id(packet), exchange.world.now
    parts = [m.list_start(own, "Channels will follow")]
    for channel in exchange.world.channels.values():
        minutes, seconds = divmod(int(now - channel.created), 60)
        hours, minutes = divmod(minutes, 60)
        parts.append(
            m.list_item(
                "CoreShowChannel",
                own,
                f"{channel.block()}Application: {channel.application}\r\n"
                f"ApplicationData: {channel.data}\r\n"
                f"Duration: {hours:02}:{minutes:02}:{seconds:02}\r\n"
                f"BridgeId: {channel.bridge.id if channel.bridge else ''}\r\n",
            )
        )
    parts.append(m.list_end("CoreShowChannelsComplete", own, len(parts) - 1))
    return "".join(parts)


def bridge_list(exchange: Exchange, packet: Packet) -> str:
    own, wanted = _id(packet), packet.get("BridgeType")
    parts = [m.list_start(own, "Bridge listing will follow")]
    if wanted in (None, "", "basic"):
        parts += [
            m.list_item("BridgeListItem", own, bridge.block())
            for bridge in exchange.world.bridges.values()
        ]
    parts.append(m.list_end("BridgeListComplete", own, len(parts) - 1))
    return "".join(parts)


def bridge_info(exchange: Exchange, packet: Packet) -> str:
    own, wanted = _id(packet), packet.get("BridgeUniqueid", "")
    if not wanted:
        return m.answer("Error", own, "Message: BridgeUniqueid must be provided")
    bridge: Bridge | None = exchange.world.bridges.get(wanted)
    if bridge is None:
        return m.answer("Error", own, "Message: Bridge not found")
    parts = [m.list_start(own, "Bridge channel listing will follow")]
    parts += [m.list_item("BridgeInfoChannel", own, channel.block()) for channel in bridge.channels]
    parts.append(m.list_end("BridgeInfoComplete", own, len(bridge.channels), bridge.block()))
    return "".join(parts)


def queue_status(exchange: Exchange, packet: Packet) -> str:
    own = _id(packet)
    parts = [m.list_start(own, "Queue status will follow")]
    for queue in _queues(exchange, packet):
        parts.append(m.list_item("QueueParams", own, _params(queue), id_last=True))
        wanted = packet.get("Member", "")
        for member in queue.members.values():
            one = member.settings
            if wanted and wanted not in (one.interface, one.name):
                continue
            parts.append(
                m.list_item(
                    "QueueMember",
                    own,
                    f"Queue: {queue.name}\r\nName: {one.name}\r\nLocation: {one.interface}\r\n"
                    f"StateInterface: {one.device}\r\nMembership: {member.membership}\r\n"
                    f"Penalty: {member.penalty}\r\nCallsTaken: {member.calls_taken}\r\n"
                    f"LastCall: {member.last_call}\r\nLastPause: {member.last_pause}\r\n"
                    f"LoginTime: {member.login}\r\nInCall: {int(member.in_call)}\r\n"
                    f"Status: {STATES[member.device.published]}\r\n"
                    f"Paused: {int(member.paused)}\r\nPausedReason: {member.reason}\r\n"
                    "Wrapuptime: 0\r\n",
                    id_last=True,
                )
            )
        parts += _entries(queue, own, exchange.world.now)
    parts.append(m.list_end("QueueStatusComplete", own, len(parts) - 1))
    return "".join(parts)


def _params(queue: QueueState) -> str:
    share = 100 * queue.in_time / queue.completed if queue.completed else 0.0
    all_calls = queue.completed + queue.abandoned
    in_time = queue.in_time + queue.abandoned_in_time
    second = 100 * in_time / all_calls if all_calls else 0.0
    return (
        f"Queue: {queue.name}\r\nMax: 0\r\nStrategy: {queue.settings.strategy}\r\n"
        f"Calls: {len(queue.entries)}\r\nHoldtime: {queue.hold_time}\r\n"
        f"TalkTime: {queue.talk_time}\r\nCompleted: {queue.completed}\r\n"
        f"Abandoned: {queue.abandoned}\r\nServiceLevel: {queue.settings.service_level}\r\n"
        f"ServicelevelPerf: {share:.1f}\r\nServicelevelPerf2: {second:.1f}\r\nWeight: 0\r\n"
    )


def _entries(queue: QueueState, own: str, now: float) -> Iterator[str]:
    for position, entry in enumerate(queue.entries, start=1):
        channel = entry.channel
        yield m.list_item(
            "QueueEntry",
            own,
            f"Queue: {queue.name}\r\nPosition: {position}\r\nChannel: {channel.name}\r\n"
            f"Uniqueid: {channel.uniqueid}\r\nCallerIDNum: {channel.number or 'unknown'}\r\n"
            f"CallerIDName: {channel.person or 'unknown'}\r\n"
            f"ConnectedLineNum: {channel.connected_number or 'unknown'}\r\n"
            f"ConnectedLineName: {channel.connected_name or 'unknown'}\r\n"
            f"Wait: {int(now - entry.joined)}\r\nPriority: 0\r\n",
            id_last=True,
        )


def queue_summary(exchange: Exchange, packet: Packet) -> str:
    own, now = _id(packet), exchange.world.now
    parts = [m.list_start(own, "Queue summary will follow")]
    for queue in _queues(exchange, packet):
        there = [
            member
            for member in queue.members.values()
            if member.device.published not in ("UNAVAILABLE", "INVALID")
        ]
        longest = max((int(now - entry.joined) for entry in queue.entries), default=0)
        parts.append(
            m.list_item(
                "QueueSummary",
                own,
                f"Queue: {queue.name}\r\nLoggedIn: {len(there)}\r\n"
                f"Available: {sum(member.free for member in there)}\r\n"
                f"Callers: {len(queue.entries)}\r\nHoldTime: {queue.hold_time}\r\n"
                f"TalkTime: {queue.talk_time}\r\nLongestHoldTime: {longest}\r\n",
                id_last=True,
            )
        )
    parts.append(m.list_end("QueueSummaryComplete", own, len(parts) - 1))
    return "".join(parts)


def _queues(exchange: Exchange, packet: Packet) -> list[QueueState]:
    wanted = packet.get("Queue", "")
    return [queue for queue in exchange.queues.values() if not wanted or queue.name == wanted]


def device_state_list(exchange: Exchange, packet: Packet) -> str:
    own = _id(packet)
    states = [(device.name, device.published) for device in exchange.world.devices.values()]
    for queue in exchange.queues.values():
        states.append((f"Queue:{queue.name}", "RINGING" if queue.entries else "NOT_INUSE"))
        states.append((f"Queue:{queue.name}_avail", queue.available))
        states += [
            (
                f"Queue:{queue.name}_pause_{member.settings.interface}",
                "INUSE" if member.paused else "NOT_INUSE",
            )
            for member in queue.members.values()
        ]
    parts = [m.list_start(own, "Device State Changes will follow")]
    parts += [m.list_item("DeviceStateChange", own, m.device_state(*state)) for state in states]
    parts.append(m.list_end("DeviceStateListComplete", own, len(states)))
    return "".join(parts)


def _id(packet: Packet) -> str:
    return packet.get("ActionID", "")
