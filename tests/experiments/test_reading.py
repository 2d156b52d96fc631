"""YAML that cannot be what it seems is refused in one short sentence, wherever YAML is read."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.experiments import config
from equipoise.experiments.config import (
    changed,
    from_plain,
    from_yaml,
    load_experiment,
    set_field,
    to_plain,
    to_yaml,
)
from equipoise.experiments.experiment import Experiment
from equipoise.experiments.reading import read_yaml
from equipoise.recipes.catalogue import RECIPES, recipe
from equipoise.runs.record import _yaml

LONGEST = 600


def bomb(levels: int, breadth: int = 10) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * breadth)}]" for n in range(1, levels + 1)]
    return "\n".join([*lines, f"name: *a{levels}"])


UNMADE = [
    "2020-13-45",
    "2020-02-30T99:99:99Z",
    "!!int ''",
    "!!int x",
    "!!float x",
    "!!bool x",
    "!!timestamp x",
    "!!binary é",
    "!!set [a]",
    "!!pairs [a]",
    "!!omap {a: b}",
    "{[a]: b}",
    "{{}: b}",
    "1" + ":59" * 15,
    "9" * 5000,
    "0x" + "f" * 5000,
    "9223372036854775808",
    "{a: 1, a: 2}",
    "{a: {b: 1, c: 2, b: 1}}",
    '{a: 1, "a": 2}',
    "&a [*a]",
    "&a {b: *a}",
    "*nobody",
    "[" * 3000,
    "[" * 1_000_000,
    "{a: " * 101 + "}" * 101,
    "{<<: 1}",
    "\x00",
]


@pytest.mark.parametrize("text", UNMADE)
def test_what_parses_but_cannot_be_made_is_refused(text: str) -> None:
    with pytest.raises(EquipoiseError, match=r"^[^\n]* is not valid YAML: [^\n]+\.$") as refusal:
        from_yaml(f"name: {text}")
    assert len(str(refusal.value)) < LONGEST
    plain = to_plain(recipe("gan-digits"))
    with pytest.raises(EquipoiseError, match=r"^the value of name, '[^\n]* is not valid YAML: [^\n]+\.$") as refusal:
        set_field(plain, f"name={text}")
    assert len(str(refusal.value)) < LONGEST
    assert _yaml(f"name: {text}") == {}


def test_a_hundred_brackets_within_each_other_are_read() -> None:
    found = read_yaml("[" * 100 + "]" * 100)
    for _ in range(99):
        (found,) = found
    assert found == []


@pytest.mark.parametrize("levels", [4, 8, 30])
def test_a_bomb_is_refused_before_it_is_written_out(levels: int) -> None:
    with pytest.raises(EquipoiseError, match="stands for more than 10000 values"):
        from_yaml(bomb(levels))
    with pytest.raises(EquipoiseError, match="stands for more than 10000 values"):
        set_field({"name": ""}, "name=" + "{" + ", ".join(bomb(levels).splitlines()) + "}")


def test_what_is_refused_for_its_value_is_shown_in_brief() -> None:
    text = to_yaml(recipe("gan-digits"))
    long = "[" + ", ".join(["&a " + "x" * 9000, *["*a"] * 900]) + "]"
    for field, value in (("name", long), ("batch_size", "x" * 90_000), ("latent", long), ("seed", "[[[[[[[[1]]]]]]]]")):
        lines = [f"{field}: {value}" if line.startswith(f"{field}:") else line for line in text.splitlines()]
        with pytest.raises(EquipoiseError, match="got ") as refusal:
            from_yaml("\n".join(lines))
        assert len(str(refusal.value)) < LONGEST
    for name in ("x" * 90_000, "\x1b" * 90_000):
        assert len(str(UnknownName("recipe", name, RECIPES))) < 3000
        with pytest.raises(EquipoiseError) as refusal:
            from_plain(to_plain(recipe("gan-digits")) | {name: 1})
        assert len(str(refusal.value)) < 2000


def test_a_faulty_file_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for encoding, byte in (("latin-1", 7), ("utf-16", 1)):
        path.write_bytes("name: \xe4".encode(encoding))
        with pytest.raises(EquipoiseError, match=f"mine.yaml: it is not text in UTF-8, beginning with byte {byte}"):
            load_experiment(path)
    path.write_text("name: [1\nseed: 2")
    with pytest.raises(
        EquipoiseError, match=r"mine\.yaml is not valid YAML: .* at line 2, column 5: seed: 2"
    ) as refusal:
        load_experiment(path)
    assert "unicode string" not in str(refusal.value)


def test_aliases_and_merges_that_a_person_writes_are_read() -> None:
    assert read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": [{"x": 1, "y": 2}] * 2,
    }
    assert read_yaml("") is None


def test_only_a_file_of_a_sensible_size_is_read(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large.yaml", tmp_path / "pipe.yaml"
    large.write_text("# " + "x" * (1 << 18))
    os.mkfifo(pipe)
    for path, reason in (
        (large, "larger than"),
        (pipe, "a pipe"),
        (Path("/dev/zero"), "a device"),
        (tmp_path, "a folder"),
        (tmp_path / "none.yaml", "cannot read the configuration"),
    ):
        with pytest.raises(EquipoiseError, match=reason):
            load_experiment(path)


def test_what_is_set_is_set_together_and_the_rest_stays() -> None:
    """A pair of values that only fits together can be set in any order; a part that nothing names is not made anew."""
    base = recipe("mmd-rep-cifar10")
    found = changed(base, ["algorithm.discriminator_steps=3", "algorithm.update=alternating", "seed=4"])
    plain = to_plain(base)
    plain["algorithm"] |= {"discriminator_steps": 3, "update": "alternating"}
    assert to_plain(found) == plain | {"seed": 4}
    assert found.players["generator"] is base.players["generator"]
    with pytest.raises(EquipoiseError, match="simultaneous"):
        changed(base, ["algorithm.discriminator_steps=3"])


def through_plain(base: Experiment, assignments: list[str]) -> Experiment:
    """The whole experiment as plain data, set and read again."""
    plain = to_plain(base)
    for assignment in assignments:
        set_field(plain, assignment)
    return from_plain(plain)


@pytest.mark.parametrize(
    ("name", "assignments"),
    [
        ("ebgan-digits", ["algorithm.margin=5"]),
        ("ebgan-digits", ["players.generator.optimiser.lr=0.01", "players.generator.network.hidden=[8, 8]"]),
        ("ebgan-digits", ["players.generator.optimiser.kind=adam", "players.generator.optimiser.lr=1"]),
        ("ebgan-digits", ["algorithm={kind: magan, epochs: 2}", "algorithm.epochs=3"]),
        ("ebgan-digits", ["data.split=train", "data={kind: ring, modes: 3}", "data.modes=4"]),
        ("sngan-cifar10", ["players.discriminator.constraint.power_iterations=2", "latent.size=7"]),
        ("sngan-cifar10", ["players.generator.optimiser.schedule.end=10", "watch.metrics=[mode-score]"]),
        ("sngan-cifar10", ["players.generator.optimiser.kind=rmsprop"]),
        ("lga8-cifar10", ["algorithm.penalties=[{kind: r1, weight: 2}]", "algorithm.epochs=1"]),
        ("ebgan-digits", ["algorithm.kind=gan"]),
        ("ebgan-digits", ["algorithm.margn=5"]),
        ("ebgan-digits", ["algorithm.kindd=gan"]),
        ("ebgan-digits", ["latent.kind=normal"]),
        ("ebgan-digits", ["players.generater.optimiser.lr=1"]),
        ("ebgan-digits", ["algorithm.margin.deep=1"]),
        ("ebgan-digits", ["average.decay=0.9"]),
        ("ebgan-digits", ["algorithm.margin=yes"]),
        ("ebgan-digits", ["algorithm.margin=-1"]),
    ],
)
def test_a_setting_of_an_object_is_the_setting_of_its_plain_form(name: str, assignments: list[str]) -> None:
    base = recipe(name)
    outcomes = []
    for way in (through_plain, changed):
        try:
            outcomes.append(to_yaml(way(base, assignments)))
        except EquipoiseError as error:
            outcomes.append(str(error).partition(" A new kind keeps the other fields;")[0])
    assert outcomes[0] == outcomes[1]


def test_what_no_assignment_names_stays_the_very_same_object() -> None:
    base = recipe("sngan-cifar10")
    found = changed(base, ["players.generator.optimiser.lr=1"])
    assert found.players["discriminator"] is base.players["discriminator"]
    assert found.players["generator"].network is base.players["generator"].network
    assert found.algorithm is base.algorithm


@pytest.mark.parametrize(("hint", "told"), [(Literal["a", "b"], "'a' or 'b'"), (Literal["b", "a"], "'b' or 'a'")])
def test_choices_are_told_in_the_order_of_their_declaration(hint: Any, told: str) -> None:
    """Although Python takes the two types for equal."""
    with pytest.raises(EquipoiseError, match=f"it should be {told}, got 3"):
        config._checked(hint, 3, "it")
