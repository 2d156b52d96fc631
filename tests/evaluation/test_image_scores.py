"""Scores in a loop of one's own: no value depends on the batches, nor on the processes that they were seen by."""

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from torch import Tensor, nn

import equipoise
from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.evaluation import image_scores
from equipoise.evaluation.features import ModuleExtractor
from equipoise.evaluation.image_scores import ImageScores
from equipoise.evaluation.scoring_features import MEASURES
from equipoise.metrics import manifolds

CUTS = {"one at a time": [1] * 90, "uneven": [7, 33, 1, 49], "large": [64, 26], "whole": [90]}


def extractor() -> ModuleExtractor:
    """A small convolution with random weights, in float32 as real ones are."""
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 12, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=generator)
    return ModuleExtractor(network, "small")


def images(seed: int, count: int = 90) -> Tensor:
    """Noise, each image of another brightness; those of seed 1 are a little darker."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(count, 3, 16, 16, generator=generator) * torch.rand(count, 3, 1, 1, generator=generator)
    return (noise * (255 - 40 * seed)).to(torch.uint8)


def whole() -> dict[str, float]:
    scores = ImageScores(list(MEASURES), extractor=extractor())
    scores.update(images(0), images(1))
    return scores.compute()


@pytest.mark.parametrize("cut", CUTS)
def test_batches_in_any_split_equal_the_whole(cut: str) -> None:
    scores, expected = ImageScores(list(MEASURES), extractor=extractor()), whole()
    for real, fake in zip(images(0).split(CUTS[cut]), images(1).split(CUTS[cut]), strict=True):
        scores.update(real=real)
        scores.update(fake=fake)
    found = scores.compute()
    assert found == {name: pytest.approx(value, rel=1e-9, abs=1e-9) for name, value in expected.items()}
    assert scores.compute() == found, "a look changes nothing"
    assert len(set(expected.values())) > 3
    assert scores.counts() == (90, 90)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_loop_may_write_its_next_batch_over_the_last(dtype: torch.dtype) -> None:
    scores, buffer = ImageScores(list(MEASURES), extractor=extractor()), torch.empty(5, 3, 16, 16, dtype=dtype)
    for batch in images(0).split(5):
        scores.update(real=buffer.copy_(batch if dtype == torch.uint8 else batch / 255))
    scores.update(fake=images(1))
    assert scores.compute() == pytest.approx(whole(), rel=1e-9, abs=1e-9)


def test_autocast_around_it_changes_no_value() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = whole()
    assert found == {name: pytest.approx(value, rel=1e-9, abs=1e-9) for name, value in whole().items()}


def test_metrics_of_the_same_balls_look_at_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    radii = manifolds.nearest_radii
    monkeypatch.setattr(
        manifolds, "nearest_radii", lambda points, *others: seen.append(len(points)) or radii(points, *others)
    )
    whole()
    assert seen == [90, 90, 90], "both sides for precision and recall, the real one for density and coverage"


def test_merged_scores_equal_the_whole() -> None:
    parts = [ImageScores(list(MEASURES), extractor=extractor()) for _ in range(3)]
    for place, part in enumerate(parts):
        part.update(images(0)[place::3], images(1)[place::3])
    for part in parts[1:]:
        parts[0].merge(part)
    assert parts[0].compute() == {name: pytest.approx(value, rel=1e-9, abs=1e-9) for name, value in whole().items()}


def test_a_state_is_saved_and_goes_on() -> None:
    first, second = (ImageScores(list(MEASURES), extractor=extractor()) for _ in range(2))
    first.update(images(0)[:40], images(1)[:50])
    second.load_state_dict(first.state_dict())
    second.update(images(0)[40:], images(1)[50:])
    assert second.compute() == {name: pytest.approx(value, rel=1e-9, abs=1e-9) for name, value in whole().items()}
    second.reset()
    assert second.counts() == (0, 0)
    with pytest.raises(EquipoiseError, match="must hold real and fake features"):
        second.load_state_dict({"real": torch.ones(2, 2)})


def _rank(rank: int, world: int, folder: str, results: Any) -> None:
    torch.set_num_threads(1)
    store = f"file://{folder}/meeting"
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=world)
    scores = ImageScores(list(MEASURES), extractor=extractor())
    if rank < 2:  # the last one has seen nothing
        scores.update(images(0)[rank::2], images(1)[rank::2])
    scores.gather()
    results.put((rank, scores.compute()))
    torch.distributed.destroy_process_group()


def test_several_processes_equal_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    world = 3
    processes = [context.Process(target=_rank, args=(rank, world, str(tmp_path), results)) for rank in range(world)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    expected = {name: pytest.approx(value, rel=1e-9, abs=1e-9) for name, value in whole().items()}
    assert found == dict.fromkeys(range(world), expected)


def test_they_are_those_of_two_sets_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    for place in ("image_scores", "pair"):
        monkeypatch.setattr(f"equipoise.evaluation.{place}.make_extractor", lambda *others: extractor())
    names = ("lite0-kernel", "lite0-recall", "lite0-frechet")
    scores = ImageScores(names, value_range="symmetric")
    scores.update(images(0).float() / 127.5 - 1, images(1).float() / 127.5 - 1)
    expected = equipoise.score(images(0), images(1), names).values
    assert scores.compute() == {name: pytest.approx(value, rel=1e-4) for name, value in expected.items()}


def test_what_cannot_be_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_scores, "make_extractor", lambda *others: extractor())
    with pytest.raises(EquipoiseError, match="ms-ssim needs more than the features"):
        ImageScores(["ms-ssim"])
    with pytest.raises(EquipoiseError, match="classifier-fid needs more than the features"):
        ImageScores(["classifier-fid"])
    with pytest.raises(EquipoiseError, match="on the features of one network, got efficientnet-lite0, inception-v3"):
        ImageScores(["lite0-kernel", "fid"])
    with pytest.raises(UnknownName, match="did you mean 'kernel'"):
        ImageScores(["kernle"], extractor=extractor())
    scores = ImageScores("lite0-kernel")
    with pytest.raises(EquipoiseError, match="symmetric"):
        scores.update(fake=torch.full((2, 3, 8, 8), -0.5))
    with pytest.raises(EquipoiseError, match=r"Permute \(0, 3, 1, 2\)"):
        scores.update(real=torch.zeros(2, 8, 8, 3))
    scores.update(real=images(0)[:2])
    with pytest.raises(EquipoiseError, match="there are no fake images yet"):
        scores.compute()
