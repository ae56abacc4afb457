"""Settings: every mistake names the place, the key and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from callcenter.settings import Settings, SettingsError, config_folder, read_settings


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
    uncommented = re.sub(r"(?m)^# (?=[\[a-z_]+[\].\w]* ?(=|\]|$))", "", text)
    settings = read_settings(write(tmp_path, uncommented), {})
    assert settings.queues["service"].threshold == 20.0
    for section in fields(Settings):
        if section.name == "queues":
            continue
        kind = type(getattr(settings, section.name))
        assert is_dataclass(kind)
        for option in fields(kind):
            assert re.search(rf"(?m)^(# )?{option.name} = ", text), option.name
