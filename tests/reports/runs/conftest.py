"""Run directories as training writes them, made of synthetic numbers."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from equipoise.reports import figures, measurements
from equipoise.reports.pages import write_comparison, write_run_report

STAGES = (("pretrain", 2), ("calibrate", 1), ("adversarial", 12))
PER_EPOCH = 14
CHROMIUM = os.environ.get("EQUIPOISE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, where there is one."""
    reason = "playwright is not installed: pip install playwright"
    playwright_api = pytest.importorskip("playwright.sync_api", reason=reason)
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH; install it or set EQUIPOISE_TEST_CHROMIUM")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def _energies(position: float, noise: np.ndarray, drift: float) -> tuple[float, float]:
    real = (1.2 + 6.0 * np.exp(-3 * position)) * (1 + noise[0])
    return float(real), float(real * (1 + drift * position) * (1.08 + noise[1]) + 0.1)


def _grid(path: Path, iteration: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:8, 0:8]
    sharp = min(iteration / 150, 1.0)
    tiles = []
    for _ in range(64):
        centre = random.uniform(2, 5, 2)
        blob = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 4)
        tiles.append(sharp * blob + (1 - sharp) * random.uniform(size=(8, 8)))
    grid = np.block([[tiles[r * 8 + c] for c in range(8)] for r in range(8)])
    Image.fromarray((np.clip(grid, 0, 1) * 255).astype(np.uint8)).save(path)


def _scores(folder: Path, seed: int, value: float) -> None:
    passport = {
        "data": "digits",
        "split": "train",
        "generated_count": 5000,
        "extractor": {"name": "cnn", "sha256": "ab12" * 16},
    }
    passport["seed"] = seed
    shares = np.random.default_rng(seed + 7).dirichlet(np.full(10, 20.0)).tolist()
    scores = [
        {"metric": "inception-score", "value": value, "deviation": 0.08, "passport": passport},
        {"metric": "class-histogram", "value": shares, "passport": passport},
    ]
    (folder / "scores.json").write_text(json.dumps({"scores": scores}))


def _write(folder: Path, name: str, seed: int, margin: float | None, drift: float, score: float, lines: int) -> Path:
    (folder / "samples").mkdir(parents=True)
    config = f"name: {name}\nseed: {seed}\nalgorithm:\n  kind: {'magan' if margin is None else 'ebgan'}\n"
    (folder / "config.yaml").write_text(config + ("" if margin is None else f"  margin: {margin}\n"))
    (folder / "environment.json").write_text(
        json.dumps({"seed": seed, "versions": {"torch": "2.13.0"}, "commit": None})
    )
    stages = STAGES if margin is None else STAGES[-1:]
    total = sum(epochs for _, epochs in stages) * lines
    iteration, current = 0, margin or 9.0
    noise = np.random.default_rng(seed).normal(size=(total + 1, 2)) * 0.03
    pace = np.random.default_rng(seed + 100).uniform(0.8, 1.2)
    with open(folder / "metrics.jsonl", "w") as log:
        for stage, epochs in stages:
            for epoch in range(epochs):
                sums = []
                for _ in range(lines):
                    iteration += 1
                    real, fake = _energies(pace * iteration / total, noise[iteration], drift)
                    values = {"discriminator/loss": real, "real_energy": real, "gradient/norm": real**2}
                    if stage == "adversarial":
                        hinge = real + max(0.0, current - fake)
                        values |= {"discriminator/loss": hinge, "generator/loss": fake, "fake_energy": fake}
                    sums.append((real, fake))
                    record = {
                        "kind": "iteration",
                        "iteration": iteration,
                        "stage": stage,
                        "epoch": epoch,
                        "values": values,
                    }
                    log.write(json.dumps(record) + "\n")
                real, fake = np.mean(sums, axis=0)
                values = {"real_energy": float(real)}
                if stage == "calibrate":
                    values["margin"] = current = float(real)
                if stage == "adversarial":
                    values |= {"fake_energy": float(fake), "margin": current}
                    current = min(current, float(real)) if margin is None else current
                    values["next_margin"] = current
                record = {"kind": "epoch", "iteration": iteration, "stage": stage, "epoch": epoch, "values": values}
                log.write(json.dumps(record) + "\n")
                _grid(folder / "samples" / f"iteration-{iteration:06d}.png", iteration * PER_EPOCH // lines, seed)
    _scores(folder, seed, score)
    return folder


def _maker(place: Path) -> Callable[..., Path]:
    """Writes a run directory: MAGAN without `margin`, EBGAN with one; `lines` iterations per epoch."""

    def make(
        folder: str = "run",
        *,
        name: str = "magan-digits",
        seed: int = 0,
        margin: float | None = None,
        drift: float = 0.0,
        score: float = 4.5,
        lines: int = PER_EPOCH,
    ) -> Path:
        return _write(place / folder, name, seed, margin, drift, score, lines)

    return make


def _groups(make: Callable[..., Path]) -> dict[str, list[Path]]:
    """Four groups of three seeds, as the demo makes them; one run of margin 1 diverges."""
    made: dict[str, list[Path]] = {"MAGAN": [make(f"magan-{s}", seed=s, score=7.2 + s / 10) for s in range(3)]}
    for margin, drift, score in ((10.0, 1.5, 6.1), (5.0, 0.8, 6.6), (1.0, 4.0, 3.3)):
        made[f"EBGAN, margin {margin:g}"] = [
            make(f"ebgan-{margin:g}-{s}", name="ebgan-digits", seed=s, margin=margin, drift=drift, score=score + s / 7)
            for s in range(3)
        ]
    broken = made["EBGAN, margin 1"][2] / "metrics.jsonl"
    values = {"discriminator/loss": float("nan"), "real_energy": float("inf"), "fake_energy": float("nan")}
    end = {"kind": "epoch", "iteration": 169, "stage": "adversarial", "epoch": 12, "values": values}
    broken.write_text(broken.read_text() + json.dumps(end) + "\n")
    return made


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """make_run(folder, ...): a run directory."""
    return _maker(tmp_path)


@pytest.fixture(scope="session")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Four groups of runs, to be read only."""
    return _groups(_maker(tmp_path_factory.mktemp("groups")))


@pytest.fixture(scope="session")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with a long name."""
    return write_run_report(_maker(tmp_path_factory.mktemp("run"))("a-name-without-any-break" * 8))


@pytest.fixture(scope="session")
def comparison(groups: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the four groups."""
    out = tmp_path_factory.mktemp("comparison") / "page.html"
    return write_comparison("Balance on digits", "First.\n\nSecond.", groups, out)


@pytest.fixture
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without drawings, which take most of the time."""
    for module in (figures, measurements):
        monkeypatch.setattr(module, "drawing", lambda *arguments: Markup(""))


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&{{ 7*7 }}$\\frac{'


@pytest.fixture
def hostile_pages(make_run: Callable[..., Path], tmp_path: Path) -> list[Path]:
    """The pages of a run and of a comparison in which every name would be markup, if it were not escaped."""
    run = make_run("<b>run & 'co'")
    (run / "config.yaml").write_text(json.dumps({"name": HOSTILE, "algorithm": {"margin": HOSTILE}, HOSTILE: HOSTILE}))
    (run / "environment.json").write_text(json.dumps({HOSTILE: [HOSTILE], "seed": HOSTILE}))
    passport = {HOSTILE: HOSTILE}
    (run / "scores.json").write_text(json.dumps({"scores": [{"metric": HOSTILE, "value": 1.0, "passport": passport}]}))
    with open(run / "metrics.jsonl", "a") as log:
        values = {HOSTILE: 1.0, HOSTILE + "/loss": 2.0}
        for iteration in (300, 301):
            record = {"kind": "iteration", "iteration": iteration, "stage": HOSTILE, "epoch": 0, "values": values}
            log.write(json.dumps(record) + "\n")
    return [write_run_report(run), write_comparison(HOSTILE, HOSTILE, {HOSTILE: [run]}, tmp_path / "page.html")]
