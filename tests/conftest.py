"""One thread for every test, and the place of the real data where it is at hand."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real MNIST and CIFAR-10; a test that asks for it is skipped where there is none."""
    root = Path(os.environ.get("EQUIPOISE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (root / "MNIST" / "raw").is_dir():
        pytest.skip(f"the real data sets are not at {root}; set EQUIPOISE_TEST_DATA to their folder")
    return root


@pytest.fixture(scope="session")
def figure_script() -> Callable[[str], Any]:
    """Loads a script of docs/figures by its name: they lie in no package."""

    def load(name: str) -> Any:
        path = Path(__file__).parents[1] / "docs" / "figures" / f"{name}.py"
        specification = importlib.util.spec_from_file_location(name, path)
        assert specification is not None
        assert specification.loader is not None
        script = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(script)
        return script

    return load


@pytest.fixture(autouse=True)
def first_weights_do_not_depend_on_the_order_of_tests() -> None:
    """A test that lets torch draw a network's weights gets the same ones alone, in any order, and everywhere."""
    torch.manual_seed(0)
