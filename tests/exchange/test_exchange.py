"""The real exchange itself: it comes up with our configuration, carries calls, comes back."""

from __future__ import annotations

import pytest

from tests.exchange.ami import ManagerTap
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Answers, Phones

pytestmark = pytest.mark.exchange

SERVICE = "+442079460100"


def test_it_is_asterisk_22_or_newer(exchange: Exchange) -> None:
    """AMI names the version that was installed."""
    with exchange.tap("callcenter") as tap:
        version = tap.ask("CoreSettings")["AsteriskVersion"]
    assert int(version.split(".")[0]) >= 22


def test_every_module_and_option_of_the_configuration_is_known(own_exchange: Exchange) -> None:
    """Asterisk complains neither about a module that is missing nor about an option."""
    complaints = [
        line
        for line in own_exchange.log().splitlines()
        if "Error loading module" in line
        or "nknown option" in line
        or ("Could not find option" in line and "stasis" not in line)
    ]
    assert complaints == []
    assert "Not Running" not in own_exchange.cli("module show")


def test_a_queue_call_is_answered_and_ends(exchange: Exchange, phones: Phones) -> None:
    """sipp calls, app_queue rings 1001, both meet in one bridge, the caller hangs up."""
    phones.phone("1001", Answers(ring=0.3))
    with exchange.tap() as tap:
        call = phones.call(SERVICE, "+8613912345678", "王小明")
        joined = tap.wait_event("QueueCallerJoin", Queue="service")
        assert joined["CallerIDNum"] == "+8613912345678"
        assert joined["CallerIDName"] == "王小明"
        tap.wait_event("AgentCalled", Interface="PJSIP/1001")
        tap.wait_event("AgentConnect", Interface="PJSIP/1001")
        entered = tap.wait_event("BridgeEnter", Uniqueid=joined["Uniqueid"])
        assert entered["BridgeNumChannels"] == "2"
        call.hang_up()
        assert tap.wait_event("AgentComplete")["Reason"] == "caller"
        tap.wait_event("Hangup", Uniqueid=joined["Uniqueid"])
    assert call.wait() == 0


def test_a_phone_rings_until_it_is_told_to_answer(exchange: Exchange, phones: Phones) -> None:
    """A test can look at a ringing call for as long as it likes, then let the agent answer."""
    phone = phones.phone("1002", Answers(ring=None))
    with exchange.tap() as tap:
        call = phones.call("+442079461002", "+447700900141")
        phone.wait_called()
        tap.wait_event("DialState", DialStatus="RINGING")
        assert not tap.events("DialEnd")
        phone.next()
        assert tap.wait_event("DialEnd")["DialStatus"] == "ANSWER"
        phone.next()
        tap.wait_event("Hangup", CallerIDNum="+447700900141")
    assert call.wait() == 0


def test_a_call_outlives_nothing_but_the_exchange(
    own_exchange: Exchange, own_phones: Phones
) -> None:
    """Killed in the middle of a call it comes back on the same ports, without the call, with the
    phones that had signed in, and takes the next call."""
    own_phones.phone("1001", Answers(ring=0.2))
    with own_exchange.tap() as tap:
        own_phones.call(SERVICE, "+447700900142")
        tap.wait_event("AgentConnect")
        own_exchange.restart(crash=True)
        tap.wait_end()
        assert not tap.events("Shutdown")
    with own_exchange.tap() as tap:
        assert tap.items("CoreShowChannels") == []
        own_phones.call(SERVICE, "+447700900143")
        tap.wait_event("AgentConnect", CallerIDNum="+447700900143")


def test_stopping_tells_the_clients(own_exchange: Exchange) -> None:
    """`core stop now` sends Shutdown and closes the connection; a start follows on request."""
    with own_exchange.tap() as tap:
        own_exchange.restart()
        tap.wait_end()
        assert tap.events("Shutdown")[0]["Restart"] == "False"
    with own_exchange.tap() as tap:
        tap.wait_event("FullyBooted")


def test_two_run_side_by_side(exchange: Exchange, own_exchange: Exchange) -> None:
    """Each has its own ports and console."""
    assert exchange.ports.ami != own_exchange.ports.ami
    own_exchange.cli("dialplan set global WHO second")
    assert "second" in own_exchange.cli("dialplan show globals")
    assert "second" not in exchange.cli("dialplan show globals")


def test_the_engine_may_not_run_commands(exchange: Exchange) -> None:
    """What would let the holder of the secret take the machine over is refused."""
    with exchange.tap("callcenter") as tap:
        dangerous = {
            "Command": {"Command": "core show uptime"},
            "GetConfig": {"Filename": "manager.conf"},
            "UpdateConfig": {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
            "ModuleLoad": {"Module": "app_system.so", "LoadType": "load"},
            "DialplanExtensionAdd": {"Context": "from-trunk", "Extension": "1", "Priority": "1"},
        }
        for action, headers in dangerous.items():
            assert tap.ask(action, **headers)["Message"] == "Permission denied", action
        answer = tap.ask(
            "Originate",
            Channel="Local/service@queue",
            Application="System",
            Data="touch /tmp/taken-over",
        )
        assert answer["Response"] == "Error"


def test_the_engine_does_not_see_what_it_filters(exchange: Exchange, phones: Phones) -> None:
    """RTCP reports and test events stay away from the engine's connection."""
    phones.phone("1003", Answers(ring=0.2))
    with exchange.tap("callcenter") as engine, exchange.tap("recorder") as everything:
        call = phones.call("+442079461003", "+447700900144")
        engine.wait_event("DialEnd", DialStatus="ANSWER")
        call.hang_up()
        engine.wait_event("Hangup", CallerIDNum="+447700900144")
        everything.wait_event("TestEvent")
        everything.wait_event("Hangup", CallerIDNum="+447700900144")
        filtered = ("TestEvent", "RTCPSent", "RTCPReceived")
        assert [name for name in filtered if engine.events(name)] == []


def test_a_stranger_cannot_call_as_an_agent(exchange: Exchange, phones: Phones) -> None:
    """A caller from the trunk whose number is an extension is asked for that agent's password."""
    with exchange.tap() as tap:
        call = phones.call("+15555550100", "1001", "Not Alice")
        call.wait()
        assert "SIP/2.0 401 Unauthorized" in call.trace()
        assert not tap.events("Newchannel")


def test_a_caller_cannot_dial_out_again(exchange: Exchange, phones: Phones) -> None:
    """A number that is not ours is unknown to a caller from the trunk; no leg goes out."""
    with exchange.tap() as tap:
        phones.call("+15555550100", "+447700900145").wait()
        tap.wait_quiet(0.3)
        assert not [m for m in tap.events("Newchannel") if m["Context"] != "from-trunk"]


def test_the_wrong_secret_is_refused(exchange: Exchange) -> None:
    """An error, then the connection is closed."""
    with ManagerTap(exchange.ports.ami) as tap:
        assert tap.sign_in("callcenter", "wrong")["Message"] == "Authentication failed"
        tap.wait_end()


def test_the_engine_may_take_a_snapshot(exchange: Exchange) -> None:
    """All that is asked after a connection is allowed to the engine's own user, and complete."""
    lists = ("CoreShowChannels", "BridgeList", "QueueStatus", "QueueSummary", "DeviceStateList")
    with exchange.tap("callcenter") as tap:
        for action in ("CoreStatus", "CoreSettings"):
            assert tap.ask(action)["Response"] == "Success"
        answers = {action: tap.items(action) for action in lists}
    assert {m["Queue"] for m in answers["QueueSummary"]} == {
        "service",
        "sales",
        "support",
        "desk",
        "remote",
    }
