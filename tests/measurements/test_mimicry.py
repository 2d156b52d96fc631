"""The benchmark takes mimicry's own steps from a checkout, in the order of its trainer, or says how to get one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from measurements.benchmarks.cases.sngan import OWN, sngan_row
from measurements.benchmarks.mimicry import HOW, main, own_iteration

NETWORKS = """
import torch
played = []

class SNGANGenerator32(torch.nn.Linear):
    def __init__(self):
        super().__init__(1, 1)

    def train_step(self, real_batch, netD, optG, log_data, device):
        played.append(("generator", real_batch[0].shape))
        return log_data

class SNGANDiscriminator32(SNGANGenerator32):
    def train_step(self, real_batch, netG, optD, log_data, device):
        played.append(("discriminator", real_batch[0].shape))
        return log_data
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A stand-in with the names that are used, whose packages import what is not there."""
    package = tmp_path / "torch_mimicry"
    for folder in (package, package / "nets", package / "training"):
        folder.mkdir()
        (folder / "__init__.py").write_text("import tensorflow_that_is_not_there", encoding="utf-8")
    (package / "nets" / "sngan").mkdir()
    (package / "nets" / "sngan" / "__init__.py").write_text("", encoding="utf-8")
    (package / "nets" / "sngan" / "sngan_32.py").write_text(NETWORKS, encoding="utf-8")
    (package / "training" / "metric_log.py").write_text("class MetricLog: pass", encoding="utf-8")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("torch_mimicry")]:
        del sys.modules[name]


def test_the_steps_are_those_of_its_trainer(checkout: Path) -> None:
    own_iteration(checkout, torch.zeros(4, 3, 32, 32), 2, 3)()
    played = sys.modules["torch_mimicry.nets.sngan.sngan_32"].played
    shape = (2, 3, 32, 32)
    assert played == [("discriminator", shape)] * 3 + [("generator", shape)]


def test_a_row_is_held_against_its_own_step_where_there_is_a_checkout(checkout: Path) -> None:
    assert sngan_row(1).also == {}
    assert list(sngan_row(1, mimicry=checkout).also) == [OWN]


def test_another_folder_ends_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EquipoiseError, match="holds no mimicry"):
        own_iteration(tmp_path, torch.zeros(1), 1, 1)
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path)])
    assert HOW in capsys.readouterr().err
