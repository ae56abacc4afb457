"""What a start reads before it asks the exchange who waits: no module that only others need.

Each of these takes a tenth of a second and more, which callers wait for after a power cut. In a
process of its own: this one has read them all.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEBSITE = {"callcenter.routes", "fastapi", "pydantic", "starlette", "uvicorn"}
SELDOM = {
    "alembic", "callcenter.demo", "callcenter.people_import", "callcenter.population",
    "callcenter.refit", "rich.progress", "sklearn",
}  # fmt: skip
STARTS = """
import asyncio, json, sys
from pathlib import Path
import callcenter.__main__ as commands
from callcenter.app import engine
from callcenter.reactor import twisted_reactor
from telephony.link import Link

settings = commands.settings_from(Path(sys.argv[1]))
read = []
ask = Link.start

def asked(link):
    read.append(sorted(sys.modules))
    ask(link)

Link.start = asked

async def main():
    async with twisted_reactor() as reactor, engine(settings, reactor):
        read.append(sorted(sys.modules))

asyncio.run(main())
print(json.dumps(read))
"""
SETTINGS = """
[http]
port = 0
[store]
url = "sqlite:///{folder}/engine.db"
[exchange]
port = {port}
secret = "s"
[prediction]
models = "{folder}/models"
"""


def test_the_exchange_is_asked_before_the_website_is_read(tmp_path: Path) -> None:
    """The website is there when the start is done; what only commands and training need, never."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        file = tmp_path / "callcenter.toml"
        file.write_text(SETTINGS.format(folder=tmp_path, port=closed.getsockname()[1]), "utf-8")
        make = (
            "import sys; from callcenter.store import open_store; open_store(sys.argv[1]).close()"
        )
        for script, argument in ((make, f"sqlite:///{tmp_path}/engine.db"), (STARTS, str(file))):
            done = subprocess.run(
                [sys.executable, "-c", script, argument],
                cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=240,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    at_the_line, at_the_end = map(set, json.loads(done.stdout.splitlines()[-1]))
    assert at_the_line & (WEBSITE | SELDOM) == set()
    assert at_the_end >= WEBSITE
    assert at_the_end & SELDOM == set()
