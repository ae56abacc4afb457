"""Versions on disk: what is refused, who is in use, the way back, and several processes at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from intelligence.locks import Busy, locked
from intelligence.manifest import MANIFEST, ModelRefused, sha256
from intelligence.registry import KEPT, LOCK, STATE, Registry, UnknownVersion


class Toy:
    """A model of the simplest kind: an array in an npz, like the real ones."""

    def __init__(self, value: float = 1.0) -> None:
        self.value = value

    def save(self, folder: Path) -> None:
        np.savez(folder / "weights.npz", value=np.array([self.value] * 1000))
        (folder / "parts").mkdir()
        (folder / "parts" / "words.txt").write_text("字\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Toy:
        with (
            (folder / "weights.npz").open("rb") as file,
            np.load(file, allow_pickle=False) as found,
        ):
            return cls(float(found["value"][0]))

    def facts(self) -> Mapping[str, object]:
        return {"toy": True}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


FACTS = {"data": {"since": 1.0, "until": 2.0, "lessons": 3}, "metrics": {"top1": 0.5}}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", {"reasons": Toy.load, "words": Toy.load}, Clock())


def add(registry: Registry, value: float = 1.0, kind: str = "reasons") -> str:
    return registry.add(kind, Toy(value), FACTS).name


def value(registry: Registry, name: str) -> float:
    model = registry.load(name)
    assert isinstance(model, Toy)
    return model.value


def test_without_a_folder_the_rules_go_on(registry: Registry) -> None:
    assert registry.versions() == ()
    assert registry.champion("reasons") is None
    assert registry.challengers("reasons") == ()
    assert registry.open_champion("reasons") is None
    assert registry.stamp() == ()
    assert not registry.folder.exists()


def test_a_version_comes_back_with_its_manifest_and_its_model(registry: Registry) -> None:
    version = registry.add("reasons", Toy(2.5), FACTS)
    assert version.name.startswith("reasons-2027")
    assert version.data["lessons"] == 3
    assert version.metrics == {"top1": 0.5}
    assert version.facts["toy"] is True
    assert set(version.files) == {"weights.npz", "parts/words.txt"}
    assert version.libraries["numpy"] == np.__version__
    again = Registry(registry.folder, {"reasons": Toy.load})
    assert again.versions() == (version,)
    assert again.challengers("reasons") == (version,)
    assert again.champion("reasons") is None
    assert value(again, version.name) == 2.5


def test_promotion_and_the_way_back(registry: Registry) -> None:
    first, second, third = (add(registry, float(n)) for n in range(3))
    registry.promote(first, "by hand")
    registry.promote(third, "better")
    registry.promote(third, "again")  # changes nothing about the way back
    champion = registry.champion("reasons")
    assert champion is not None
    assert champion.name == third
    assert [one.name for one in registry.challengers("reasons")] == []  # second gave way to third
    assert registry.rollback("reasons").name == first
    assert registry.rollback("reasons").name is None
    assert registry.champion("reasons") is None
    with pytest.raises(UnknownVersion, match="the rules are"):
        registry.rollback("reasons")
    assert [change.name for change in registry.state().history] == [
        first,
        third,
        third,
        first,
        None,
    ]
    assert value(registry, second) == 1.0  # still there


def test_rollback_passes_over_a_broken_version(registry: Registry) -> None:
    first, second, third = (add(registry, float(n)) for n in range(3))
    for name in (first, second, third):
        registry.promote(name, "by hand")
    (registry.folder / second / "weights.npz").write_bytes(b"no")
    assert registry.rollback("reasons").name == first
    assert registry.state().before["reasons"] == (None,)


def test_a_third_challenger_takes_the_second_ones_place(registry: Registry) -> None:
    first, _, third = (add(registry, float(n)) for n in range(3))
    assert [one.name for one in registry.challengers("reasons")] == [first, third]
    registry.retire(first)
    assert [one.name for one in registry.challengers("reasons")] == [third]


def test_kinds_are_apart(registry: Registry) -> None:
    words = add(registry, kind="words")
    registry.promote(words, "by hand")
    assert registry.champion("reasons") is None
    assert registry.versions("reasons") == ()
    assert [one.name for one in registry.versions("words")] == [words]
    with pytest.raises(ValueError, match="no kind of models 'faces'"):
        registry.add("faces", Toy(), FACTS)


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    shutil.move(elsewhere, path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: change(folder / "weights.npz"), "weights.npz: its content is not what was"),
        (lambda folder: cut(folder / "weights.npz"), "weights.npz: its content is not what was"),
        (lambda folder: (folder / "weights.npz").unlink(), "weights.npz: the file is missing"),
        (lambda folder: (folder / "extra.npz").write_bytes(b"x"), "does not name this file"),
        (lambda folder: (folder / "parts" / "x.skops").write_bytes(b"x"), "x.skops: the manifest"),
        (lambda folder: link(folder / "weights.npz"), "symbolic link"),
        (lambda folder: (folder / "more").symlink_to("/"), "more: it is a symbolic link"),
        (lambda folder: pipe(folder / "weights.npz"), "weights.npz: it is not a plain file"),
        (lambda folder: pipe(folder / "another"), "does not name this file"),
        (lambda folder: pipe(folder / MANIFEST), "manifest.json: it is not a plain file"),
        (lambda folder: change(folder / MANIFEST), "not the one this version was written with"),
        (lambda folder: (folder / MANIFEST).unlink(), "manifest.json: it cannot be read"),
        (lambda folder: link(folder / MANIFEST), "manifest.json: it cannot be read"),
    ],
)  # fmt: skip
def test_what_was_changed_is_refused_before_it_is_parsed(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    parsed: list[Path] = []

    def parse(folder: Path) -> Toy:
        parsed.append(folder)
        return Toy.load(folder)

    registry = Registry(tmp_path / "models", {"reasons": parse}, Clock())
    name = add(registry)
    registry.promote(name, "by hand")
    spoil(registry.folder / name)
    with pytest.raises(ModelRefused, match=said) as refused:
        registry.load(name)
    assert "What to do: " in str(refused.value)
    assert registry.open_champion("reasons") is None
    assert said in registry.troubles["reasons"]
    with pytest.raises(ModelRefused):
        registry.promote(name, "by hand")
    assert parsed == []


def test_files_swapped_between_versions_are_refused(registry: Registry) -> None:
    first, second = add(registry, 1.0), add(registry, 2.0)
    for file in ("weights.npz", MANIFEST):
        one, other = registry.folder / first / file, registry.folder / second / file
        kept = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(kept)
        with pytest.raises(ModelRefused, match=file):
            registry.load(first)


def rewritten(registry: Registry, name: str, **fields: object) -> str:
    """The version with another manifest that fits its name, as another engine would write it."""
    folder = registry.folder / name
    data = {**json.loads((folder / MANIFEST).read_bytes()), **fields}
    content = json.dumps(data).encode()
    new = f"{name.rpartition('-')[0]}-{sha256(content)[:8]}"
    folder.rename(registry.folder / new)
    (registry.folder / new / MANIFEST).write_bytes(content)
    return new


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2}, "its format is 2, and this engine reads 1.*train again"),
        ({"kind": "words"}, "not a manifest of a model"),
        ({"files": {"../../x": "0" * 64}}, "not a manifest of a model .file '../../x'"),
        ({"files": {"/etc/passwd": "0" * 64}}, "not a manifest of a model"),
        ({"files": {"weights.npz": "short"}}, "not a manifest of a model"),
        ({"files": ["weights.npz"]}, "not a manifest of a model"),
        ({"made": "yesterday"}, "not a manifest of a model"),
        ({"parent": 7}, "not a manifest of a model"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    registry: Registry, fields: dict[str, object], said: str
) -> None:
    name = rewritten(registry, add(registry), **fields)
    with pytest.raises(ModelRefused, match=said):
        registry.load(name)
    assert registry.versions() == ()


def test_a_model_its_own_reader_does_not_take_is_refused(tmp_path: Path) -> None:
    class Cut(Toy):
        def save(self, folder: Path) -> None:
            super().save(folder)
            cut(folder / "weights.npz")

    registry = Registry(tmp_path, {"reasons": Toy.load}, Clock())
    name = registry.add("reasons", Cut(), FACTS).name
    with pytest.raises(ModelRefused, match="its reader does not take it"):
        registry.load(name)


def test_an_unknown_name_is_answered_with_those_there_are(registry: Registry) -> None:
    name = add(registry)
    for wrong in ("nobody", "../" + name, "", name + "/", "reasons-20270101T000000Z-00000000"):
        with pytest.raises(UnknownVersion, match=name):
            registry.promote(wrong, "by hand")
    registry.folder.joinpath("reasons-20270101T000000000Z-00000000").symlink_to(name)
    with pytest.raises(UnknownVersion):
        registry.load("reasons-20270101T000000000Z-00000000")


def test_a_champion_whose_folder_is_gone_leaves_the_rules(registry: Registry) -> None:
    name = add(registry)
    registry.promote(name, "by hand")
    shutil.rmtree(registry.folder / name)
    with pytest.raises(ModelRefused, match="its folder is missing"):
        registry.champion("reasons")
    assert registry.open_champion("reasons") is None
    assert "its folder is missing" in registry.troubles["reasons"]
    assert registry.rollback("reasons").name is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 9}', b'{"format": 1}', b"[" * 10**5]
)
def test_a_state_that_cannot_be_understood_is_said(registry: Registry, content: bytes) -> None:
    name = add(registry)
    (registry.folder / STATE).write_bytes(content)
    with pytest.raises(ModelRefused, match=STATE):
        registry.champion("reasons")
    assert registry.open_champion("reasons") is None
    (registry.folder / STATE).unlink()  # as the message says
    registry.promote(name, "by hand")
    assert registry.open_champion("reasons") is not None


def test_the_stamp_changes_with_every_change(registry: Registry) -> None:
    stamps = [registry.stamp()]
    name = add(registry)
    stamps.append(registry.stamp())
    registry.promote(name, "by hand")
    stamps.append(registry.stamp())
    registry.rollback("reasons")
    stamps.append(registry.stamp())
    assert len(set(stamps)) == 4
    assert registry.stamp() == stamps[-1]


def test_old_versions_go_and_those_in_use_stay(registry: Registry) -> None:
    before, champion, challenger = (add(registry, float(n)) for n in range(3))
    registry.promote(before, "by hand")
    registry.promote(champion, "by hand")
    left = registry.folder / ".new-left-by-a-killed-process"
    left.mkdir()
    os.utime(left, (0, 0))
    others = [add(registry) for _ in range(KEPT + 3)]
    names = {one.name for one in registry.versions("reasons")}
    assert {before, champion, challenger} <= names
    assert names - {before, champion, challenger} == set(others[-KEPT:])
    assert not left.exists()
    assert not list(registry.folder.glob(".*-*"))


def test_what_cannot_be_written_leaves_nothing(registry: Registry) -> None:
    class Full(Toy):
        def save(self, folder: Path) -> None:
            (folder / "weights.npz").write_bytes(b"half")
            raise OSError(28, "No space left on device")

    name = add(registry)
    with pytest.raises(OSError, match="No space"):
        registry.add("reasons", Full(), FACTS)
    with pytest.raises(ValueError, match="nan"):
        registry.add("reasons", Toy(), {"metrics": {"top1": float("nan")}})
    assert [one.name for one in registry.versions()] == [name]
    assert sorted(os.listdir(registry.folder)) == sorted([name, LOCK, STATE])


def test_one_writer_at_a_time_and_a_dead_ones_lock_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / LOCK
    path.write_text('{"pid": 999999999, "at": 1.0}')  # left by a process that is gone
    with locked(path, 5.0):
        assert json.loads(path.read_text()) == {"pid": os.getpid(), "at": 5.0}
        with (
            pytest.raises(Busy, match=f"process {os.getpid()} since 1970-01-01 00:00:05Z"),
            locked(path, 6.0),
        ):
            pass
    with locked(path, 7.0):
        pass


def _write(folder: str, times: int) -> None:
    registry = Registry(Path(folder), {"reasons": Toy.load})
    for n in range(times):
        registry.promote(registry.add("reasons", Toy(float(n)), FACTS).name, "test")


def test_readers_and_two_writing_processes_never_meet_half_a_version(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(tmp_path), 5)) for _ in range(2)]
    for writer in writers:
        writer.start()
    reader = Registry(tmp_path, {"reasons": Toy.load})
    seen = set()
    try:
        while any(writer.is_alive() for writer in writers):
            if (found := reader.open_champion("reasons")) is not None:
                seen.add(found[0].name)
            assert reader.troubles == {}
    finally:
        for writer in writers:
            writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(reader.versions("reasons")) == 10
    assert len(reader.state().history) == 10
    assert seen
