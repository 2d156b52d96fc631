"""A model card says what a reader must know, and names nothing of the machine or of a hostile run as it stands."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import equipoise
from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.folder import Folder
from equipoise.integrations import hub
from equipoise.recipes.pictures import pictures
from equipoise.reports.card import write_card
from equipoise.runs.export import write_model
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import load_trained

CPU = torch.device("cpu")
TINY = ("--iterations", "3", "--device", "cpu", "--threads", "1", "--quiet")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("card") / "run"
    assert main(["train", "gan-digits", *TINY, "--out", str(out)]) == 0
    score = {
        "metric": "frechet-distance",
        "value": 12.5,
        "deviation": None,
        "iteration": 3,
        "passport": {"generated_count": 1000, "real_count": 500},
    }
    (out / "scores.json").write_text(json.dumps({"scores": [score]}))
    return out


def test_the_card_holds_data_training_scores_samples_licence_and_limits(run: Path, tmp_path: Path) -> None:
    text = write_card(load_trained(run, CPU), tmp_path, "cc0-1.0").read_text()
    assert text.startswith("---\nlicense: cc0-1.0\nlibrary_name: equipoise\n")
    for heading in ("Use", "Data", "Training", "Scores", "Limits", "Licence", "Configuration"):
        assert f"\n## {heading}\n" in text
    assert "grey pictures of 8x8 pixels" in text
    assert "| frechet distance | 12.50 | 1,000 samples against 500 real | 3 |" in text
    assert '"generated_count": 1000' in text
    assert "| iterations | 3 (this checkpoint) |" in text
    assert Image.open(tmp_path / "samples.png").size[0] > 100
    assert str(tmp_path.parent) not in text, "no folder of this machine is handed on"


def test_scores_that_a_run_took_of_its_checkpoint_stand_on_the_card(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "scores.json").unlink()
    assert "Not evaluated" in write_card(load_trained(copy, CPU), tmp_path).read_text()
    line = {"kind": "score", "stage": "adversarial", "epoch": 0, "passports": {"kid": {"generated_count": 50}}}
    lines = [line | {"iteration": each, "values": {"kid": value}} for each, value in ((2, 0.75), (3, 0.25))]
    with (copy / "metrics.jsonl").open("a") as log:
        log.writelines(json.dumps(each) + "\n" for each in lines)
    text = write_card(load_trained(copy, CPU), tmp_path).read_text()
    assert "| kid | 0.250 | 50 samples | 3 |" in text
    assert "0.750" not in text
    assert "No metric was measured" not in text


NEIGHBOURS = "nearest-neighbours"


@pytest.mark.parametrize(
    ("checkpoint", "evaluated", "said"),
    [
        ("2", None, "are copies of training pictures: 90%"),
        ("3", None, "are no copies of training pictures: 1%"),
        ("1", None, "of this checkpoint copy training pictures was not measured"),
        ("3", 3, "are copies of training pictures: 77%"),
        ("3", 1, "are no copies of training pictures: 1%"),
    ],
)
def test_the_card_says_of_its_own_checkpoint_whether_it_copies(
    checkpoint: str, evaluated: int | None, said: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    keep_all = ("--set", "watch.checkpoints=3", "--set", "watch.keep=3")
    assert main(["train", "gan-digits", *TINY, *keep_all, "--out", str(run)]) == 0

    def found(share: float) -> dict[str, object]:
        return {"share_nearer": share, "generated_count": 50}

    line = {"kind": "score", "stage": "adversarial", "epoch": 0}
    with (run / "metrics.jsonl").open("a") as log:
        for iteration, ratio, share in ((2, 0.1, 0.9), (3, 1.0, 0.01)):
            taken = {"values": {NEIGHBOURS: ratio}, "passports": {NEIGHBOURS: found(share)}}
            log.write(json.dumps(line | {"iteration": iteration} | taken) + "\n")
    if evaluated is not None:
        score = {"metric": NEIGHBOURS, "value": 0.2, "iteration": evaluated, "passport": found(0.77)}
        (run / "scores.json").write_text(json.dumps({"scores": [score]}))
    text = write_card(load_trained(run, CPU, checkpoint), tmp_path).read_text()
    assert said in text
    assert ("Scores at another iteration are of another checkpoint" in text) == (evaluated == 1)


@pytest.mark.parametrize(
    ("name", "expected", "unexpected"),
    [
        ("gan-digits", ("pipeline_tag: unconditional-image-generation", "uint8 [16, "), ("of_class",)),
        ("gan-ring", ("points = model.sample(16, seed=0)  # float32 [16, 2]",), ("pipeline_tag", "uint8")),
    ],
)
def test_the_tags_and_the_example_suit_what_the_generator_makes(
    name: str, expected: tuple[str, ...], unexpected: tuple[str, ...], tmp_path: Path
) -> None:
    assert main(["train", name, *TINY, "--out", str(tmp_path / "run")]) == 0
    text = write_card(load_trained(tmp_path / "run", CPU), tmp_path / "card").read_text()
    assert all(each in text for each in expected)
    assert not any(each in text for each in unexpected)


def test_the_card_of_a_generator_that_is_told_classes_asks_for_one(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8)
    for number, each in enumerate(pixels):
        place = tmp_path / "pets" / ("cat", "dog")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(each).save(place)
    data = Folder(str(tmp_path / "pets"), 8, part="train")
    out = tmp_path / "run"
    train(pictures(data, 8, 3, iterations=2, width=4, classes=2), out, Settings("cpu", threads=1, quiet=True))
    trained, model = load_trained(out, CPU), tmp_path / "model"
    model.mkdir()
    write_model(trained, model)
    text = write_card(trained, model).read_text()
    assert "tags: [gan, class-conditional]" in text
    assert "pipeline_tag" not in text
    assert "It knows 2 classes: cat, dog." in text
    assert "Trained on 45 of the 50 pictures of pets" in text
    assert "- 45 pictures are few" in text
    code = text.partition("```python\n")[2].partition("```")[0]
    assert 'of_class="cat"' in code
    exec(code.replace("hub:USER/NAME", str(model)), names := dict[str, Any]())
    assert names["images"].shape == (16, 8, 8, 3)


@pytest.mark.parametrize("order", [("export", "card"), ("card", "export"), ("export", "export"), ("card", "card")])
def test_export_and_card_share_a_folder_in_any_order_and_again(
    order: tuple[str, ...], run: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    for command in (*order, *order):
        assert main([command, str(run), "--out", str(model)]) == 0
    expected = {"export": {"model.json", "model.safetensors"}, "card": {"README.md", "samples.png"}}
    assert {each.name for each in model.iterdir()} == set().union(*(expected[command] for command in order))
    if "export" in order:
        assert equipoise.load(model).sample(2).shape == (2, 8, 8, 1)


@pytest.mark.parametrize("damaged", ["model.json", "model.safetensors"])
def test_a_damaged_export_is_replaced(damaged: str, run: Path, tmp_path: Path) -> None:
    for content in (None, b"", b"{}"):
        assert main(["export", str(run), "--out", str(tmp_path / "model")]) == 0
        if content is not None:
            (tmp_path / "model" / damaged).write_bytes(content)
    assert main(["export", str(run), "--out", str(tmp_path / "model")]) == 0
    assert equipoise.load(tmp_path / "model").sample(2).shape == (2, 8, 8, 1)


@pytest.mark.parametrize(
    ("command", "name", "reason"),
    [
        ("export", "notes.txt", "holds notes.txt, which equipoise export did not write; name a new folder."),
        ("export", "model.safetensors", "holds model.safetensors, which equipoise export did not write"),
        ("export", "model.json", "holds model.json, which equipoise export did not write"),
        ("card", "README.md", "README.md is not of a model card; name another folder with --out."),
        ("card", "samples.png", "samples.png is not of a model card; name another folder with --out."),
    ],
)
def test_files_of_others_are_kept(
    command: str, name: str, reason: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("mine")
    assert main([command, str(run), "--out", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(name, "mine")]


def test_what_a_run_calls_itself_becomes_neither_html_nor_a_table(run: Path, tmp_path: Path) -> None:
    trained = load_trained(run, CPU)
    config = run / "config.yaml"
    before = config.read_text()
    config.write_text(before.replace("name: gan-digits", "name: '<b>|x\\n# y'"))
    try:
        text = write_card(load_trained(run, CPU), tmp_path).read_text()
    finally:
        config.write_text(before)
    head = text.partition("## Configuration")[0]
    assert "<b>" not in head.replace("\\<b", "")
    assert trained.experiment.name == "gan-digits"


@pytest.mark.parametrize("licence", ["", "mit\nx: y", "a b", "[x](y)"])
def test_a_licence_is_one_word(licence: str, run: Path, tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match="a licence is one word"):
        write_card(load_trained(run, CPU), tmp_path, licence)


class Api:
    """The hub's interface in place of the network: a folder for each repository, laid out as its cache is."""

    root: Path

    def create_repo(self, name: str, private: bool, exist_ok: bool) -> str:
        return f"hub/{name}"

    def upload_folder(self, repo_id: str, folder_path: Path, allow_patterns: list[str]) -> None:
        repository = self.root / f"models--{repo_id.replace('/', '--')}"
        commit = "0" * 40
        snapshot = repository / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(commit)
        for name in allow_patterns:
            (snapshot / name).write_bytes((folder_path / name).read_bytes())


def test_what_is_pushed_is_loaded_from_the_hubs_folders_without_a_network(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = pytest.importorskip("huggingface_hub")
    Api.root = tmp_path
    monkeypatch.setattr(library, "HfApi", Api)
    assert main(["push", str(run), "user/digits", "--licence", "mit"]) == 0
    assert "The generator is on the hub: hub/user/digits" in capsys.readouterr().out
    offline = library.snapshot_download

    def fetch(name: str, allow_patterns: list[str]) -> str:
        found: str = offline(name, allow_patterns=allow_patterns, cache_dir=tmp_path, local_files_only=True)
        return found

    monkeypatch.setattr(library, "snapshot_download", fetch)
    folder = hub.download("hub:user/digits")
    assert "license: mit" in (folder / "README.md").read_text()
    shipped = equipoise.load("hub:user/digits")
    expected = load_trained(run, CPU)
    latent = expected.experiment.latent.sample(3, torch.Generator().manual_seed(1))
    assert torch.equal(shipped.network(latent), expected.generator(latent))
    with pytest.raises(EquipoiseError, match=r"user/other could not be fetched from the hub: \w+: "):
        hub.download("hub:user/other")


@pytest.mark.parametrize("name", ["", "../x", "a/b/c", "user/..", "-x", "a b", "user/na me"])
def test_a_name_that_is_none_never_reaches_the_hub(name: str) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(EquipoiseError, match="a name on the hub is like user/name"):
        hub.download(f"hub:{name}")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(EquipoiseError, match=r"pip install 'equipoise\[hub\]'"):
        hub.upload(tmp_path, "user/name")
