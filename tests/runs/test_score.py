"""`equipoise score REAL FAKE`: two folders, archives, arrays, data sets and runs, good ones and bad ones."""

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import equipoise
from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.store import held
from equipoise.evaluation import feature_cache, nearest, pair, scoring_missing_modes
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.features import Extracted, ModuleExtractor
from equipoise.evaluation.passport import Passport
from equipoise.evaluation.score_pair import chosen_metrics
from equipoise.evaluation.score_sheet import ScoreSheet, read_scores
from equipoise.metrics import manifolds
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings, train

FEATURES = ("lite0-kernel", "lite0-precision", "lite0-recall", "lite0-density", "lite0-coverage")


@pytest.fixture(autouse=True)
def small_extractor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Means of pixels in place of EfficientNet-Lite0, and a cache of its own; what was extracted is listed."""
    asked: list[str] = []

    def make(backbone: str, weights: Path | None, device: torch.device) -> ModuleExtractor:
        if backbone != "efficientnet-lite0":
            raise EquipoiseError(f"no {backbone} here.")
        asked.append(backbone)
        return ModuleExtractor(nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten()), backbone)

    monkeypatch.setattr(pair, "make_extractor", make)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return asked


@pytest.fixture
def radii(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of points of each set whose balls were measured."""
    seen: list[int] = []
    whole = manifolds.nearest_radii
    monkeypatch.setattr(
        manifolds, "nearest_radii", lambda points, *others: seen.append(len(points)) or whole(points, *others)
    )
    return seen


def pictures(count: int, size: tuple[int, int, int] = (3, 16, 16), seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *size), dtype=torch.uint8, generator=generator)


def as_file(image: torch.Tensor, mode: str | None = None) -> bytes:
    pixels = image.permute(1, 2, 0).numpy()
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    stream = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(stream, format="PNG")
    return stream.getvalue()


def folder_of(path: Path, images: torch.Tensor, mode: str | None = None) -> Path:
    path.mkdir(parents=True)
    for number, image in enumerate(images):
        (path / f"{number:04d}.png").write_bytes(as_file(image, mode))
    return path


def zip_of(path: Path, images: torch.Tensor) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._0000.png", b"notes")
        archive.writestr("readme.txt", b"hello")
        for number, image in enumerate(images):
            archive.writestr(f"photos/{number:04d}.png", as_file(image))
    return path


def tar_of(path: Path, images: torch.Tensor) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for number, image in enumerate(images):
            content = as_file(image)
            entry = tarfile.TarInfo(f"photos/{number:04d}.png")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def npz_of(path: Path, images: torch.Tensor) -> Path:
    np.savez(path, images=images.numpy())
    return path


PLACES: dict[str, Callable[[Path, torch.Tensor], Path]] = {
    "folder": folder_of,
    "photos.zip": zip_of,
    "photos.tar": tar_of,
    "photos.tar.gz": tar_of,
    "photos.npz": npz_of,
}


@pytest.mark.parametrize("kind", PLACES)
def test_images_score_the_same_wherever_they_are(kind: str, tmp_path: Path) -> None:
    real, fake = pictures(60), pictures(55, seed=1)
    expected = equipoise.score(real, fake)
    place = PLACES[kind](tmp_path / kind, fake)
    found = equipoise.score(real, str(place))
    assert found.values == expected.values
    assert set(expected.values) == {*FEATURES, "lite0-frechet"}
    assert found.generated["images"] == 55


def test_floating_point_images_are_rounded_as_files_are() -> None:
    real, fake = pictures(60), pictures(55, seed=1)
    expected = equipoise.score(real, fake).values
    assert equipoise.score(real, fake.float() / 255).values == expected
    assert (
        equipoise.score(real.float() / 127.5 - 1, fake.double() / 127.5 - 1, value_range="symmetric").values == expected
    )
    assert equipoise.score(real.numpy(), fake.numpy()).values == expected


def test_a_data_set_by_name_and_its_splits() -> None:
    found = equipoise.score("digits:train", "digits:test", ["lite0-kernel"], count=50)
    assert found["lite0-kernel"].passport["data"] == "digits:train"
    assert (found.real["images"], found.real["taken"]) == (1437, 50)
    assert not found.notes


def test_a_runs_generator_scores_as_its_samples_in_files(tmp_path: Path) -> None:
    run, samples = tmp_path / "run", tmp_path / "samples"
    train(recipe("gan-digits", "smoke"), run, Settings("cpu", quiet=True, threads=1))
    assert main(["sample", str(run), "--count", "40", "--out", str(samples)]) == 0
    found = equipoise.score("digits:test", str(run), FEATURES, count=40)
    assert found.values == equipoise.score("digits:test", samples, FEATURES, count=40).values
    assert found.generated["name"] == "run at iteration 2"
    with pytest.raises(EquipoiseError, match="run is a run; give it as the second one"):
        equipoise.score(run, samples, FEATURES)
    with pytest.raises(EquipoiseError, match="no checkpoint"):
        equipoise.score("digits:test", run, FEATURES, checkpoint="77777")


def test_the_passport_is_whole_and_the_real_images_are_their_own_measure() -> None:
    real, fake = pictures(40), pictures(30, seed=1)
    score = equipoise.score(real, fake)["lite0-kernel"]
    known = {name: value for name, value in score.passport.items() if name in Passport.__dataclass_fields__}
    passport = Passport.from_dict(known)
    assert (passport.real_count, passport.generated_count, passport.extractor) == (40, 30, "efficientnet-lite0")
    assert len(passport.data_hash) == len(score.passport["generated_hash"]) == 64
    assert score.passport["real_against_real_count"] == 20
    assert abs(score.passport["real_against_real"]) < abs(equipoise.score(real, fake // 4)["lite0-kernel"].value)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches whose features are extracted to be cached."""
    found: list[int] = []

    def extract(images: torch.Tensor, *others: Any) -> Extracted:
        found.append(len(images))
        return whole(images, *others)

    whole = feature_cache.extract
    monkeypatch.setattr(feature_cache, "extract", extract)
    return found


def test_features_are_extracted_once_for_each_content(seen: list[int]) -> None:
    real, fake = pictures(70), pictures(20, seed=1)
    first = equipoise.score(real, fake)
    assert seen == [64, 6, 20]
    assert equipoise.score(real, fake).values == first.values
    assert len(seen) == 3
    equipoise.score(real, fake // 2)
    assert seen[3:] == [20]


def test_neighbours_are_found_among_features_that_a_score_left(
    seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pictures(70)
    equipoise.score(real, pictures(20, seed=1))
    seen.clear()
    monkeypatch.setattr(nearest, "make_extractor", pair.make_extractor)
    found = nearest.nearest_training(real[[3, 65]], held(real), 1, "features")
    assert found.positions.tolist() == [[3], [65]]
    assert seen == []


def test_metrics_of_the_same_balls_look_at_them_once(radii: list[int]) -> None:
    both = pictures(60), pictures(50, seed=1)
    equipoise.score(*both, ["lite0-precision"], curve=[10, 20])
    alone = len(radii)
    equipoise.score(*both, ["lite0-precision", "lite0-recall"], curve=[10, 20])
    assert alone
    assert len(radii) == 2 * alone


def test_a_metric_that_cannot_be_computed_says_why_and_the_rest_goes_on() -> None:
    sheet = equipoise.score(pictures(30), pictures(25, seed=1), ["lite0-kernel", "fid", "inception-score"])
    assert list(sheet.values) == ["lite0-kernel"]
    assert sheet.impossible["fid"] == "no inception-v3 here."
    assert "needs labels" in sheet.impossible["inception-score"]
    assert "fid: no inception-v3 here." in str(sheet)


def test_every_metric_without_labels_is_tried_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipoise.evaluation.scoring_missing_modes._ITERATIONS", 1)
    monkeypatch.setattr("equipoise.evaluation.scoring_missing_modes._MOST_ITERATIONS", 1)
    sides = pictures(70), pictures(60, seed=1)
    sheet = equipoise.score(*sides, "all")
    assert set(sheet.values) == {*FEATURES, "lite0-frechet", "ms-ssim", "nearest-neighbours", "lite0-neighbours"}
    assert set(sheet.impossible) == {"fid", "kid", "inception-v3-score", "fd-dinov2", "cmmd"}
    trained = equipoise.score(*sides, "missing-modes-dense")
    assert 0 <= trained["missing-modes-dense"].value <= 1


def test_a_curve_over_the_number_of_images() -> None:
    sheet = equipoise.score(pictures(60), pictures(50, seed=1), ["lite0-kernel"], curve=[10, 20])
    (curve,) = sheet.curves
    assert curve.counts == (10, 20, 50)
    assert [value is None for value in curve.real_against_real] == [False, False, True]
    assert "images of each side" in str(sheet)


SIZES = {
    "both the same": ((3, 16, 16), (3, 16, 16), [3, 16, 16]),
    "not square": ((3, 16, 24), (3, 16, 24), [3, 16, 24]),
    "the smaller one": ((3, 32, 32), (3, 16, 16), [3, 16, 16]),
    "centre of a square": ((3, 20, 30), (3, 16, 16), [3, 16, 16]),
    "grey and colour": ((3, 16, 16), (1, 16, 16), [3, 16, 16]),
    "grey": ((1, 16, 16), (1, 16, 16), [1, 16, 16]),
}


@pytest.mark.parametrize("places", ["folders", "arrays"])
@pytest.mark.parametrize("case", SIZES)
def test_both_sides_are_brought_to_one_size_and_colour(case: str, places: str, tmp_path: Path) -> None:
    real, fake, shape = SIZES[case]
    sides = pictures(6, real), pictures(6, fake, 1)
    if places == "folders":
        sheet = equipoise.score(folder_of(tmp_path / "a", sides[0]), folder_of(tmp_path / "b", sides[1]), FEATURES)
    else:
        sheet = equipoise.score(*sides, FEATURES)
    assert sheet.real["shape"] == sheet.generated["shape"] == shape
    assert bool(sheet.notes) == (real != fake)


def test_pictures_of_several_sizes_and_kinds_are_read(tmp_path: Path) -> None:
    real = folder_of(tmp_path / "a", pictures(6, (3, 24, 40)))
    (real / "large.png").write_bytes(as_file(pictures(1, (3, 90, 60))[0]))
    (real / "clear.png").write_bytes(as_file(pictures(1, (3, 30, 30))[0], "RGBA"))
    (real / "broken.png").write_bytes(b"\x89PNG\r\n")
    sheet = equipoise.score(real, pictures(8, (3, 16, 16)), FEATURES)
    assert sheet.real["images"] == 8
    assert sheet.real["shape"] == [3, 16, 16]
    assert any("8 images of 9 files, 30x30 to 60x90 pixels" in note for note in sheet.notes)


def test_notes_say_how_many_images_were_used(tmp_path: Path) -> None:
    sides = folder_of(tmp_path / "a", pictures(9, (3, 24, 24))), folder_of(tmp_path / "b", pictures(7))
    resized, alike = equipoise.score(*sides, (*FEATURES, "nearest-neighbours"), count=8).notes
    assert resized.startswith("a: 9 images of 9 files, 24x24 pixels, resized to 16x16 in colour.")
    assert resized.endswith(" Of its images, 8 are compared.")
    names = ", ".join(FEATURES[1:])
    assert alike == f"{names}: 7 of each side are compared, since these need equal counts."
    (resized,) = equipoise.score(*sides, FEATURES[:1]).notes
    assert resized.endswith("in colour.")


def test_the_same_images_twice_are_noticed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", pictures(8))
    assert any("hold the same images" in note for note in equipoise.score(folder, folder, FEATURES).notes)


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["score", *words, "--quiet"]) == 2
    return capsys.readouterr().err


def test_bad_sides_get_one_sentence_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(folder_of(tmp_path / "good", pictures(8)))
    one = str(folder_of(tmp_path / "one", pictures(1)))
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.png").write_bytes(b"nothing")
    (tmp_path / "a.zip").write_bytes(b"no zip")
    (tmp_path / "a.tar.gz").write_bytes(b"no tar")
    (tmp_path / "a.npz").write_bytes(b"no npz")
    (tmp_path / "photo.png").write_bytes(as_file(pictures(1)[0]))
    expected = {
        str(tmp_path / "nowhere"): "there is no folder",
        "": "'' names no images",
        "folder:": "'folder:' names no images",
        "mnits": "did you mean 'mnist'?",
        "digits:tset": "did you mean 'test'?",
        "ring": "ring holds points; only images can be scored",
        str(tmp_path / "empty"): "contains no images",
        str(broken): "broken contains no readable image",
        str(tmp_path / "a.zip"): "is not a readable zip or tar",
        str(tmp_path / "a.tar.gz"): "is not a readable zip or tar",
        str(tmp_path / "none.zip"): "there is no",
        str(tmp_path / "a.npz"): "is not a readable .npz file",
        str(tmp_path / "photo.png"): "contains no set of images",
        one: "needs at least 3 images on each side, and of",
    }
    for given, words in expected.items():
        said = complaint([good, given], capsys)
        assert words in said, (given, said)
        assert said.count("\n") == said.strip().count("\n") + 1
        if given != one:
            assert words in complaint([given, good], capsys)
    assert "unknown metric 'fdi'" in complaint([good, good, "--metrics", "fdi"], capsys)
    assert "size of a score must be a whole number from 8 to 2048" in complaint([good, good, "--size", "4"], capsys)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (torch.rand(4, 16, 16, 3), r"Permute \(0, 3, 1, 2\)"),
        (torch.rand(4, 3, 16, 16) * 255, "use uint8 for 0 to 255"),
        (torch.rand(4, 3, 16, 16) * 2 - 1, "value_range='symmetric'"),
        (torch.full((4, 3, 16, 16), torch.nan), r"must lie in \[0, 1\], and holds NaN or infinity"),
        (torch.zeros(0, 3, 16, 16), "must not be empty"),
        (torch.zeros(4, 2, 16, 16), "has 2 channels"),
        (torch.zeros(4, 3, 16, 16, dtype=torch.int64), "must be uint8 or floating-point"),
        ([[1, 2], [3]], "uneven shape"),
    ],
)
def test_bad_images_in_memory_get_one_sentence(given: object, words: str) -> None:
    with pytest.raises(EquipoiseError, match=words):
        equipoise.score(pictures(4), given)  # type: ignore[arg-type]


def test_the_command_prints_a_table_or_json_and_writes_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, fake = (str(folder_of(tmp_path / name, pictures(12, seed=seed))) for seed, name in enumerate("ab"))
    assert main(["score", real, fake, "--json", str(tmp_path / "scores.json"), "--quiet"]) == 0
    table = capsys.readouterr().out
    assert table.startswith("REAL  a: 12 images, 16x16, colour\nFAKE  b: 12 images, 16x16, colour\n")
    assert "lower" in next(line for line in table.splitlines() if line.startswith("lite0-kernel"))
    assert main(["score", real, fake, "--format", "json", "--quiet"]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert printed == written
    kept = read_scores(tmp_path / "scores.json")
    assert {score.metric: score.value for score in kept} == equipoise.score(real, fake).values
    assert main(["score", real, fake, "--metrics", "lite0-kernel", "fid", "--quiet"]) == 2
    both = capsys.readouterr()
    assert "lite0-kernel" in both.out
    assert "fid" not in both.out
    assert both.err.strip() == "equipoise: fid cannot be computed: no inception-v3 here."


def test_an_older_file_is_compared_where_it_may_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real, fake, fewer = (str(folder_of(tmp_path / f"{n}", pictures(n, seed=n))) for n in (30, 20, 15))
    old = str(tmp_path / "old.json")
    assert main(["score", real, fake, "--metrics", "lite0-kernel", "lite0-recall", "--json", old, "--quiet"]) == 0
    capsys.readouterr()
    assert main(["score", real, fake, "--metrics", "lite0-kernel", "--against", old, "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "lite0-kernel: the two may be compared." in said
    assert "+0" in said
    assert main(["score", real, fewer, "--metrics", "lite0-recall", "lite0-density", "--against", old, "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "may not be compared: 20 real images against 15; 20 generated images against 15 (its value depends" in said
    assert "lite0-density: the old file does not have it." in said
    (tmp_path / "other.json").write_text("[1]")
    assert "contains no scores" in complaint([real, fake, "--against", str(tmp_path / "other.json")], capsys)
    assert "could not be read" in complaint([real, fake, "--against", str(tmp_path / "none.json")], capsys)


def test_a_sheet_in_a_notebook_escapes_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "<b>", pictures(8))
    sheet: ScoreSheet = equipoise.score(folder, pictures(8, seed=1), FEATURES)
    assert "&lt;b&gt;: 8 images" in sheet._repr_html_()
    assert "<b>" not in sheet._repr_html_()


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("sides", ["both", "real", "fake"])
def test_every_metric_says_how_many_images_it_needs(count: int, sides: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a discriminator has enough images, it is trained for one step: its score plays no part here."""
    monkeypatch.setattr(scoring_missing_modes, "_ITERATIONS", 1)
    monkeypatch.setattr(scoring_missing_modes, "_MOST_ITERATIONS", 1)
    few, many = pictures(count), pictures(20)
    real, fake = (few if sides in (which, "both") else many for which in ("real", "fake"))
    quick = [name for name in chosen_metrics(["all"]) if METRICS[name].backbone in ("", "efficientnet-lite0")]
    for metric in [*quick, "missing-modes-dense"]:
        told = rf"|{metric} cannot be computed: (it needs at least [\d,]+ |.* needs more than \d+ samples)[^.]*\."
        assert re.fullmatch(told, refusal(real, fake, metric))


def refusal(real: torch.Tensor, fake: torch.Tensor, metric: str) -> str:
    """Why the metric cannot be computed; "" where it can."""
    try:
        equipoise.score(real, fake, [metric])
    except EquipoiseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("real", ["run", "samples", "tensor"])
@pytest.mark.parametrize("fake", ["run", "samples", "tensor", "path"])
def test_a_run_and_what_it_samples_are_sides_in_any_mixture(real: str, fake: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(recipe("gan-digits", "smoke"), run, Settings("cpu", quiet=True, threads=1))
    loaded = equipoise.load(run)
    samples = loaded.sample(20)
    first = torch.from_numpy(samples).permute(0, 3, 1, 2)
    sides = {"run": loaded, "samples": samples, "tensor": first, "path": run}
    sheet = equipoise.score(sides[real], sides[fake], ["nearest-neighbours"], count=20)
    assert sheet.real["content_hash"] == sheet.generated["content_hash"]
    assert sheet.real["taken"] == 20


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_samples_with_the_channels_last_are_scored_as_pictures(channels: int) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (20, 16, 16, channels), dtype=np.uint8)
    sheet = equipoise.score(whole, torch.from_numpy(whole), ["ms-ssim"])
    assert sheet.generated["shape"] == [min(channels, 3), 16, 16]
