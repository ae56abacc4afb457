"""The commands about models: ``callcenter train``, ``models``, ``promote``, ``rollback``,
``evaluate``. For operators: docs/models.md.

``train --background`` writes one JSON object a line, for the engine that started it: steps while it
works, then what came of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from intelligence.locks import Busy, locked
from intelligence.manifest import ModelRefused
from intelligence.pack import load_pack
from intelligence.registry import Registry, UnknownVersion
from intelligence.training import TrainingError

from .app import AppError
from .settings import Settings, config_folder, zone
from .store import open_store
from .terminal import ConfigOption, complain, err, say, settings_from, show, words

NICENESS: Final = 19
DAY: Final = 86_400.0
ONE_THREAD: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
"""Variables that keep numerical libraries from using every core; read when they are loaded."""

When = Annotated[
    str | None, typer.Option(help="2026-01-31 or 2026-01-31T08:00, in the centre's time zone.")
]


def model_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("train")(train_command)
    app.command("models")(models_command)
    app.command("promote")(promote_command)
    app.command("rollback")(rollback_command)
    app.command("evaluate")(evaluate_command)


@contextmanager
def model_words() -> Iterator[None]:
    """What an operator can mend about models becomes a message."""
    with words():
        try:
            yield
        except (ModelRefused, UnknownVersion, Busy, TrainingError) as error:
            message = str(error.args[0] if error.args else error)
            complain(message[:1].upper() + message[1:])
            raise typer.Exit(2) from None


def registry_of(settings: Settings) -> Registry:
    return Registry(Path(settings.prediction.models))


def train_command(
    config: ConfigOption = None,
    kind: Annotated[str, typer.Option(help="reasons, words or all.")] = "all",
    since: When = None,
    until: When = None,
    background: Annotated[
        bool, typer.Option(help="With the lowest priority, one thread, progress as JSON lines.")
    ] = False,
) -> None:
    """Train models from the reasons that agents confirmed.

    A new model is tried on live calls before it is used, unless none is in use and it clearly beats
    the rules on calls it has not seen.
    """
    if background:
        os.nice(NICENESS)
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
    from . import refit  # numerical libraries are loaded by this

    with model_words():
        kinds = refit.KINDS if kind == "all" else (kind,)
        if not set(kinds) <= set(refit.KINDS):
            raise AppError(f"There is no kind of models {kind!r}: {', '.join(refit.KINDS)}, all.")
        settings = settings_from(config)
        begin, end = moment(since, zone(settings)), moment(until, zone(settings))
        registry = registry_of(settings)
        registry.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = open_store(settings.store.url)
        try:
            with locked(registry.folder / refit.LOCK, time.time()), progress_of(background) as tell:
                course = refit.Course(
                    lessons=store.lessons,
                    registry=registry,
                    pack=load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml"),
                    settings=settings.prediction,
                    now=time.time,
                    encoder=refit.encoder_of(settings.prediction),
                )
                made, failed = [], []
                for one in kinds:
                    try:
                        made.append(refit.train(course, one, begin, end, tell))
                    except TrainingError as error:
                        failed.append((one, str(error)))
        finally:
            store.close()
        if background:
            _line(
                made=[
                    {"kind": x.kind, "name": x.name, "promoted": x.promoted, "why": x.why}
                    for x in made
                ],
                nothing=[{"kind": name, "why": why} for name, why in failed],
            )
            return
        for x in made:
            state = "is in use" if x.promoted else "is tried on live calls"
            say(
                f"{x.name} {state}: {x.why}. {x.lessons} calls, {x.seconds:.1f} s; on"
                f" {x.report.n} it had not seen: top-1 {_share(x.report.top1)}, log loss"
                f" {_number(x.report.log_loss)}, ECE {_number(x.report.ece)}."
            )
        for name, why in failed:
            complain(f"No model of {name}: {why}.")
        if not made:
            raise typer.Exit(2)


@contextmanager
def progress_of(background: bool) -> Iterator[Callable[[str, float], None]]:
    """Progress for people, or as lines for the engine."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if background:
        yield lambda step, share: _line(step=step, progress=round(share, 3))
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=err
    ) as bar:
        task = bar.add_task("training", total=1.0)
        yield lambda step, share: bar.update(task, description=escape(step), completed=share)


def _line(**fields: Any) -> None:
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def models_command(config: ConfigOption = None) -> None:
    """Which models there are, and which are in use."""
    from rich.table import Table

    with model_words():
        settings = settings_from(config)
        registry = registry_of(settings)
        state = registry.state()
        table = Table("model", "state", "made", "calls", "top-1", "log loss", "ECE")
        for one in registry.versions():
            made = datetime.fromtimestamp(one.made, zone(settings))
            table.add_row(
                escape(one.name),
                state_of(registry, one.name),
                f"{made:%Y-%m-%d %H:%M}",
                str(one.data.get("lessons", "")),
                _share(one.metrics.get("top1")),
                _number(one.metrics.get("log_loss")),
                _number(one.metrics.get("ece")),
            )
        show(table)
        for kind in registry.kinds:
            if kind not in state.champions:
                say(f"{kind}: no model is in use; the rules are.")
            elif registry.open_champion(kind) is None:
                complain(f"{kind}: the rules are in use. {registry.troubles[kind]}")


def state_of(registry: Registry, name: str) -> str:
    """``champion``, ``challenger``, ``before`` (``rollback`` leads there) or ``kept``."""
    state = registry.state()
    if name in state.champions.values():
        return "champion"
    if any(name in names for names in state.challengers.values()):
        return "challenger"
    return "before" if any(name in names[-1:] for names in state.before.values()) else "kept"


def promote_command(
    name: Annotated[str, typer.Argument(help="As `callcenter models` shows it.")],
    config: ConfigOption = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Though the gate does not pass it.")
    ] = False,
) -> None:
    """Have a model used from now on. Running engines take it within a minute."""
    from . import gate

    with model_words():
        settings = settings_from(config)
        registry = registry_of(settings)
        version = registry.version(name)
        store = open_store(settings.store.url)
        try:
            pack = load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml")
            found = gate.verdict_on(
                registry,
                version,
                store.lessons,
                settings.prediction,
                len(pack.reasons),
                time.time(),
            )
        finally:
            store.close()
        for one in found.criteria:
            value = "no data" if one.value is None else f"{one.value:.4g}"
            more = f" ({one.detail})" if one.detail else ""
            say(f"{'ok ' if one.ok else 'NOT'} {one.name}: {value}, limit {one.limit:g}{more}")
        if not found.promote and not anyway:
            raise AppError(
                f"{name} is not promoted: the gate does not pass it. --anyway promotes it all the"
                " same; `callcenter rollback` leads back."
            )
        how = "gate" if found.promote else "anyway"
        registry.promote(name, f"by hand ({how}): {found.in_words()}")
        say(f"{name} is in use.")


def rollback_command(
    kind: Annotated[str, typer.Argument(help="reasons or words.")], config: ConfigOption = None
) -> None:
    """Go back to the model that was in use before, or to the rules."""
    with model_words():
        registry = registry_of(settings_from(config))
        if kind not in registry.kinds:
            raise AppError(f"There is no kind of models {kind!r}: {', '.join(registry.kinds)}.")
        change = registry.rollback(kind, "by hand")
        say(f"{change.name or 'the rules'} in use; {change.was} no longer.")


def evaluate_command(
    model: Annotated[
        str, typer.Option(help="A model's name, champion, rules, or shown.")
    ] = "shown",
    since: Annotated[
        str | None, typer.Option("--from", help="A date; left out: a week ago.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="A date; left out: now.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Write reliability as an SVG file.")] = None,
    config: ConfigOption = None,
) -> None:
    """Measure a model on the calls of a period whose reason was confirmed.

    `shown` is what agents were shown. Do not evaluate a model on calls it was trained with.
    """
    from intelligence.baselines import accuracies
    from intelligence.evaluation import as_text, replay, report
    from intelligence.picture import reliability_svg

    from . import gate, refit

    with model_words():
        settings = settings_from(config)
        end = moment(until, zone(settings)) or time.time() + 1.0
        begin = moment(since, zone(settings)) or end - 7 * DAY
        if begin >= end:
            raise AppError("--from must be before --to.")
        registry = registry_of(settings)
        pack = load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml")
        store = open_store(settings.store.url)
        try:
            past = refit.read_lessons(
                store.lessons, begin - settings.prediction.train_days * DAY, begin
            )
            lessons = refit.read_lessons(store.lessons, begin, end)
        finally:
            store.close()
        name, says = gate.named(registry, model, pack.usual, past)
        said, asked = replay(says, lessons)
        found = report(name, said, asked, max(2, len(pack.reasons)), settings.prediction.sure)
        say(as_text(found, accuracies(past, asked)))
        _warn_of_overlap(registry, name, begin)
        if picture is not None:
            try:
                picture.write_text(reliability_svg(name, found.bins), encoding="utf-8")
            except OSError as error:
                raise AppError(f"{picture} cannot be written: {error.strerror}.") from None
            say(f"Reliability: {picture}")


def _warn_of_overlap(registry: Registry, name: str, begin: float) -> None:
    known = {one.name: one for one in registry.versions()}
    last = known[name].data.get("last") if name in known else None
    if isinstance(last, float | int) and last >= begin:
        complain("It was trained with calls of this period: the figures flatter it.")


def moment(text: str | None, here: tzinfo) -> float | None:
    """Seconds since the epoch of what somebody wrote. Raises ``AppError``."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=here)).timestamp()
    except (ValueError, OverflowError):
        raise AppError(f"{text!r} is no moment: write 2026-01-31 or 2026-01-31T08:00.") from None


def _share(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float | int) else "-"


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "-"
