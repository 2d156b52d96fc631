"""The catalogue: every name leads to a network whose options a configuration file can hold, without importing torch."""

import inspect
import typing
from types import NoneType, UnionType

import pytest

import equipoise.networks
from equipoise.networks.catalogue import NETWORKS

PLAIN = {int, float, bool, str}


def is_plain(annotation: object) -> bool:
    """int, float, bool, str, a Literal of strings, a tuple of ints or of strings, or one of these or None."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return all(isinstance(argument, str) for argument in arguments)
    if origin is tuple:
        return arguments in ((int, ...), (str, ...))
    if origin in (UnionType, typing.Union):
        return all(argument is NoneType or is_plain(argument) for argument in arguments)
    return annotation in PLAIN


def test_is_plain_can_say_no():
    assert is_plain(int | None)
    assert is_plain(tuple[int, ...])
    assert not is_plain(dict)
    assert not is_plain(list[int])
    assert not is_plain(inspect.Parameter.empty)


@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_options_are_plain_and_have_defaults(kind):
    constructor = NETWORKS.load(kind).__init__
    hints = typing.get_type_hints(constructor)
    options = [name for name in inspect.signature(constructor).parameters if name != "self"]
    assert options
    for name in options:
        assert is_plain(hints[name]), f"{kind}: {name}"
        assert inspect.signature(constructor).parameters[name].default is not inspect.Parameter.empty


@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_every_option_is_documented(kind):
    network = NETWORKS.load(kind)
    described = network.__doc__ or ""
    for name in inspect.signature(network.__init__).parameters:
        assert name == "self" or f"\n        {name}: " in described, f"{kind}: {name}"


@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_kinds_are_kebab_case_and_importable_from_the_room(kind):
    assert kind == kind.lower().replace("_", "-")
    assert getattr(equipoise.networks, NETWORKS.load(kind).__name__) is NETWORKS.load(kind)


def test_every_public_name_resolves_and_others_do_not():
    names = [
        name for name in dir(equipoise.networks) if name[0].isupper() and name not in ("NETWORKS", "TYPE_CHECKING")
    ]
    assert len(names) >= len(NETWORKS)
    assert all(inspect.isclass(getattr(equipoise.networks, name)) for name in names)
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = equipoise.networks.Nonsense
