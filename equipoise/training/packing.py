"""States of any depth as JSON values, with their tensors apart: what a checkpoint without pickle can hold."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, printable

_LAYOUTS = {"channels_last": (4, torch.channels_last), "channels_last_3d": (5, torch.channels_last_3d)}
"""Name -> how many dimensions a tensor has that lies so, and the layout."""
_UNKEPT = {torch.complex128, torch.complex32}
"""Kinds of numbers that safetensors does not know."""


@dataclass
class Packing:
    """What was packed: each tensor under a name of its own, which the JSON values refer to."""

    tensors: dict[str, Tensor] = field(default_factory=dict)

    def pack(self, value: Any, place: str) -> Any:
        """A value as JSON values; its tensors are added to `tensors`.

        Args:
            value: None, numbers, strings, bytes, tensors, numpy arrays and scalars, and lists, tuples, dictionaries
                and counters of them.
            place: what the value is called, in messages and in the names of its tensors, as "optimiser".

        Raises:
            EquipoiseError: it holds something else; where it does is named.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, Tensor):
            return self._tensor(value, place)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, place)
        if type(value) not in _PACKERS:
            raise _unkept(place, f"a value of type {printable(type(value).__name__)}")
        return _PACKERS[type(value)](self, value, place)

    def _tensor(self, value: Tensor, place: str) -> dict[str, Any]:
        if type(value) not in (Tensor, nn.Parameter) or value.layout != torch.strided or value.is_quantized:
            raise _unkept(place, f"a tensor of a special kind ({printable(type(value).__name__)}, {value.layout})")
        if value.dtype in _UNKEPT or value.is_meta:
            raise _unkept(place, f"a tensor of {value.dtype} on {value.device}")
        packed = {"tensor": self._name(value, place)}
        if value.device.type != "cpu":
            packed["device"] = value.device.type
        layout = _layout(value)
        return packed | ({"layout": layout} if layout else {})

    def _array(self, value: np.ndarray[Any, Any] | np.generic, place: str) -> dict[str, Any]:
        try:
            tensor = torch.from_numpy(np.array(value))
        except (TypeError, ValueError) as error:
            raise _unkept(place, f"a numpy array of {printable(value.dtype)}") from error
        if tensor.dtype in _UNKEPT:
            raise _unkept(place, f"a numpy array of {printable(value.dtype)}")
        return {"array" if isinstance(value, np.ndarray) else "scalar": self._name(tensor, place)}

    def _name(self, tensor: Tensor, place: str) -> str:
        name = place if place not in self.tensors else f"{place}#{len(self.tensors)}"
        self.tensors[name] = tensor
        return name

    def _list(self, value: list[Any], place: str) -> list[Any]:
        return [self.pack(each, f"{place}.{number}") for number, each in enumerate(value)]

    def _map(self, value: Mapping[Any, Any], place: str) -> dict[str, Any]:
        return {"map": [[self.pack(key, place), self.pack(each, f"{place}.{key}")] for key, each in value.items()]}


def unpack(packed: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that was packed: equal in every bit and type; a dictionary of any kind comes back as a plain one.

    A tensor comes back on the kind of device that it was on, where that is at hand.

    Raises:
        KeyError, TypeError, ValueError: these values were not made by `Packing`.
    """
    if isinstance(packed, list):
        return [unpack(each, tensors) for each in packed]
    if not isinstance(packed, dict):
        return packed
    kind = next(iter(packed))
    return _UNPACKERS[kind](packed, tensors)


def _unkept(place: str, what: str) -> EquipoiseError:
    return EquipoiseError(
        f"{printable(place)} is {what}, which a checkpoint cannot save: it saves numbers, strings, tensors, numpy "
        "arrays, and lists, tuples and dictionaries of them."
    )


def _layout(value: Tensor) -> str | None:
    """How a tensor lies in memory where that is not the usual order: kernels that find it so again round alike."""
    if value.is_contiguous():
        return None
    for name, (ndim, layout) in _LAYOUTS.items():
        if value.ndim == ndim and value.is_contiguous(memory_format=layout):
            return name
    return None


def _unpacked_tensor(packed: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Tensor:
    value = tensors[packed["tensor"]]
    if "layout" in packed:
        value = value.contiguous(memory_format=_LAYOUTS[packed["layout"]][1])
    return value.to(_device_at_hand(packed.get("device", "cpu")))


def _device_at_hand(kind: str) -> str:
    at_hand = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return kind if at_hand.get(kind) else "cpu"


_PACKERS: dict[type, Callable[[Packing, Any, str], Any]] = {
    float: lambda packing, value, place: value if math.isfinite(value) else {"float": repr(value)},
    bytes: lambda packing, value, place: {"bytes": value.hex()},
    list: Packing._list,
    tuple: lambda packing, value, place: {"tuple": packing._list(list(value), place)},
    dict: Packing._map,
    OrderedDict: Packing._map,
    Counter: lambda packing, value, place: {"counter": packing._map(value, place)},
}
_UNPACKERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Tensor]], Any]] = {
    "tensor": _unpacked_tensor,
    "array": lambda packed, tensors: tensors[packed["array"]].numpy(),
    "scalar": lambda packed, tensors: tensors[packed["scalar"]].numpy()[()],
    "float": lambda packed, tensors: float(packed["float"]),
    "bytes": lambda packed, tensors: bytes.fromhex(packed["bytes"]),
    "tuple": lambda packed, tensors: tuple(unpack(packed["tuple"], tensors)),
    "map": lambda packed, tensors: {unpack(key, tensors): unpack(each, tensors) for key, each in packed["map"]},
    "counter": lambda packed, tensors: Counter(unpack(packed["counter"], tensors)),
}
