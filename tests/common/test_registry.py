"""Entries, registries, and what method authors add to them."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import equipoise
from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.registry import Entry, Registry, Shape, all_or_nothing
from equipoise.recipes.catalogue import recipe
from equipoise.registries import REGISTRIES, registry
from equipoise.studies.catalogue import study


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """What a test registers is gone after it."""
    with contextlib.suppress(InterruptedError), all_or_nothing():
        yield
        raise InterruptedError


def shapes() -> Registry[Entry]:
    entries = [Entry("path", "a module's class", "pathlib:Path"), Entry("three", "a number", 3)]
    return Registry("shape", entries, shape=Shape("anything", lambda thing: True))


def test_a_thing_is_found_by_its_name_and_its_name_by_the_thing() -> None:
    found = shapes()
    assert list(found) == ["path", "three"]
    assert found.load("path") is Path
    assert found.load("three") == 3
    assert (found.name_of(Path), found.name_of(str)) == ("path", None)
    assert found.all_of(["three"])[0].summary == "a number"
    assert "path" in found
    assert ["path"] not in found


@pytest.mark.parametrize("name", ["pth", "", ["path"], None, 3])
def test_an_unknown_name_is_told_the_nearest(name: object) -> None:
    for ask in (shapes().load, shapes().__getitem__, lambda one: shapes().all_of([one])):
        with pytest.raises(UnknownName, match=r"unknown shape .*(did you mean|known: path, three)"):
            ask(name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "place", ["nowhere:THING", "pathlib:Nothing", "pathlib", "", ":Path", ".x:Path", "fails:THING", "no\nwhere:x"]
)
def test_a_place_that_leads_nowhere_is_one_sentence(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fails.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    found = Registry("shape", [Entry("mine", "my shape", place)])
    with pytest.raises(EquipoiseError, match=r"^mine cannot be loaded from '.*': \w+Error: .*\w.*\.$"):
        found.load("mine")
    assert found.name_of(Path) is None


def test_looking_for_a_things_name_imports_nothing() -> None:
    code = (
        "import sys; from equipoise.registries import REGISTRIES, registry\n"
        "assert all(registry(kind).name_of(int) is None for kind in REGISTRIES)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", "a:b", "a\n", "-", 3])
def test_an_entry_has_a_name_that_can_be_written_and_one_line(name: str) -> None:
    with pytest.raises(ValueError, match="a name consists of letters, digits"):
        Entry(name, "fine", 1)
    with pytest.raises(ValueError, match="one line of text"):
        Entry("fine", "two\nlines", 1)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_an_unknown_name_in_every_registry_says_how_a_plugin_brings_it(kind: str) -> None:
    for look in (registry(kind).check, registry(kind).load):
        with pytest.raises(UnknownName, match=r"registers it, add --plugin FILE\.py; in Python, import that file\.$"):
            look("such")


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_taken_name_is_refused_in_every_registry(kind: str) -> None:
    taken = next(iter(registry(kind).values()))
    with pytest.raises(
        EquipoiseError, match=f"the {registry(kind).kind} '{taken.name}' already exists; choose another"
    ):
        equipoise.register(**{kind: taken})


def test_what_is_registered_is_all_there_or_none_of_it() -> None:
    mine = Entry("mine", "My own", dict)
    with pytest.raises(EquipoiseError, match="'hinge' already exists"):
        equipoise.register(recipe=mine, loss=Entry("hinge", "Again", dict))
    with pytest.raises(EquipoiseError, match=r"register each metric as MetricEntry\(\.\.\.\), not as Entry"):
        equipoise.register(recipe=mine, metric=mine)
    with pytest.raises(UnknownName, match="unknown kind 'los'; did you mean 'loss'"):
        equipoise.register(recipe=mine, los=mine)
    assert "mine" not in registry("recipe")
    equipoise.register(recipe=mine)
    assert registry("recipe").load("mine") is dict


class Wrong:
    """Neither a network nor a data set nor anything else that has a name."""


def own(kind: str, thing: object) -> Entry:
    """An entry of this kind with this thing, and the facts of the kind's first entry."""
    return replace(next(iter(registry(kind).values())), name="mine", place=thing)


@pytest.mark.parametrize("kind", sorted(set(REGISTRIES) - {"recipe"}))
def test_a_thing_of_another_shape_is_refused_at_once_or_when_it_is_loaded(kind: str) -> None:
    must = f"the {registry(kind).kind} 'mine' must be an? [A-Za-z]"
    with pytest.raises(EquipoiseError, match=f"{must}.*, got int"):
        equipoise.register(**{kind: own(kind, 3)})
    classes = {"loss", "augmentation", "algorithm", "constraint", "network", "data", "optimiser", "schedule"}
    if kind in classes:
        with pytest.raises(EquipoiseError, match=f"{must}.*, got the class Wrong"):
            equipoise.register(**{kind: own(kind, Wrong)})
    equipoise.register(**{kind: own(kind, "math:pi")})
    with pytest.raises(EquipoiseError, match=f"{must}.*, got float"):
        registry(kind).load("mine")


def test_what_a_recipe_and_a_study_return_is_checked() -> None:
    equipoise.register(recipe=Entry("mine", "my recipe", Wrong), study=Entry("mine", "my study", Wrong))
    with pytest.raises(EquipoiseError, match="the recipe 'mine' must return an Experiment, not Wrong"):
        recipe("mine")
    with pytest.raises(EquipoiseError, match="the study 'mine' must return a Study, not Wrong"):
        study("mine")


def test_a_fact_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EquipoiseError, match="unknown origin 'synthetics'; did you mean 'synthetic'"):
        equipoise.DataEntry("mine", "my data", Wrong, "synthetics")  # type: ignore[arg-type]
    with pytest.raises(EquipoiseError, match="unknown need of a metric 'imagez'; did you mean 'images'"):
        equipoise.MetricEntry("mine", "my metric", Wrong, True, ("imagez",))  # type: ignore[arg-type]
