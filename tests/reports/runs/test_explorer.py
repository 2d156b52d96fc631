"""What the page of `explore` is answered, in process and by its server."""

import base64
import http.client
import io
import json
import os
import shutil
import signal
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from PIL import Image

import equipoise
from equipoise.cli.main import main
from equipoise.evaluation.latents import latent_batch
from equipoise.evaluation.sampling import generate, to_bytes
from equipoise.experiments.build import build_network
from equipoise.experiments.experiment import network
from equipoise.reports import explorer as room
from equipoise.reports.explorer import TILES, Explorer
from equipoise.reports.local_server import Answer, LocalServer
from equipoise.runs.explored import Model, Source, _model, open_source
from equipoise.runs.lock import only_writer
from equipoise.training.draw import Latent

CPU = torch.device("cpu")
QUIET = {"device": "cpu", "threads": 1, "quiet": True}


@pytest.fixture(scope="module")
def model() -> Model:
    """A generator of four classes with random weights."""
    options = {"latent_size": 12, "image_size": 8, "width": 4}
    generator = build_network(network("picture-generator", **options), torch.Generator().manual_seed(1)).eval()
    return _model(generator, Latent(12, classes=4), "symmetric", "iteration 7")


@pytest.fixture
def explorer(model: Model) -> Explorer:
    return Explorer(Source("faces & <b>", model.prior, None, lambda: model), Path("mine"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints of iterations 2 and 4."""
    place = tmp_path_factory.mktemp("runs") / "run"
    changes = {"watch.checkpoints": 2, "watch.keep": 2}
    return equipoise.train("gan-digits", place, iterations=4, changes=changes, page=None, **QUIET).path


def ask(explorer: Explorer, path: str, query: str = "") -> Answer:
    return explorer.answer(path, parse_qsl(query, keep_blank_values=True))


def content(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.content
    return json.loads(answer.content)


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def shown(model: Model, latents: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return to_bytes(model.generator(latents), "symmetric").permute(0, 2, 3, 1).numpy()


def test_the_samples_of_a_seed_are_those_that_sample_writes(explorer: Explorer, model: Model) -> None:
    found = content(ask(explorer, "/grid", "seed=3&label="))
    expected = to_bytes(generate(model.generator, model.prior, TILES, 3), "symmetric").permute(0, 2, 3, 1).numpy()
    assert found["shown"] == "iteration 7"
    assert np.array_equal(np.stack([pixels(each) for each in found["pictures"]]), expected)


def test_a_class_that_is_asked_for_is_shown(explorer: Explorer, model: Model) -> None:
    latents = latent_batch(model.prior, 3, 0)[:TILES].clone()
    latents[:, 8:] = torch.eye(4)[2]
    found = content(ask(explorer, "/grid", "seed=3&label=2"))["pictures"]
    assert np.array_equal(np.stack([pixels(each) for each in found]), shown(model, latents))
    [held] = content(ask(explorer, "/picture", "at=3:5:2:"))["pictures"]
    assert held == found[5]


def test_a_held_picture_moves_along_the_main_directions(explorer: Explorer, model: Model) -> None:
    latent = latent_batch(model.prior, 3, 0)[5] + 1.5 * model.directions.vectors[0] - model.directions.vectors[2]
    [moved] = content(ask(explorer, "/picture", "at=3:5::1.5,0,-1"))["pictures"]
    assert np.array_equal(pixels(moved), shown(model, latent[None])[0])


def test_the_way_leads_from_one_held_picture_to_the_other(explorer: Explorer) -> None:
    ends = ("3:5::1.5", "8:0:1:")
    pictures = [content(ask(explorer, "/picture", f"at={each}"))["pictures"] for each in ends]
    steps = [
        content(ask(explorer, "/way", f"start={ends[0]}&end={ends[1]}&share={share}"))["pictures"]
        for share in ("0", "0.5", "1")
    ]
    assert np.abs(pixels(steps[0][0]).astype(int) - pixels(pictures[0][0])).max() <= 1
    assert np.abs(pixels(steps[2][0]).astype(int) - pixels(pictures[1][0])).max() <= 1
    assert steps[1] not in (steps[0], steps[2])


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("/grid", "", "the parameters are seed, label, each once."),
        ("/grid", "seed=1&label=&more=2", "the parameters are seed, label, each once."),
        ("/grid", "seed=1&seed=2", "the parameters are seed, label, each once."),
        ("/", "more=2", "the parameters are none, each once."),
        ("/grid", "seed=-1&label=", "seed must be a whole number of at most 15 digits, got '-1'."),
        ("/grid", "seed=%D9%A3&label=", "seed must be"),
        ("/grid", "seed=1&label=4", "there are 4 classes, counted from 0, got '4'."),
        ("/picture", "at=1:24::", "a point is SEED:NUMBER:CLASS:MOVES, got '1:24::'."),
        ("/picture", "at=../../etc/passwd", "a point is SEED:NUMBER:CLASS:MOVES"),
        ("/picture", "at=1:0::4.5", "expected a number from -4 to 4, got '4.5'."),
        ("/picture", "at=1:0::1,,2", "expected a number from -4 to 4, got ''."),
        ("/picture", f"at=1:0::{','.join('0' * 9)}", "there are 8 directions, got 9 moves."),
        ("/way", "start=1:0::&end=1:1::&share=nan", "expected a number from 0 to 1, got 'nan'."),
    ],
)
def test_wrong_parameters_are_refused_in_one_sentence(explorer: Explorer, path: str, query: str, says: str) -> None:
    error = content(ask(explorer, path, query), 400)["error"]
    assert says in error
    assert error.count("\n") == 0


def test_a_generator_without_classes_has_none(run: Path) -> None:
    explorer = Explorer(open_source(run, CPU), run)
    assert "there are 0 classes" in content(ask(explorer, "/grid", "seed=1&label=0"), 400)["error"]
    assert 'id="label"' not in ask(explorer, "/").content


def test_names_are_only_shown(explorer: Explorer) -> None:
    page = ask(explorer, "/").content
    assert "<h1>faces &amp; &lt;b&gt;</h1>" in page
    assert '<option value="3">' in page


@pytest.fixture
def server(explorer: Explorer) -> Iterator[LocalServer]:
    with LocalServer(explorer.answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(server: LocalServer, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_the_server_hands_out_its_page_to_this_machine_alone(server: LocalServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    answer, body = asked(server, "/")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; img-src data:;")
    assert policy.endswith("frame-ancestors 'none'")
    assert policy.removesuffix("; frame-ancestors 'none'") in body
    assert asked(server, "/grid?seed=1&label=")[0].status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:80:80", "169.254.0.1", ""])
def test_a_foreign_host_is_refused(server: LocalServer, host: str) -> None:
    assert asked(server, "/", Host=host)[0].status == 421
    assert asked(server, "/", Host="LOCALHOST:9")[0].status == 200


def test_another_site_may_open_the_page_and_nothing_else(server: LocalServer) -> None:
    other = {"Sec_Fetch_Site": "cross-site"}
    assert asked(server, "/grid?seed=1&label=", **other)[0].status == 403
    assert asked(server, "/", **other, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe")[0].status == 403
    assert asked(server, "/", **other, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")[0].status == 200
    assert asked(server, "/grid?seed=1&label=", Sec_Fetch_Site="same-origin")[0].status == 200


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/style.css", "//127.0.0.1/grid", "/grid/", "/%2e%2e/", "x"])
def test_other_paths_lead_nowhere(server: LocalServer, path: str) -> None:
    assert asked(server, path)[0].status == 404


def test_an_address_that_cannot_be_read_is_refused(server: LocalServer) -> None:
    assert asked(server, "/grid?" + "&".join(["seed=1"] * 50))[0].status == 400


def test_nothing_but_get_is_answered(server: LocalServer) -> None:
    assert {asked(server, "/", method)[0].status for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {501}


def test_a_port_in_use_is_refused_in_one_sentence(server: LocalServer, run: Path, capsys: Any) -> None:
    assert main(["explore", str(run), "--port", str(server.server_port), "--no-browser"]) == 2
    assert f"port {server.server_port} of 127.0.0.1 cannot be used" in capsys.readouterr().err
    assert main(["explore", str(run), "--port", "65536", "--no-browser"]) == 2
    assert "a port is at most 65535" in capsys.readouterr().err


@pytest.mark.usefixtures("no_drawings")
def test_a_newer_checkpoint_and_a_longer_log_are_seen(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(room, "_MOST_SHARE", float("inf"))
    growing = tmp_path / "run"
    shutil.copytree(run, growing)
    later = [path.rename(tmp_path / path.name) for path in sorted((growing / "checkpoints").iterdir())]
    lines = (growing / "metrics.jsonl").read_text().splitlines(keepends=True)
    (growing / "metrics.jsonl").write_text("".join(lines[:2]))
    explorer = Explorer(open_source(growing, CPU), growing)
    with only_writer(growing / "config.yaml"):
        news = content(ask(explorer, "/news", "version="))
    assert news["shown"] == ""
    assert news["status"].startswith("training now, about ")
    assert content(ask(explorer, "/grid", "seed=0&label="), 503)["error"].startswith("There is no checkpoint yet")
    assert "<strong>Losses</strong>" in news["parts"]["curves"]
    for shown, path in zip(("iteration 2", "iteration 4"), (later[:2], later[2:]), strict=True):
        for each in path:
            each.rename(growing / "checkpoints" / each.name)
        news = content(ask(explorer, "/news", f"version={news['version']}"))
        assert news["shown"] == shown
    assert news["status"] == "not training now"
    assert news["parts"] == {}
    (growing / "metrics.jsonl").write_text("".join(lines))
    news = content(ask(explorer, "/news", f"version={news['version']}"))
    assert "<dd>4</dd>" in news["parts"]["curves"]
    assert "time left" not in news["parts"]["curves"]


def test_a_checkpoint_that_is_asked_for_stays(run: Path, tmp_path: Path) -> None:
    source = open_source(run, CPU, "2")
    assert source.model() is not None
    assert source.model().shown == "iteration 2"
    assert main(["export", str(run), "--out", str(tmp_path / "model")]) == 0
    shipped = open_source(tmp_path / "model", CPU)
    assert shipped.model().shown == "iteration 4"
    page = ask(Explorer(shipped, tmp_path), "/").content
    assert "The run" not in page
    assert main(["explore", str(tmp_path / "model"), "--checkpoint", "2", "--no-browser"]) == 2


def test_points_are_refused(tmp_path: Path, capsys: Any) -> None:
    equipoise.train("gan-ring", tmp_path / "ring", iterations=1, page=None, **QUIET)
    assert main(["explore", str(tmp_path / "ring"), "--no-browser"]) == 2
    assert "makes points, and explore shows pictures" in capsys.readouterr().err


def test_the_command_opens_its_page_and_serves_until_it_is_interrupted(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    answers = []

    def look_and_interrupt(url: str) -> None:
        connection = http.client.HTTPConnection(url.split("/")[2], timeout=60)
        connection.request("GET", "/grid?seed=0&label=")
        answers.append(json.loads(connection.getresponse().read()))
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in its background
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(
        webbrowser, "open", lambda url: threading.Thread(target=look_and_interrupt, args=(url,)).start()
    )
    assert main(["explore", str(run), "--device", "cpu"]) == 0
    signal.signal(signal.SIGINT, before)
    assert len(answers[0]["pictures"]) == TILES
    said = capsys.readouterr()
    assert "to this machine alone; Ctrl-C ends it." in said.out
    assert said.out.endswith("The page has ended.\n")
    assert said.err == ""
