"""The command line: what an operator types, what comes back, and what a mistake says.

Each mistake is one message on standard error and exit code 2, without a traceback.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from callcenter import __version__, terminal
from callcenter.__main__ import app
from callcenter.store import open_store

ROOT = Path(__file__).resolve().parents[2]
PEOPLE_IN_FILE = 40_000
PATIENCE = 120.0
"""Seconds a started program may take for anything on a loaded machine."""


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


class Here:
    """A folder where commands are given, with a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'engine.db'}"

    def write(self, name: str, text: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def call(self, *arguments: str, **environment: str) -> Said:
        """In this process: a new one takes seconds to import everything."""
        given = {"CALLCENTER_STORE_URL": self.url} | environment
        if (columns := environment.get("COLUMNS")) is not None:
            terminal.out.width = int(columns)  # it may have been made with others already
        result = CliRunner().invoke(app, arguments, env=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def refused(self, *arguments: str, **environment: str) -> str:
        """The message of a mistake."""
        said = self.call(*arguments, **environment)
        assert said.code == 2, said
        assert said.out == ""
        assert "Traceback" not in said.err
        return said.err


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    return Here(tmp_path)


# --- help and check


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((), ["run", "demo", "check", "import", "user", "version"]),
        (("run",), ["Run the engine against your Asterisk", "--config", "--host", "--port"]),
        (("demo",), ["simulated exchange", "--seed", "--people", "--speed", "--data"]),
        (("check",), ["say what is wrong and where"]),
        (("import",), ["people"]),
        (("import", "people"), ["rejected.csv", "killed import", "--region", "--encoding"]),
        (("user",), ["add", "list", "close", "skills"]),
        (("user", "add"), ["--role", "--device", "--language", "--password", "--skill"]),
        (("user", "close"), ["stays on record"]),
    ],
)
def test_help(command: tuple[str, ...], says: list[str], here: Here) -> None:
    """Every command explains itself and its options."""
    said = here.call(*command, "--help", COLUMNS="200", TERM="dumb")
    assert said.code == 0
    assert [word for word in says if word not in said.out] == []


def test_version(here: Here) -> None:
    """The version alone, for scripts."""
    assert here.call("version").out == f"{__version__}\n"


@pytest.mark.parametrize("arguments", [("runn",), ("run", "--prot", "1"), ("import", "people")])
def test_unknown_words(arguments: tuple[str, ...], here: Here) -> None:
    """A command or option that is not there, and a missing argument."""
    assert "Usage:" in here.refused(*arguments)


def test_check_is_content(here: Here) -> None:
    """What it looked at, with figures; the file in the folder is found without being named."""
    here.write("callcenter.toml", '[centre]\ncurrency = "EUR"\n')
    said = here.call("check")
    assert said.code == 0
    assert re.search(r"pack 'finance' \(\d{2,} reasons\) and \d{2,} knowledge entries", said.out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\n\nprot = 80\n", r"line 3: .*'http\.prot'.*'port'.*Allowed.*allowed_origins"),
        ("[htp]\n", r"line 1: .*'htp'.*'http'.*Allowed.*exchange"),
        ("[http]\nport = 'many'\n", r"line 2: http\.port must be a whole number"),
        ("[log]\nlevel = 'loud'\n", r"line 2: log\.level must be 'debug' or 'info'"),
        ("[http\n", r"not valid TOML.*line 1"),
        (b"[http]\nhost = '\xff'\n", r"not UTF-8"),
        ("[centre]\npack = 'poultry'\n", r"poultry"),
    ],
)
def test_settings_that_are_wrong(text: str | bytes, message: str, here: Here) -> None:
    """The file, the line, the key, and what is allowed."""
    path = here.write("mine.toml", text)
    said = here.refused("check", "--config", path)
    assert re.search(message, said, re.DOTALL), said
    assert path in said or "poultry" in message


def test_settings_that_are_not_there(here: Here) -> None:
    """A file that was named must be there; an environment variable is named as the place."""
    assert "There is no file missing.toml" in here.refused("check", "-c", "missing.toml")
    said = here.refused("check", CALLCENTER_HTTP_PORT="many")
    assert "environment variable CALLCENTER_HTTP_PORT" in said


# --- importing people


PEOPLE = """id,name,phone,email
1,Sheila O'Brien,020 7946 0123,sheila@example.org
2,王小明,+86 139 1234 5678,
3,No Number,12,
1,Sheila Again,020 7946 0124,
5,,020 7946 0125,
"""


def test_import(here: Here) -> None:
    """Good lines are kept; the others are listed with line and reason; again changes nothing."""
    file = here.write("people.csv", PEOPLE)
    said = here.call("import", "people", file)
    assert said.code == 0, said
    assert "2 people kept, 3 lines rejected" in said.out
    assert "importing" in said.err
    listed = here.folder / "people.rejected.csv"
    assert str(listed) in said.out
    with listed.open(encoding="utf-8", newline="") as lines:
        reasons = {row["rejected_line"]: row["rejected_reason"] for row in csv.DictReader(lines)}
    assert set(reasons) == {"4", "5", "6"}
    assert "12" in reasons["4"]
    assert "line 2" in reasons["5"] or "earlier" in reasons["5"], reasons
    assert "name" in reasons["6"]
    assert "had been imported before" in here.call("import", "people", file).out


def test_import_reads_national_numbers_as_told(here: Here) -> None:
    """--region for this once, the settings otherwise."""
    file = here.write("people.csv", "name,phone\nHans,030 901820\n")
    assert "1 people kept" in here.call("import", "people", file, "--region", "DE").out
    assert "two capital letters" in here.refused("import", "people", file, "--region", "de")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line is empty"),
        ("name,fone\nA,1\n", r"fone.*phone"),
        ("name\nA\n", r"phone"),
        ("id,phone\n1,020 7946 0123\n", r"name"),
        ("name,phone\nJosé,1\n".encode("latin-1"), r"line 2, byte.*iconv.*--encoding windows-1252"),
        ("name,phone\n王小明,1\n".encode("gb18030"), r"line 2, byte.*--encoding gb18030"),
    ],
)
def test_files_that_are_refused(text: str | bytes, message: str, here: Here) -> None:
    """Wrong columns and wrong encodings: nothing is stored, and the message says what helps."""
    said = here.refused("import", "people", here.write("people.csv", text))
    assert re.search(message, said, re.DOTALL), said


def test_files_that_cannot_be_read(here: Here) -> None:
    """Missing, a folder, or an encoding nobody knows."""
    assert "No such file" in here.refused("import", "people", "missing.csv")
    assert "directory" in here.refused("import", "people", ".").lower()
    file = here.write("people.csv", PEOPLE)
    for encoding in ("klingon", "hex"):
        said = here.refused("import", "people", file, "--encoding", encoding)
        assert f"there is no encoding '{encoding}'" in said


def test_an_import_that_was_killed_goes_on(here: Here) -> None:
    """kill -9 in the middle: the same command says where it went on, and nobody is lost."""
    lines = [f"{n},Person {n},+4420794{n:05d}" for n in range(PEOPLE_IN_FILE)]
    file = here.write("people.csv", "id,name,phone\n" + "\n".join(lines) + "\n")
    with program("import", "people", file, CALLCENTER_STORE_URL=here.url) as run:
        deadline = time.monotonic() + PATIENCE
        while people_in(here) == 0 and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        run.kill()
        run.wait()
    assert 0 < people_in(here) < PEOPLE_IN_FILE, "it was killed too early or too late to tell"
    said = here.call("import", "people", file)
    assert said.code == 0, said
    kept = f"{PEOPLE_IN_FILE} people kept, 0 lines rejected"
    assert re.match(rf"{kept} \(went on after line \d{{4,5}}\)", said.out), said.out
    assert people_in(here) == PEOPLE_IN_FILE


def people_in(here: Here) -> int:
    """Read as any other program may, while an import writes."""
    try:
        with closing(
            sqlite3.connect(f"file:{here.folder / 'engine.db'}?mode=ro", uri=True)
        ) as connection:
            return int(connection.execute("SELECT count(*) FROM people").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0


# --- users


def test_users(here: Here) -> None:
    """Added with a password that is shown once, listed, closed; everything in the store."""
    added = here.call("user", "add", "alice", "--name", "Alice [Ng]", "--device", "PJSIP/1001")
    assert re.fullmatch(r"alice may sign in with the password \S{12}\n", added.out)
    chosen = here.call("user", "add", "sam", "--role", "supervisor", "--password", "long enough")
    assert chosen.out == "sam may sign in\n"
    assert here.call("user", "close", "alice").out == "alice may no longer sign in\n"
    listed = here.call("user", "list", COLUMNS="40").out
    rows = {
        line.split()[1]: line for line in listed.splitlines() if "PJSIP" in line or "sam" in line
    }
    assert "Alice [Ng]" in rows["alice"]
    assert " no " in rows["alice"]
    assert " yes " in rows["sam"]
    assert "supervisor" in rows["sam"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bob", "--role", "king"), "There is no role 'king'; allowed: agent, supervisor."),
        (("bob",), "An agent needs a device: --device PJSIP/1001."),
        (("bob", "--role", "supervisor", "--language", "fr"), "allowed: en, zh-Hans, zh-Hant."),
        (("bob", "--role", "supervisor", "--password", "short"), "8 to 1024 characters"),
        (("bob", "--role", "supervisor", "--password", ""), "8 to 1024 characters"),
        (("bob", "--role", "supervisor", "--password", "x" * 1025), "8 to 1024 characters"),
        (("b\x1b[31mob", "--role", "supervisor"), "1 to 200 printable characters"),
        (("b" * 201, "--role", "supervisor"), "1 to 200 printable characters"),
    ],
)
def test_users_that_cannot_be(arguments: tuple[str, ...], message: str, here: Here) -> None:
    """What is wrong and what is allowed; nobody is added."""
    said = here.refused("user", "add", *arguments)
    assert message in said
    assert "\x1b[31mob" not in said
    assert "bob" not in here.call("user", "list").out


def test_skills_of_users(here: Here) -> None:
    """Skills are given with the account or later, 0 is a level, and nothing takes one away."""
    added = here.call(
        "user", "add", "alice", "--device", "PJSIP/1001", "--skill", "english=5", "--skill",
        "cards=1",
    )  # fmt: skip
    assert added.code == 0
    changed = here.call("user", "skills", "alice", "cards=0", "loans=3")
    assert changed.out == "alice: cards=0 english=5 loans=3\n"
    assert here.call("user", "skills", "alice", "english=").out == "alice: cards=0 loans=3\n"
    assert here.call("user", "skills", "alice").out == "alice: cards=0 loans=3\n"
    listed = here.call("user", "list", COLUMNS="40").out
    assert "cards=0 loans=3" in listed
    here.call("user", "close", "alice")
    assert here.call("user", "skills", "alice").out == "alice: cards=0 loans=3\n"
    here.call("user", "add", "alice", "--device", "PJSIP/1001")
    assert here.call("user", "skills", "alice").out == "alice: no skills\n"


def test_skills_that_cannot_be(here: Here) -> None:
    """A wrong level, an unknown skill or user is refused in words and nothing is changed."""
    config = here.write("c.toml", '[routing]\nskills = ["english", "cards"]\n')
    here.call("user", "add", "alice", "--device", "PJSIP/1001", "--skill", "english=5")
    skills = ("user", "skills", "alice", "--config", config)
    assert "a level is 0 to 5" in here.refused(*skills, "cards=1", "english=6")
    assert "no skill is called 'englisch', did you mean 'english'?" in here.refused(
        *skills, "englisch=5"
    )
    assert "There is no user 'alcie'." in here.refused("user", "skills", "alcie", "cards=1")
    assert "write english=5" in here.refused(
        "user", "add", "bob", "--device", "PJSIP/1002", "--skill", "english"
    )
    assert here.call("user", "skills", "alice").out == "alice: english=5\n"
    assert "bob" not in here.call("user", "list").out


def test_check_of_rules_and_agents(here: Here) -> None:
    """What only accounts and pack can show: unknown reasons, agents and queues without each other.

    Without a database, none is made for the question.
    """
    config = here.write(
        "c.toml",
        '[queues.service]\ndistribution = "engine"\nsteps = [{ after = 0, want = "cards > 2" }]\n'
        '[[routing.reasons]]\nreason = "weather"\nabove = 0.5\ncredit = 10\n',
    )
    said = here.refused("check", "--config", config)
    assert "the pack 'finance' has no reason 'weather'" in said
    assert "Queue service has no agent: nobody with an endpoint satisfies 'cards > 2'." in said
    assert not (here.folder / "engine.db").exists()
    here.call("user", "add", "alice", "--device", "PJSIP/1001", "--skill", "cards=3")
    assert "Queue service" not in here.refused("check", "--config", config)
    with closing(sqlite3.connect(here.folder / "engine.db")) as connection:
        connection.execute("UPDATE users SET device = NULL")
        connection.commit()
    said = here.refused("check", "--config", config)
    assert "Agent alice has no endpoint, so no call can reach them" in said


def test_closing_nobody(here: Here) -> None:
    """A misspelt name is told."""
    assert "There is no user 'alcie'." in here.refused("user", "close", "alcie")


# --- databases


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("engine.db", "sqlite:////path/to/file.db"),
        ("mysql://localhost/x", "mysql"),
        ("sqlite://", "a file of its own"),
        ("sqlite:////nowhere/at/all/x.db", "there is no directory /nowhere/at/all"),
    ],
)
def test_databases_that_cannot_be_opened(url: str, message: str, here: Here) -> None:
    """The address is not one, or what it names cannot be used."""
    for command in (("user", "list"), ("import", "people", here.write("p.csv", PEOPLE))):
        assert message in here.refused(*command, CALLCENTER_STORE_URL=url)


def test_a_file_that_is_no_database(here: Here) -> None:
    """It is left as it is."""
    path = here.write("letter.txt", "Dear Sirs, " * 100)
    assert "not a database" in here.refused(
        "user", "list", CALLCENTER_STORE_URL=f"sqlite:///{path}"
    )
    assert Path(path).read_text() == "Dear Sirs, " * 100


def test_a_folder_that_cannot_be_made(here: Here) -> None:
    """A file is in its place."""
    here.write("taken", "")
    url = "sqlite:///taken/engine.db"
    said = here.refused("user", "list", CALLCENTER_STORE_URL=url)
    assert "taken cannot be made" in said
    assert "taken cannot be made" in here.refused("demo", "--data", "taken")


# --- running


WARNINGS = (
    "error::ResourceWarning,"
    # Twisted keeps one of these as long as it listens anywhere (twisted.internet.tcp._reservedFD).
    "ignore:unclosed file <_io.TextIOWrapper name='/dev/null':ResourceWarning"
)


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CALLCENTER_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": WARNINGS} | more


@contextmanager
def program(*arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A ``callcenter`` process; it is ended with the block."""
    run = subprocess.Popen(
        [sys.executable, "-m", "callcenter", *arguments],
        env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def read_until(run: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """What it prints, up to this."""
    assert run.stdout is not None
    seen = ""
    for line in run.stdout:
        seen += line
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"it ended before saying {pattern!r}:\n{seen}{run.communicate()[1]}")


def test_run_needs_a_secret(here: Here) -> None:
    """Where it is set, and where to read how such an account is made."""
    said = here.refused("run", "--port", "0")
    assert "CALLCENTER_EXCHANGE_SECRET" in said
    assert "docs/asterisk.md" in said


def test_run_on_a_port_in_use(here: Here) -> None:
    """One message, exit code 2, the rest of the start undone."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        secret = {"CALLCENTER_EXCHANGE_SECRET": "s", "CALLCENTER_STORE_URL": here.url}
        with program("run", "--port", port, **secret) as run:
            _, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2
    assert err.count("\n") == 1, err
    assert f"Cannot listen on 127.0.0.1 port {port}" in err
    assert not (here.folder / "engine.db-wal").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_run_stops_when_told(number: signal.Signals, here: Here) -> None:
    """Exit code 0, nothing on standard error, the database closed; without an exchange, too."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = str(closed.getsockname()[1])
    given: dict[str, Any] = {
        "CALLCENTER_STORE_URL": here.url,
        "CALLCENTER_EXCHANGE_SECRET": "s",
        "CALLCENTER_EXCHANGE_HOST": "localhost",  # by name: the resolver's threads have to end
        "CALLCENTER_EXCHANGE_PORT": port,
    }
    with program("run", "--port", "0", **given) as run:
        address = read_until(run, r"console: (http://127\.0\.0\.1:\d+)/")[1]
        assert httpx.get(f"{address}/healthz", timeout=PATIENCE).status_code == 200
        ready = httpx.get(f"{address}/readyz", timeout=PATIENCE)
        assert ready.status_code == 503
        run.send_signal(number)
        out, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, err) == (0, "")
    assert out.endswith("stopped\n")
    assert not (here.folder / "engine.db-wal").exists()


def test_demo(here: Here) -> None:
    """The first start makes people and says so; the next goes on with the same ones."""
    demo = ("demo", "--port", "0", "--people", "100", "--data", str(here.folder / "demo"))
    greetings = []
    for number in (signal.SIGTERM, signal.SIGINT):
        with program(*demo) as run:
            greetings.append(read_until(run, r".*running with a simulated exchange; (.*)\.")[1])
            address = read_until(run, r"console +(http://127\.0\.0\.1:\d+)/")[1]
            deadline = time.monotonic() + PATIENCE
            while httpx.get(f"{address}/readyz", timeout=PATIENCE).status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            run.send_signal(number)
            out, err = run.communicate(timeout=PATIENCE)
        assert (run.returncode, err) == (0, "")
        assert out.endswith("stopped\n")
        assert "exchange_link" not in out, "the log hides the greeting"
        assert not list((here.folder / "demo").glob("*-wal"))
    assert greetings == ["100 customers are calling", "the same 100 customers are calling"]


def test_demo_stopped_while_it_makes_people(here: Here) -> None:
    """It stops at once, and the next start makes them all anew."""
    data = here.folder / "demo"
    with program("demo", "--port", "0", "--people", "100000", "--data", str(data)) as run:
        read_until(run, "making up 100000 customers")
        run.send_signal(signal.SIGTERM)
        _, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, err) == (0, "")
    with program("demo", "--port", "0", "--people", "100", "--data", str(data)) as run:
        assert read_until(run, r"exchange; (.*)\.")[1] == "100 customers are calling"
    store = open_store(f"sqlite:///{data / 'demo-1.db'}")
    store.close()
