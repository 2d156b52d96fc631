"""A context that replaces some of torch's functions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]
"""Any function."""


class Replacing(TorchFunctionMode):
    """Inside this context the functions in the table are replaced; all others are called as usual."""

    def __init__(self, replacements: Mapping[Function, Function]):
        super().__init__()
        self._replacements = replacements

    def __torch_function__(
        self,
        function: Function,
        types: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        """Replace what the table names, and pass everything else on."""
        replacement = self._replacements.get(function, function)
        return replacement(*arguments, **(keywords or {}))
