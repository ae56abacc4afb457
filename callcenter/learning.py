"""Keeps the models learning while the engine runs: training, the gate, drift and calibration.

Training runs in a process of its own (``python -m callcenter train --background``), one at a time,
with the lowest priority: it must never make a caller wait. A training that fails is logged, counted
and tried again later and later; the models in use stay. Everything that reads lessons does so in a
thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Final

from intelligence.locks import Busy
from intelligence.manifest import ModelRefused
from intelligence.registry import Registry, UnknownVersion

from . import watch
from .floor.orders import RecordAudit
from .gate import since as together_since
from .gate import verdict_on
from .ports import Lessons
from .settings import PredictionSettings, Settings

log: Final = logging.getLogger(__name__)

LOOK: Final = 60.0
"""Seconds between two looks at whether there is something to do."""
WATCH: Final = 3600.0
"""Seconds between two looks at drift and calibration."""
LONGEST: Final = 3 * 3600.0
"""A training that takes longer is ended; it counts as failed."""
BACK_OFF: Final = (300.0, 6 * 3600.0)
"""Seconds until a failed training is tried again: the first time, doubling up to the last."""
JUDGE_AGAIN: Final = 100
"""Confirmed calls between two verdicts on the same challenger."""
ENOUGH: Final = 1000
HOUR: Final = 3600.0
TAIL: Final = 2000
"""Bytes of what a failed training said last that are logged."""
PATIENCE: Final = 5.0
"""Seconds a training has to end when told to, before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """How learning stands, for screens and metrics."""

    running: bool = False
    progress: float | None = None
    """0 to 1, of the training that runs."""
    step: str | None = None
    last: float | None = None
    """When the last training ended well."""
    failed: str | None = None
    """Why the last one did not; ``None`` when it did."""
    watched: watch.Watched = field(default_factory=watch.Watched)


class Learning:
    """One engine's. ``watch`` is a keeper; ``stop`` ends a training that runs."""

    def __init__(
        self,
        *,
        lessons: Lessons,
        registry: Registry,
        settings: PredictionSettings,
        heads: Mapping[str, str],
        clock: Callable[[], float],
        environment: Mapping[str, str],
        audit: Callable[[RecordAudit], Awaitable[None]],
        command: Sequence[str] = (sys.executable, "-m", "callcenter", "train", "--background"),
        every: float = LOOK,
    ) -> None:
        """``heads``: every reason of the pack to its head; ``environment``: for the training
        (``environment_of``); ``audit``: told when the gate promotes."""
        self.counted: Counter[str] = Counter()
        """``trained``, ``nothing``, ``failed``, ``promoted``, ``retired``, ``look_failed``."""
        self._lessons = lessons
        self._registry = registry
        self._settings = settings
        self._heads = heads
        self._clock = clock
        self._environment = environment
        self._audit = audit
        self._command = tuple(command)
        self._every = every
        self._process: asyncio.subprocess.Process | None = None
        self._training: asyncio.Task[None] | None = None
        self._progress: float | None = None
        self._step: str | None = None
        self._last: float | None = None
        self._failed: str | None = None
        self._failures = 0
        self._tried: float | None = None
        """When a training began last, of this run of the engine."""
        self._judged: dict[str, int] = {}
        self._watched = watch.Watched()

    def state(self) -> Learnt:
        running = self._training is not None and not self._training.done()
        return Learnt(
            running=running,
            progress=self._progress if running else None,
            step=self._step if running else None,
            last=self._last,
            failed=self._failed,
            watched=self._watched,
        )

    async def watch(self) -> None:
        """Look every minute, until cancelled. What goes wrong in a look is logged and counted."""
        looked = float("-inf")
        try:
            while True:
                await asyncio.sleep(self._every)
                await self._guarded(self._train_if_due(), "training")
                if self._settings.promote == "gate":
                    await self._guarded(self._judge(), "judging")
                if self._clock() - looked >= WATCH:
                    looked = self._clock()
                    await self._guarded(self._watch(), "watching")
        finally:
            await self.stop()

    async def _guarded(self, work: Awaitable[None], what: str) -> None:
        try:
            await work
        except Exception as error:
            # The store or the folder may be in trouble for a while; calls go on, and so do we.
            self.counted["look_failed"] += 1
            log.warning("learning_look_failed", extra={"what": what}, exc_info=error)

    # --- training ---------------------------------------------------------------------------

    async def _train_if_due(self) -> None:
        if self._training is not None and not self._training.done():
            return
        if await asyncio.to_thread(self._due, self._clock()):
            self.train()

    def _due(self, now: float) -> bool:
        last = max((one.made for one in self._registry.versions()), default=None)
        if self._failures:
            assert self._tried is not None
            first, most = BACK_OFF
            wait = min(most, first * 2.0 ** min(self._failures - 1, 30))
            return now - self._tried >= wait
        since = max((at for at in (last, self._tried) if at is not None), default=None)
        hours, calls = self._settings.refit_hours, self._settings.refit_calls
        if hours > 0 and (since is None or now - since >= hours * HOUR):
            return True
        return calls > 0 and self._lessons.confirmed_since(since or 0.0) >= calls

    def train(self) -> None:
        """Begin a training now, unless one runs."""
        if self._training is None or self._training.done():
            self._tried = self._clock()
            self._progress, self._step = 0.0, None
            self._training = asyncio.create_task(self._run(), name="training")

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                code, result, said = await self._followed()
        except TimeoutError:
            await self._end()
            self._did_fail(f"it took longer than {LONGEST / HOUR:.0f} hours and was ended")
            return
        except OSError as error:
            self._did_fail(f"it cannot be started: {error.strerror}")
            return
        except asyncio.CancelledError:
            await self._end()
            raise
        except Exception as error:
            await self._end()
            log.error("training_not_followed", exc_info=error)
            self._did_fail(f"it could not be followed: {error}")
            return
        if code != 0 or result is None:
            self._did_fail(f"exit code {code}: {said.strip() or 'it said nothing'}")
            return
        made = _rows(result.get("made"))
        self._failures, self._failed, self._last = 0, None, self._clock()
        for one in _rows(result.get("nothing")):
            self.counted["nothing"] += 1
            log.info("training_had_nothing", extra={"kind": one.get("kind"), "why": one.get("why")})
        for one in made:
            self.counted["trained"] += 1
            log.info("trained", extra={"model": one.get("name"), "in_use": one.get("promoted")})

    async def _followed(self) -> tuple[int, Mapping[str, object] | None, str]:
        """Exit code, the last line that says what came of it, and the end of its errors."""
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(self._environment),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        log.info("training_began", extra={"pid": process.pid})
        errors = asyncio.create_task(_tail(process.stderr))
        result: Mapping[str, object] | None = None
        try:
            async for line in process.stdout:
                found = _read(line)
                if "made" in found:
                    result = found
                elif isinstance(share := found.get("progress"), float | int):
                    self._progress, self._step = float(share), str(found.get("step"))
            code = await process.wait()
            said = await errors
        finally:
            errors.cancel()
        self._process = None
        return code, result, said

    def _did_fail(self, why: str) -> None:
        self._failures += 1
        self._failed = why
        self.counted["failed"] += 1
        log.error("training_failed", extra={"why": why, "times": self._failures})

    async def _end(self) -> None:
        """End the process that we started, if it still runs."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), PATIENCE)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        with suppress(TimeoutError):  # what nobody read would keep its pipes open
            await asyncio.wait_for(process.communicate(), PATIENCE)

    async def stop(self) -> None:
        """End a training that runs; what it had not registered is lost."""
        if self._training is not None and not self._training.done():
            self._training.cancel()
            await asyncio.gather(self._training, return_exceptions=True)

    # --- the gate, drift, calibration -------------------------------------------------------

    async def _judge(self) -> None:
        for why, name in await asyncio.to_thread(self._judge_all):
            await self._audit(
                RecordAudit(
                    at=self._clock(), by="engine", what="promote", agent=None, call=None,
                    reason=why, ok=True, detail=name,
                )
            )  # fmt: skip

    def _judge_all(self) -> list[tuple[str, str]]:
        """Promote what has earned it; returns why and what."""
        promoted = []
        for kind in self._registry.kinds:
            for version in self._registry.challengers(kind):
                confirmed = self._lessons.confirmed_since(together_since(self._registry, version))
                if confirmed < max(ENOUGH, self._judged.get(version.name, 0) + JUDGE_AGAIN):
                    continue
                self._judged[version.name] = confirmed
                found = verdict_on(
                    self._registry, version, self._lessons, self._settings, len(self._heads),
                    self._clock(),
                )  # fmt: skip
                log.info(
                    "challenger_judged",
                    extra={"model": version.name, "pass": found.promote, "why": found.in_words()},
                )
                try:
                    if found.promote:
                        self._registry.promote(version.name, f"gate: {found.in_words()}")
                        self.counted["promoted"] += 1
                        promoted.append((found.in_words(), version.name))
                        break  # the others are to be compared with the new one
                    if found.hopeless:
                        self._registry.retire(version.name)
                        self.counted["retired"] += 1
                except (Busy, ModelRefused, UnknownVersion) as error:
                    log.warning("not_promoted", extra={"model": version.name, "why": str(error)})
        return promoted

    async def _watch(self) -> None:
        before = self._watched
        self._watched = now = await asyncio.to_thread(
            watch.watched, self._lessons, self._heads, self._clock()
        )
        if now.drift_alarm and not before.drift_alarm:
            log.warning("calls_drifted", extra={"index": now.drift, "by": now.drifted})
        if now.calibration_alarm and not before.calibration_alarm:
            log.warning("probabilities_untrue", extra={"ece": now.ece})


def environment_of(settings: Settings, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment in which a training finds the same store, pack and folder as the engine,
    however that was told of them; and no secret that it does not need."""
    found = {k: v for k, v in inherited.items() if not k.startswith("CALLCENTER_")}
    found |= {
        "CALLCENTER_STORE_URL": settings.store.url,
        "CALLCENTER_CENTRE_PACK": settings.centre.pack,
        "CALLCENTER_CENTRE_TIME_ZONE": settings.centre.time_zone,
    }
    values = asdict(settings.prediction)
    for one in fields(settings.prediction):
        if isinstance(values[one.name], bool | int | float | str):
            text = str(values[one.name])
            found[f"CALLCENTER_PREDICTION_{one.name.upper()}"] = (
                text.lower() if isinstance(values[one.name], bool) else text
            )
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return found | dict.fromkeys(threads, "1")


def _read(line: bytes) -> Mapping[str, object]:
    """A line of a training; anything that is not one of its own says nothing."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _rows(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


async def _tail(stream: asyncio.StreamReader) -> str:
    """The end of what was said."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-TAIL:]
    return kept.decode("utf-8", "replace")
