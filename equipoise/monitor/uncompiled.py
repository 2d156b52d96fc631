"""What `torch.compile` leaves out of a compiled step: monitors hold values of Python that change in every step.

Compiled with them, a step would be compiled anew each time, until torch gives up on the whole of it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch._compile

Method = TypeVar("Method", bound=Callable[..., Any])


def uncompiled(method: Method) -> Method:
    """The method, called as it is; unlike `torch.compiler.disable`, neither this nor a call imports the compiler."""
    apart = torch._compile._disable_dynamo(method)  # imports the compiler when it is first called

    @wraps(method)
    def called(*arguments: Any, **named: Any) -> Any:
        return (apart if torch.compiler.is_compiling() else method)(*arguments, **named)

    return cast(Method, called)
