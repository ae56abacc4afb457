"""Settings: every mistake names the place, the key and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.settings import (
    CallbackOptions,
    CallbacksSettings,
    QueueOptions,
    ReasonOptions,
    RoutingSettings,
    Settings,
    SettingsError,
    SiteOptions,
    StepOptions,
    config_folder,
    read_settings,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "callcenter.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file() -> None:
    """The engine starts without any configuration."""
    settings = read_settings(None, {})
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8000)


def test_file_environment_command_line_in_that_order(tmp_path: Path) -> None:
    """The command line wins over the environment, the environment over the file."""
    path = write(tmp_path, '[http]\nport = 1\nhost = "a"\n[exchange]\nuser = "file"\n')
    settings = read_settings(
        path,
        {"CALLCENTER_HTTP_PORT": "2", "CALLCENTER_HTTP_HOST": "b", "PATH": "x"},
        {"http.port": 3, "http.host": None},
    )
    assert (settings.http.port, settings.http.host, settings.exchange.user) == (3, "b", "file")


def test_a_commands_own_defaults_give_way_to_everything(tmp_path: Path) -> None:
    """They replace the tree's own values, never what the operator said."""
    mine = {"log.level": "warning", "http.port": 1}
    assert read_settings(None, {}, defaults=mine).log.level == "warning"
    path = write(tmp_path, '[log]\nlevel = "debug"\n')
    settings = read_settings(path, {"CALLCENTER_HTTP_PORT": "2"}, defaults=mine)
    assert (settings.log.level, settings.http.port) == ("debug", 2)
    with pytest.raises(SettingsError, match="must be a table"):
        read_settings(write(tmp_path, "log = 1\n"), {}, defaults=mine)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\nprot = 1\n", r"line 2: there is no setting 'http.prot'. Did you mean 'port'\?"),
        ("[htp]\nport = 1\n", r"line 1: there is no setting 'htp'. Did you mean 'http'\?.*store"),
        ('\n[http]\nport = "x"\n', r"line 3: http.port must be a whole number, not 'x'"),
        ("[http]\nport = true\n", r"http.port must be a whole number, not True"),
        ("[http]\nport = 70000\n", r"line 2: http.port must be a port from 0 to 65535"),
        ("[exchange]\ntls = 1\n", r"exchange.tls must be true or false, not 1"),
        ('[exchange]\nauth = "md4"\n', r"exchange.auth must be 'md5' or 'plain', not 'md4'"),
        ("[exchange]\nsecret = 5\n", r"exchange.secret must be a text, not a value"),
        ("[exchange]\ntrunks = [1]\n", r"exchange.trunks must be a list of texts"),
        ('[centre]\ntime_zone = "Mars"\n', r"centre.time_zone must be an IANA zone"),
        ('[centre]\nregion = "uk"\n', r"centre.region must be two capital letters"),
        ("[queues.service]\nthreshold = 0\n", r"queues.service.threshold must be above 0"),
        ("[queues.service]\ntarget = 1\n", r"line 2: there is no setting 'queues.service.target'"),
        ("queues = 3\n", r"queues must be a table"),
        ("http = 3\n", r"\[http\] must be a table"),
        ("[http\n", r"is not valid TOML"),
    ],
)
def test_a_mistake_names_place_key_and_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    """One message, enough to mend it."""
    path = write(tmp_path, text)
    with pytest.raises(SettingsError, match=message) as caught:
        read_settings(path, {})
    assert str(path) in str(caught.value)


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    """Not the file."""
    with pytest.raises(SettingsError, match="environment variable CALLCENTER_HTTP_PORT"):
        read_settings(None, {"CALLCENTER_HTTP_PORT": "many"})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, or in another encoding."""
    with pytest.raises(SettingsError, match="There is no file"):
        read_settings(tmp_path / "no.toml", {})
    path = tmp_path / "latin.toml"
    path.write_bytes('[centre]\npack = "é"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"is not UTF-8 \(byte 17\)"):
        read_settings(path, {})


def test_secrets_are_not_shown() -> None:
    """A settings object may be logged."""
    settings = read_settings(None, {"CALLCENTER_EXCHANGE_SECRET": "hunter2"})
    assert settings.exchange.secret == "hunter2"
    assert "hunter2" not in repr(settings)


def test_the_sample_file_lists_every_option_and_is_valid(tmp_path: Path) -> None:
    """config/callcenter.toml cannot fall behind the code."""
    path = config_folder() / "callcenter.toml"
    text = path.read_text(encoding="utf-8")
    uncommented = re.sub(r"(?m)^# (?=\[|[a-z_0-9]+ = |  \{|\]$)", "", text)
    settings = read_settings(write(tmp_path, uncommented), {})
    assert settings.queues["service"].threshold == 20.0
    assert len(settings.queues["service"].steps) == 3
    assert settings.routing.reasons[0].queue == "support"
    kinds: list[Any] = [
        type(getattr(settings, section.name))
        for section in fields(Settings)
        if section.name != "queues"
    ]
    tables = {
        (RoutingSettings, "reasons"), (QueueOptions, "callback"), (CallbacksSettings, "sites"),
    }  # fmt: skip
    for kind in (*kinds, QueueOptions, StepOptions, ReasonOptions, CallbackOptions, SiteOptions):
        assert is_dataclass(kind)
        for option in fields(kind):
            if (kind, option.name) not in tables:
                assert re.search(rf"(?m)^(# )?.*\b{option.name} = ", text), option.name


ENGINE = 'distribution = "engine"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'[queues.qq]\n{ENGINE}\nsteps = [{{ after = 0, want = "cards >=" }}]\n',
         r"line 3: queues.qq.steps\[0\].want cannot be read: expected a level from 0 to 5, found"
         r" the end \(at character 9 of 'cards >='\)"),
        (f'[routing]\nskills = ["cards"]\n[queues.qq]\n{ENGINE}\nsteps = [\n  {{ after = 0 }},\n'
         '  { after = 9, want = "member or crads > 1" },\n]\n',
         r"line 7: queues.qq.steps\[1\].want cannot be read: no skill is called 'crads', did you"
         r" mean 'cards'\?.*character 11.*\[routing\] skills lists them"),
        (f"[queues.qq]\n{ENGINE}\nsteps = [{{ after = 5 }}]\n",
         r"line 3: queues.qq.steps\[0\].after must be 0, because it is the first step, not 5"),
        (f"[queues.qq]\n{ENGINE}\nsteps = [{{ after = 0 }}, {{ after = 30 }}, {{ after = 30 }}]\n",
         r"steps\[2\].after must be above 30.0, the step before it, not 30"),
        (f"[queues.qq]\n{ENGINE}\nsteps = [{{ want = 'any' }}]\n", r"steps\[0\]\] needs after"),
        (f"[queues.qq]\n{ENGINE}\nsteps = [1]\n", r"qq.steps must be a list of tables"),
        (f"[queues.qq]\n{ENGINE}\nsteps = [{{ after = 0, wants = '' }}]\n",
         r"line 3: there is no setting 'queues.qq.steps\[0\].wants'. Did you mean 'want'"),
        ("[queues.qq]\ndistribution = 'us'\n", r"must be 'exchange' or 'engine', not 'us'"),
        ("[queues.qq]\nsteps = [{ after = 0 }]\n", r"line 2: queues.qq.steps has an effect only"),
        (f"[queues.'ein wort']\n{ENGINE}\n", r"line 1: queues.ein wort cannot be a queue"),
        (f"[queues.x]\n{ENGINE}\n", r"it becomes an extension of the dialplan, 2 to 64 letters"),
        (f"[queues._X]\n{ENGINE}\n", r"queues._X cannot be a queue of the engine"),
        (f"[queues.qq]\n{ENGINE}\noverflow = 'pp'\n",
         r"line 3: .*overflow must be a queue with distribution = 'engine' \(qq\), not 'pp'"),
        (f"[queues.qq]\n{ENGINE}\noverflow = 'pp'\n[queues.pp]\n",
         r"overflow must be a queue with distribution = 'engine' \(qq\), not 'pp'"),
        (f"[queues.qq]\n{ENGINE}\noverflow = 'qq'\n", r"line 3: .*leads in a circle: qq -> qq"),
        (f"[queues.aa]\n{ENGINE}\noverflow = 'bb'\n[queues.bb]\n{ENGINE}\noverflow = 'cc'\n"
         f"[queues.cc]\n{ENGINE}\noverflow = 'bb'\n",
         r"line 6: queues.bb.overflow leads in a circle: bb -> cc -> bb"),
        (f"[queues.qq]\n{ENGINE}\nwhen_empty = 'overflow'\n",
         r"when_empty must be something else while no overflow is set"),
        (f"[queues.qq]\n{ENGINE}\nhours = ['mo-fr 8-18']\n",
         r"line 3: queues.qq.hours cannot be read: opening hours look like 'mon-fri 08:00-18:00'"),
        (f"[queues.qq]\n{ENGINE}\nholidays = ['Xmas']\n", r"holidays cannot be read: a hol"),
        (f"[queues.qq]\n{ENGINE}\nring_seconds = 0\n", r"ring_seconds must be 1 to 600, not 0.0"),
        (f"[queues.qq]\n{ENGINE}\nannounce_seconds = 1\n", r"seconds must be 0 \(never\), or"),
        (f"[queues.qq]\n{ENGINE}\nmax_wait = -1\n", r"max_wait must be 0 \(never\) or more"),
        ("[routing]\nskills = ['a b']\n", r"line 2: routing.skills must be names of letters"),
        ("[routing]\nskills = ['and']\n", r"routing.skills must be names of letters"),
        ("[routing]\ntiers = { gold = -1 }\n", r"line 2: routing.tiers.gold must be 0 or more"),
        ("[routing]\ntiers = { gold = 'x' }\n", r"routing.tiers.gold must be a number, not 'x'"),
        ("[routing]\ntiers = 3\n", r"line 2: routing.tiers must be a table"),
        ("[routing]\noccupancy_cap = 2\n", r"occupancy_cap must be above 0, up to 1, not 2.0"),
        ("[routing]\nmissed_policy = 'x'\n", r"must be 'missed' or 'ready', not 'x'"),
        ("[[routing.reasons]]\nreason = 'fees'\nabove = 1.5\n",
         r"line 3: routing.reasons\[0\].above must be a probability from 0 to below 1, not 1.5"),
        ("[[routing.reasons]]\nreason = 'fees'\nabove = 0.5\ncredit = 1\n"
         "[[routing.reasons]]\nreason = 'fees'\nabove = 0.5\n",
         r"line 5: routing.reasons\[1\] changes nothing for 'fees': give queue, want or credit"),
        ("[[routing.reasons]]\nreason = 'fees'\nabove = 0.5\nwant = ')'\n",
         r"line 4: routing.reasons\[0\].want cannot be read"),
        ("[[routing.reasons]]\nreason = 'fees'\nabove = 0.5\nqueue = 'qq'\n[queues.qq]\n",
         r"line 4: routing.reasons\[0\].queue must be a queue with .* \(there is none\), not 'qq'"),
        ("[[routing.reasons]]\nabove = 0.5\n", r"line 1: \[routing.reasons\[0\]\] needs reason"),
        ("[routing]\nreasons = 1\n", r"line 2: routing.reasons must be a list of tables"),
        ("[supervision]\npause_limit = 0\n", r"supervision.pause_limit must be above 0"),
        ("[engine]\nnode = 'a b'\n", r"line 2: engine.node must be 1 to 32 letters"),
        ("[store]\nkeep_decisions_days = 0\n", r"keep_decisions_days must be above 0"),
    ],
)  # fmt: skip
def test_a_mistake_about_distribution_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Rules, steps, hours and overflow are checked before anything starts."""
    path = write(tmp_path, text)
    with pytest.raises(SettingsError, match=message) as caught:
        read_settings(path, {})
    assert str(caught.value).startswith(f"{path}, line ")


OFFERING = (
    "[callbacks]\ndial = 'PJSIP/{number}@trunk'\n"
    + f"[queues.qq]\n{ENGINE}\n[queues.qq.callback]\noffered = true\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{OFFERING}slot_minutes = 7\n", r"callback.slot_minutes must be one of 5"),
        (f"{OFFERING}first = 'nobody'\n", r"line 7: .*first must be 'agent' or 'customer'"),
        (f"{OFFERING}retries = {{ bussy = {{ minutes = 1, times = 1 }} }}\n", r"one of abandon"),
        (f"{OFFERING}retries = {{ busy = {{ minutes = -1, times = 1 }} }}\n", r"0 or more, not -1"),
        (f"{OFFERING}max_attempts = 0\n", r"max_attempts must be 1 to 20, not 0"),
        (f"{OFFERING}caller_id = 'us'\n", r"caller_id must be digits"),
        (f"{OFFERING}service_level = 80\n", r"service_level must be between 0 and 1, not 80"),
        ("[queues.qq]\n[queues.qq.callback]\noffered = true\n", r"qq.callback has an effect only"),
        (f"[queues.qq]\n{ENGINE}\n[queues.qq.callback]\noffered = true\n",
         r"line 4: queues.qq.callback.offered needs a way outside"),
        ("[callbacks]\ndial = 'PJSIP/trunk'\n", r"callbacks.dial must be a channel"),
        ("[callbacks]\ndial = 'PJSIP/{number},x'\n", r"callbacks.dial must be a channel"),
        ("[callbacks]\nkinds = ['premium']\n", r"kinds must be one of fixed, .*'premium'"),
        ("[callbacks]\nkinds = ['uan']\n", r"kinds must be one of fixed, .*'uan'"),
        ("[callbacks]\ncountries = ['uk']\n", r"callbacks.countries must be two capital letters"),
        ("[callbacks]\nblocked_prefixes = ['0871']\n", r"blocked_prefixes must be such as"),
        ("[callbacks]\nconfirm = 'code'\n", r"confirm must be 'none' while there is no hook"),
        ("[callbacks]\nhook = 'https://x.example'\n", r"hook_secret must be at least 16"),
        ("[callbacks]\nlaw = '../x'\n", r"callbacks.law must be the name of a file"),
        ("[callbacks.sites.main]\nqueue = 'qq'\n", r"main.queue must be a queue with"),
        (f"{OFFERING}[callbacks.sites.r]\nqueue = 'qq'\n", r"and not 'r'"),
        (f"{OFFERING}[callbacks.sites.a]\nqueue = 'qq'\norigins = ['https://x.example/']\n",
         r"origins must be such as"),
        (f"{OFFERING}[callbacks.sites.a]\nqueue = 'qq'\nlanguages = ['fr']\n",
         r"languages must be"),
    ],
)  # fmt: skip
def test_a_mistake_about_callbacks_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Whom to call and how is checked before anything starts."""
    with pytest.raises(SettingsError, match=message):
        read_settings(write(tmp_path, text), {})


def test_a_queue_of_the_engine_needs_nothing_else(tmp_path: Path) -> None:
    """Without steps the members of the exchange's queue take its calls."""
    settings = read_settings(write(tmp_path, f"[queues.qq]\n{ENGINE}\n"), {})
    assert settings.queues["qq"].steps == ()
    from_environment = read_settings(None, {"CALLCENTER_ENGINE_NODE": "two"})
    assert from_environment.engine.node == "two"


@given(text=st.text(alphabet="[]{}=\"'.#, \na1", max_size=60))
def test_any_file_is_read_or_refused_in_words(text: str, tmp_path_factory: Any) -> None:
    """Whatever stands in the file: settings, or one error that names it."""
    path = write(tmp_path_factory.mktemp("any"), text)
    try:
        read_settings(path, {})
    except SettingsError as error:
        assert str(path) in str(error)  # noqa: PT017  # either outcome is right
