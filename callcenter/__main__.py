"""The command line: ``callcenter run``, ``demo``, ``import people``, ``user``, ``check``.

Whatever takes longer than a second shows how far it is. A mistake of the operator is one message on
standard error and exit code 2, never a traceback.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from intelligence.checks import KnowledgeError
from intelligence.knowledge import load_knowledge
from intelligence.pack import load_pack
from telephony.numbers import normalise_for_store

from . import __version__
from .app import AppError, engine
from .auth import MAX_PASSWORD, MIN_PASSWORD, Passwords
from .demo import DemoSettings, run_demo
from .log import start_logging
from .opening import findings, parse_skills
from .people_import import ImportProgress, ImportReport, PeopleFileError, import_people
from .ports import Account
from .reactor import twisted_reactor
from .settings import Settings, SettingsError, config_folder, read_settings
from .store import StoreError, open_store

app = typer.Typer(
    name="callcenter",
    help="An open contact-centre engine: who calls, why, and what to answer, before it rings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring data in.", no_args_is_help=True)
users = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(users, name="user")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

LONGEST_USER = 200
"""Characters; what the sign-in page takes."""

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; see config/callcenter.toml."),
]


@contextmanager
def words() -> Iterator[None]:
    """Turn what an operator can mend into a message."""
    try:
        yield
    except KnowledgeError as error:
        _complain(f"The pack or its knowledge cannot be used:\n{error}")
        raise typer.Exit(2) from None
    except (AppError, SettingsError, StoreError, PeopleFileError) as error:
        _complain(str(error))
        raise typer.Exit(2) from None


def _complain(message: str) -> None:
    err.print(f"[red]{escape(message)}[/red]", soft_wrap=True)


def _say(message: str) -> None:
    out.print(escape(message), soft_wrap=True)


def settings_from(
    config: Path | None,
    overrides: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
) -> Settings:
    """The file named, or ``callcenter.toml`` here if there is one."""
    here = Path("callcenter.toml")
    path = config or (here if here.exists() else None)
    settings = read_settings(path, os.environ, overrides, defaults)
    url = settings.store.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        _make_folder(Path(url.removeprefix("sqlite:///")).parent)
    return settings


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(f"The folder {folder} cannot be made: {error.strerror}.") from None


def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run until it ends or SIGINT or SIGTERM comes; then it is cancelled and cleans up."""

    async def main() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            out.print("stopped")

    asyncio.run(main())


@app.command()
def run(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Listen on this address.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port.")] = None,
) -> None:
    """Run the engine against your Asterisk."""
    with words():
        settings = settings_from(config, {"http.host": host, "http.port": port})
        if not settings.exchange.secret:
            raise AppError(
                "The exchange's secret is missing: set [exchange] secret in the settings file or"
                " CALLCENTER_EXCHANGE_SECRET in the environment. docs/asterisk.md says how to make"
                " an AMI user."
            )
        start_logging(settings.log.level, settings.log.format)

        async def work() -> None:
            async with twisted_reactor() as reactor, engine(settings, reactor) as running:
                accounts = await running.store.accounts.everyone()
                if not accounts:
                    _say("Nobody can sign in yet: callcenter user add NAME --device PJSIP/1001")
                for finding in findings(settings, accounts, running.pack.reason_codes):
                    _complain(finding)
                _say(f"console: http://{settings.http.host}:{running.port}/")
                await asyncio.Event().wait()

        until_told(work())


@app.command()
def demo(
    config: ConfigOption = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    people: Annotated[int, typer.Option(min=100, help="How many customers.")] = 5000,
    calls_per_hour: Annotated[float, typer.Option(min=1, help="How often they call.")] = 400,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="How fast time runs.")] = 1.0,
    data: Annotated[Path, typer.Option(help="Where the demonstration keeps its database.")] = Path(
        "var/demo"
    ),
) -> None:
    """Run the engine with a simulated exchange and living callers: nothing else is needed."""
    with words():
        _make_folder(data)
        settings = settings_from(
            config,
            {"http.port": port, "store.url": f"sqlite:///{data / f'demo-{seed}.db'}"},
            {"log.level": "warning"},  # so that the greeting stays in sight
        )
        start_logging(settings.log.level, settings.log.format)
        until_told(
            run_demo(
                settings,
                DemoSettings(seed=seed, people=people, calls_per_hour=calls_per_hour, speed=speed),
                out,
            )
        )


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check settings, pack, knowledge and agents, and say what is wrong and where."""
    with words():
        settings = settings_from(config)
        pack = load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml")
        folder = config_folder() / "knowledge" / settings.centre.pack
        entries = load_knowledge(folder, pack.reason_codes)
        wrong = findings(settings, _accounts(settings), pack.reason_codes)
        for finding in wrong:
            _complain(finding)
        if wrong:
            raise typer.Exit(2)
        _say(
            f"Settings, pack {pack.name!r} ({len(pack.reasons)} reasons) and"
            f" {len(entries)} knowledge entries are in order."
        )


def _accounts(settings: Settings) -> tuple[Account, ...]:
    """Those there are; a store that was never opened is not made for the question."""
    file = settings.store.url.removeprefix("sqlite:///")
    if file != settings.store.url and not Path(file).exists():
        return ()
    store = open_store(settings.store.url)
    try:
        return asyncio.run(store.accounts.everyone())
    finally:
        store.close()


@imports.command("people")
def people_command(
    file: Annotated[Path, typer.Argument(help="A CSV file, see docs/data.md.")],
    config: ConfigOption = None,
    region: Annotated[
        str | None, typer.Option(help="How numbers without a country code are read, such as GB.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="The file's encoding.")] = "utf-8",
) -> None:
    """Import people and their numbers from a CSV file.

    Lines that cannot be used go to FILE.rejected.csv with the reason. A killed import goes on where
    it was when the same command is given again.
    """
    with words():
        settings = settings_from(config, {"centre.region": region})
        store = open_store(settings.store.url)
        try:
            with Progress(
                TextColumn("importing"),
                BarColumn(),
                TextColumn("{task.fields[accepted]} kept, {task.fields[rejected]} rejected"),
                TimeRemainingColumn(),
                console=err,
            ) as progress:
                task = progress.add_task("", accepted=0, rejected=0)

                def show(now: ImportProgress) -> None:
                    progress.update(
                        task,
                        total=now.bytes_total,
                        completed=now.bytes_done,
                        accepted=now.accepted,
                        rejected=now.rejected,
                    )

                report = import_people(
                    store,
                    file,
                    region=settings.centre.region,
                    normalise=lambda raw: normalise_for_store(raw, settings.centre.region),
                    on_progress=show,
                    encoding=encoding,
                )
        except KeyboardInterrupt:
            _complain("Stopped; the same command again goes on where this one was.")
            raise typer.Exit(130) from None
        finally:
            store.close()
        _say(_in_words(report))


def _in_words(report: ImportReport) -> str:
    if report.already:
        return f"{report.file} had been imported before; nothing was changed."
    kept = f"{report.accepted} people kept, {report.rejected} lines rejected"
    resumed = f" (went on after line {report.resumed_at + 1})" if report.resumed_at else ""
    rejects = f"; the reasons are in {report.rejected_file}" if report.rejected_file else ""
    return f"{kept}{rejects}{resumed}; {report.finished - report.started:.1f} s."


@users.command("add")
def user_add(
    user: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str | None, typer.Option(help="What colleagues see.")] = None,
    role: Annotated[str, typer.Option(help="agent or supervisor.")] = "agent",
    device: Annotated[
        str | None, typer.Option(help="Their phone on the exchange, such as PJSIP/1001.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="en, zh-Hans or zh-Hant.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Left out: one is made up and shown.")
    ] = None,
    skill: Annotated[
        list[str] | None, typer.Option(help="Skill and level 0 to 5, as english=5; repeatable.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add somebody, or change them; the same name again overwrites, skills included."""
    with words():
        settings = settings_from(config)
        skills = _skills(settings, skill or [])
        account = _account(user, name, role, device, language, password)
        _put(settings, replace(account[0], skills=_changed((), skills)))
        _say(f"{user} may sign in" + (f" with the password {account[1]}" if account[1] else ""))


def _account(
    user: str,
    name: str | None,
    role: str,
    device: str | None,
    language: str | None,
    password: str | None,
) -> tuple[Account, str | None]:
    """The account, and the password if it was made up."""
    if not 0 < len(user) <= LONGEST_USER or not user.isprintable() or user != user.strip():
        raise AppError(
            f"{user!r} cannot be signed in with: 1 to {LONGEST_USER} printable characters."
        )
    if role not in ("agent", "supervisor"):
        raise AppError(f"There is no role {role!r}; allowed: agent, supervisor.")
    if role == "agent" and not device:
        raise AppError("An agent needs a device: --device PJSIP/1001.")
    if language not in (None, "en", "zh-Hans", "zh-Hant"):
        raise AppError(f"There is no language {language!r}; allowed: en, zh-Hans, zh-Hant.")
    made_up = secrets.token_urlsafe(9) if password is None else None
    chosen = made_up if password is None else password
    assert chosen is not None
    if not MIN_PASSWORD <= len(chosen) <= MAX_PASSWORD:
        raise AppError(f"A password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    kind: Literal["agent", "supervisor"] = "agent" if role == "agent" else "supervisor"
    hasher = Passwords()
    try:
        hashed = hasher.hash(chosen)
    finally:
        hasher.close()
    account = Account(
        agent=user,
        name=name or user,
        role=kind,
        device=device,
        password_hash=hashed,
        language=language,
        active=True,
    )
    return account, made_up


def _put(settings: Settings, account: Account) -> None:
    store = open_store(settings.store.url)
    try:
        asyncio.run(store.accounts.put(account))
    finally:
        store.close()


def _skills(settings: Settings, texts: list[str]) -> dict[str, int | None]:
    try:
        return parse_skills(texts, settings.routing.skills)
    except ValueError as error:
        raise AppError(str(error)) from None


def _changed(
    skills: tuple[tuple[str, int], ...], changes: dict[str, int | None]
) -> tuple[tuple[str, int], ...]:
    whole = {**dict(skills), **changes}
    return tuple(sorted((skill, level) for skill, level in whole.items() if level is not None))


@users.command("skills")
def user_skills(
    user: Annotated[str, typer.Argument(help="Whose skills.")],
    skills: Annotated[
        list[str] | None,
        typer.Argument(help="english=5 cards=0; cards= takes it away; none: show them."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show or change somebody's skills; those not named stay as they are.

    An agent who is signed in has the new ones after signing in again. To change them at once, use
    the console or PUT /api/v1/agents/NAME/skills.
    """

    async def work(settings: Settings, changes: dict[str, int | None]) -> Account:
        store = open_store(settings.store.url)
        try:
            account = await store.accounts.account(user)
            if account is None:
                raise AppError(f"There is no user {user!r}.")
            account = replace(account, skills=_changed(account.skills, changes))
            if changes:
                await store.accounts.set_skills(user, account.skills)
            return account
        finally:
            store.close()

    with words():
        settings = settings_from(config)
        account = asyncio.run(work(settings, _skills(settings, skills or [])))
        _say(f"{user}: {_in_a_row(account.skills) or 'no skills'}")


def _in_a_row(skills: tuple[tuple[str, int], ...]) -> str:
    return " ".join(f"{skill}={level}" for skill, level in skills)


@users.command("list")
def user_list(config: ConfigOption = None) -> None:
    """Who may sign in."""
    with words():
        store = open_store(settings_from(config).store.url)
        try:
            accounts = asyncio.run(store.accounts.everyone())
        finally:
            store.close()
        table = Table("user", "name", "role", "device", "language", "skills", "may sign in")
        for one in accounts:
            table.add_row(
                *(
                    escape(text or "")
                    for text in (one.agent, one.name, one.role, one.device, one.language)
                ),
                escape(_in_a_row(one.skills)),
                "yes" if one.active else "no",
            )
        out.print(table)


@users.command("close")
def user_close(
    user: Annotated[str, typer.Argument(help="Who may no longer sign in.")],
    config: ConfigOption = None,
) -> None:
    """Close somebody's account and end their sign-ins; what they did stays on record."""

    async def work(settings: Settings) -> None:
        store = open_store(settings.store.url)
        try:
            account = await store.accounts.account(user)
            if account is None:
                raise AppError(f"There is no user {user!r}.")
            await store.accounts.put(replace(account, active=False))
            await store.sessions.end_all(user)
        finally:
            store.close()

    with words():
        asyncio.run(work(settings_from(config)))
        _say(f"{user} may no longer sign in")


@app.command()
def version() -> None:
    """The version of this engine."""
    out.print(__version__)


def main() -> None:
    """Entry point of the ``callcenter`` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
