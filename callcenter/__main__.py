"""The command line: ``callcenter run``, ``demo``, ``import people``, ``user``, ``check``.

Whatever takes longer than a second shows how far it is. A mistake of the operator is one message on
standard error and exit code 2, never a traceback. What only some commands need is imported in them:
each module read here is one that callers wait for after a power cut.
"""

# ruff: noqa: E402
from __future__ import annotations

import gc

gc.disable()  # while modules are read: a tenth of the time from a power cut to the first call

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intelligence.encoders import EncoderMissing, open_encoder
from intelligence.knowledge import load_knowledge
from intelligence.pack import Pack, load_pack
from telephony.numbers import normalise_for_store

from . import __version__
from .app import AppError, engine
from .log import start_logging
from .model_commands import model_commands
from .opening import findings
from .ports import Account
from .reactor import twisted_reactor
from .settings import Settings, config_folder
from .store import open_store
from .terminal import ConfigOption, complain, err, make_folder, out, say, settings_from, words
from .user_commands import users

gc.enable()
gc.freeze()  # modules stay: no collection of a start has to look through them

if TYPE_CHECKING:
    from .people_import import ImportProgress, ImportReport

app = typer.Typer(
    name="callcenter",
    help="An open contact-centre engine: who calls, why, and what to answer, before it rings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring data in.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(users, name="user")


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
                    say("Nobody can sign in yet: callcenter user add NAME --device PJSIP/1001")
                for finding in findings(settings, accounts, _rule_codes(running.pack)):
                    complain(finding)
                say(f"console: http://{settings.http.host}:{running.port}/")
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
    from .demo import DemoSettings, run_demo  # an engine on a real exchange starts without it

    with words():
        make_folder(data)
        settings = settings_from(
            config,
            {
                "http.port": port,
                "store.url": f"sqlite:///{data / f'demo-{seed}.db'}",
                "prediction.models": str(data / f"models-{seed}"),
            },
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
        wrong = findings(settings, _accounts(settings), _rule_codes(pack))
        try:
            open_encoder(settings.prediction.encoder)
        except EncoderMissing as error:
            wrong.append(f"prediction.encoder: {error}")
        for finding in wrong:
            complain(finding)
        if wrong:
            raise typer.Exit(2)
        say(
            f"Settings, pack {pack.name!r} ({len(pack.reasons)} reasons) and"
            f" {len(entries)} knowledge entries are in order."
        )


def _rule_codes(pack: Pack) -> frozenset[str]:
    """What a rule of routing may name: reasons, and heads of reasons."""
    return frozenset(pack.head_of) | frozenset(pack.head_of.values())


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
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from .people_import import PeopleFileError, import_people

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
        except PeopleFileError as error:
            raise AppError(str(error)) from None
        except KeyboardInterrupt:
            complain("Stopped; the same command again goes on where this one was.")
            raise typer.Exit(130) from None
        finally:
            store.close()
        say(_in_words(report))


def _in_words(report: ImportReport) -> str:
    if report.already:
        return f"{report.file} had been imported before; nothing was changed."
    kept = f"{report.accepted} people kept, {report.rejected} lines rejected"
    resumed = f" (went on after line {report.resumed_at + 1})" if report.resumed_at else ""
    rejects = f"; the reasons are in {report.rejected_file}" if report.rejected_file else ""
    return f"{kept}{rejects}{resumed}; {report.finished - report.started:.1f} s."


@app.command()
def version() -> None:
    """The version of this engine."""
    out.print(__version__)


model_commands(app)


def main() -> None:
    """Entry point of the ``callcenter`` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
