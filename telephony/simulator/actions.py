"""AMI actions of the simulated exchange, and the words Asterisk 22 answers them with.

Pure. Each takes the exchange and the action's packet and gives the text of the answer; events that
follow from it pile up in the world and go out after the answer, as on the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from telephony.packet import Packet
from telephony.simulator import control, dialplan, listings, originate
from telephony.simulator import messages as m
from telephony.simulator.channel import Channel
from telephony.simulator.exchange import Exchange
from telephony.simulator.queues import MemberState, QueueState
from telephony.simulator.settings import Member, SettingsError

Act: TypeAlias = Callable[[Exchange, Packet], str]


def _error(packet: Packet, text: str) -> str:
    return m.answer("Error", packet.get("ActionID", ""), f"Message: {text}")


def _success(packet: Packet, *lines: str) -> str:
    return m.answer("Success", packet.get("ActionID", ""), *lines)


def ping(exchange: Exchange, packet: Packet) -> str:
    return _success(packet, "Ping: Pong", f"Timestamp: {exchange.world.now:.6f}")


def list_commands(exchange: Exchange, packet: Packet) -> str:
    del exchange
    return _success(packet, *(f"{name}: simulated" for name in sorted(NAMES.values())))


def hangup(exchange: Exchange, packet: Packet) -> str:
    name = packet.get("Channel", "")
    if not name:
        return _error(packet, "No channel specified")
    channel = exchange.find(name)
    if channel is None:
        return _error(packet, "No such channel")
    cause = packet.get("Cause", "")
    exchange.kill(channel, int(cause) if cause.isdigit() and int(cause) < 128 else 0)
    return _success(packet, "Message: Channel Hungup")


def originate_call(exchange: Exchange, packet: Packet) -> str:
    request = originate.read(packet, exchange)
    if isinstance(request, str):
        return _error(packet, request)
    originate.start(exchange, request)
    return _success(packet, "Message: Originate successfully queued")


def redirect(exchange: Exchange, packet: Packet) -> str:
    """One channel, or two that talk, go on elsewhere in the dialplan."""
    places = []
    for extra in ("", "Extra"):
        name = packet.get(f"{extra}Channel", "")
        if not name:
            if extra:
                break
            return _error(packet, "Channel not specified")
        channel = exchange.find(name)
        if channel is None:
            said = "ExtraChannel" if extra else "Channel"
            return _error(packet, f"{said} does not exist")
        context, exten, priority = (
            packet.get(f"{extra}{key}") or packet.get(key, "")
            for key in ("Context", "Exten", "Priority")
        )
        if priority != "1" or not dialplan.knows(exchange, context, exten):
            return _error(packet, "Redirect failed")
        places.append((channel, context, exten))
    if not all(exchange.moves(channel) for channel, _, _ in places):
        return _error(packet, "Redirect failed")
    if len(places) > 1:
        exchange.joins.split(places[0][0], places[1][0])
    for place in places:
        exchange.redirect(*place)
    return _success(packet, f"Message: {'Dual ' * (len(places) > 1)}Redirect successful")


def _channel_of(exchange: Exchange, packet: Packet) -> Channel | str:
    """The channel an action is about, or the answer when there is none."""
    name = packet.get("Channel", "")
    if not name:
        return _error(packet, "No channel specified")
    return exchange.find(name) or _error(packet, "No such channel")


def play_dtmf(exchange: Exchange, packet: Packet) -> str:
    """A key, for the channel's party to hear or (``Receive``) as if that had pressed it."""
    channel, digit = _channel_of(exchange, packet), packet.get("Digit", "")
    if isinstance(channel, str):
        return channel
    if not digit:
        return _error(packet, "No digit specified")
    if _true(packet.get("Receive", "")):
        exchange.press_key(channel.uniqueid, digit[0])
    return _success(packet, "Message: DTMF successfully queued")


def mix_monitor(exchange: Exchange, packet: Packet) -> str:
    return _monitored(exchange, packet, m.MIX_MONITOR_START)


def stop_mix_monitor(exchange: Exchange, packet: Packet) -> str:
    return _monitored(exchange, packet, m.MIX_MONITOR_STOP)


def mix_monitor_mute(exchange: Exchange, packet: Packet) -> str:
    direction, state = packet.get("Direction", ""), packet.get("State", "")
    if direction not in ("read", "write", "both"):
        return _error(packet, "Invalid direction specified. Must be read, write or both")
    if state not in ("0", "1"):
        return _error(packet, "Invalid state specified. Must be 0 or 1")
    body = f"Direction: {direction}\r\nState: {state}\r\n"
    return _monitored(exchange, packet, m.MIX_MONITOR_MUTE, body)


def _monitored(exchange: Exchange, packet: Packet, kind: m.Kind, body: str = "") -> str:
    channel = _channel_of(exchange, packet)
    if isinstance(channel, str):
        return channel
    exchange.world.emit(kind, channel.block() + body)
    return _success(packet)


def mute_audio(exchange: Exchange, packet: Packet) -> str:
    channel = _channel_of(exchange, packet)
    return channel if isinstance(channel, str) else _success(packet)


def setvar(exchange: Exchange, packet: Packet) -> str:
    variable, name = packet.get("Variable", ""), packet.get("Channel", "")
    if not variable:
        return _error(packet, "No variable specified")
    channel = exchange.find(name) if name else None
    if name and channel is None:
        return _error(packet, "No such channel")
    exchange.set_variable(channel, variable, packet.get("Value", ""))
    return _success(packet, "Message: Variable Set")


def getvar(exchange: Exchange, packet: Packet) -> str:
    """A global variable, a channel's own, or whether a call can be handed on to somewhere."""
    variable, name = packet.get("Variable", ""), packet.get("Channel", "")
    if not variable:
        return _error(packet, "No variable specified")
    channel = exchange.find(name) if name else None
    if name and channel is None:
        return _error(packet, "No such channel")
    value = control.exists(exchange, variable)
    if value is None:
        value = (exchange.globals if channel is None else channel.variables).get(variable, "")
    return _success(packet, f"Variable: {variable}", f"Value: {value}")


def user_event(exchange: Exchange, packet: Packet) -> str:
    name = packet.get("UserEvent", "")
    headers = "".join(
        f"{key}: {value}\r\n"
        for key, value in packet.headers()
        if key.lower() not in ("action", "userevent", "actionid")
    )
    own = packet.get("ActionID", "")
    id_line = f"ActionID: {own}\r\n" if own else ""
    exchange.world.emit(m.USER_EVENT, f"UserEvent: {name}\r\n{id_line}{headers}")
    return _success(packet, "Message: Event Sent")


def queue_pause(exchange: Exchange, packet: Packet) -> str:
    interface, paused = packet.get("Interface", ""), packet.get("Paused", "")
    if not interface or not paused:
        return _error(packet, "Need 'Interface' and 'Paused' parameters.")
    pause = _true(paused)
    found = [
        (queue, queue.members[interface])
        for queue in exchange.queues.values()
        if packet.get("Queue", queue.name) in ("", queue.name) and interface in queue.members
    ]
    if not found:
        return _error(packet, "Interface not found")
    for queue, member in found:
        _set_paused(exchange, queue, member, pause, packet.get("Reason", ""))
    return _success(packet, f"Message: Interface {'' if pause else 'un'}paused successfully")


def _set_paused(
    exchange: Exchange, queue: QueueState, member: MemberState, pause: bool, reason: str
) -> None:
    world = exchange.world
    member.paused = pause
    member.reason = reason if pause else ""
    if pause:
        member.last_pause = int(world.now)
    state = "INUSE" if pause else "NOT_INUSE"
    name = f"Queue:{queue.name}_pause_{member.settings.interface}"
    world.emit(m.DEVICE_STATE_CHANGE, m.device_state(name, state))
    queue.member_changed(member)
    world.emit(m.QUEUE_MEMBER_PAUSE, f"Queue: {queue.name}\r\n{member.block()}")
    queue.kick()


def _true(text: str) -> bool:
    return text.lower() in ("yes", "true", "y", "t", "1", "on")


def queue_add(exchange: Exchange, packet: Packet) -> str:
    for header in ("Queue", "Interface"):
        if not packet.get(header):
            return _error(packet, f"'{header}' not specified.")
    queue = exchange.queues.get(packet.get("Queue", ""))
    if queue is None:
        return _error(packet, "Unable to add interface to queue: No such queue")
    interface = packet.get("Interface", "")
    if interface in queue.members:
        return _error(packet, "Unable to add interface: Already there")
    state = packet.get("StateInterface") or interface
    penalty = packet.get("Penalty", "0")
    device = exchange.world.devices.get(state)
    if device is None or not (interface in exchange.handsets or interface.startswith("Local/")):
        return _error(packet, "Unable to add interface: Not a device of this exchange")
    try:
        member = Member(
            interface=interface,
            name=packet.get("MemberName") or interface,
            penalty=int(penalty) if penalty.isdigit() else 0,
            state_interface=state,
        )
    except SettingsError as problem:
        return _error(packet, f"Unable to add interface: {problem}")
    added = queue.add(member, device, dynamic=True)
    added.paused = _true(packet.get("Paused", ""))
    exchange.enlist(queue, added)
    exchange.world.emit(m.QUEUE_MEMBER_ADDED, f"Queue: {queue.name}\r\n{added.block()}")
    queue.member_changed(added)
    queue.kick()
    return _success(packet, "Message: Added interface to queue")


def queue_remove(exchange: Exchange, packet: Packet) -> str:
    for header in ("Queue", "Interface"):
        if not packet.get(header):
            return _error(packet, f"'{header}' not specified.")
    queue = exchange.queues.get(packet.get("Queue", ""))
    if queue is None:
        return _error(packet, "Unable to remove interface from queue: No such queue")
    member = queue.members.get(packet.get("Interface", ""))
    if member is None:
        return _error(packet, "Unable to remove interface: Not there")
    exchange.dismiss(queue, member)
    exchange.world.emit(m.QUEUE_MEMBER_REMOVED, f"Queue: {queue.name}\r\n{member.block()}")
    queue.publish_available()
    return _success(packet, "Message: Removed interface from queue")


def _entry(name: str, act: Act, *classes: str) -> tuple[str, tuple[str, Act, frozenset[str]]]:
    return name.lower(), (name, act, frozenset(classes))


ACTIONS: Mapping[str, tuple[str, Act, frozenset[str]]] = dict(
    (
        _entry("BridgeInfo", listings.bridge_info),
        _entry("BridgeList", listings.bridge_list),
        _entry("CoreSettings", listings.core_settings, "system", "reporting"),
        _entry("CoreShowChannels", listings.core_show_channels, "system", "reporting"),
        _entry("CoreStatus", listings.core_status, "system", "reporting"),
        _entry("DeviceStateList", listings.device_state_list, "call", "reporting"),
        _entry("Getvar", getvar, "call", "reporting"),
        _entry("Hangup", hangup, "system", "call"),
        _entry("ListCommands", list_commands),
        _entry("MixMonitor", mix_monitor, "system"),
        _entry("MixMonitorMute", mix_monitor_mute, "system", "call"),
        _entry("MuteAudio", mute_audio, "system"),
        _entry("Originate", originate_call, "originate"),
        _entry("Ping", ping),
        _entry("PlayDTMF", play_dtmf, "call"),
        _entry("QueueAdd", queue_add, "agent"),
        _entry("QueuePause", queue_pause, "agent"),
        _entry("QueueRemove", queue_remove, "agent"),
        _entry("QueueStatus", listings.queue_status),
        _entry("QueueSummary", listings.queue_summary),
        _entry("Redirect", redirect, "call"),
        _entry("Setvar", setvar, "call"),
        _entry("StopMixMonitor", stop_mix_monitor, "system", "call"),
        _entry("UserEvent", user_event, "user"),
    )
)
"""By lower-case name: the name, what it does, and of which write classes one is needed."""
NAMES: dict[str, str] = {key: name for key, (name, _, _) in ACTIONS.items()}
GUARDED = frozenset({"command", "getconfig", "updateconfig", "modulecheck", "moduleload"})
"""Actions of Asterisk that are not simulated and that an engine must not be allowed."""
