"""The Python in the README and on the pages is clean, runs, and gives what its comments say.

A snippet may take for granted what `taken_for_granted` holds: everything else it makes or imports itself.
"""

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
NOT_ASKED = "D,F821,T20"
"""Rules that need a whole module: docstrings, names that come from elsewhere; and those against printing."""


@dataclass(frozen=True)
class Snippet:
    name: str
    code: str


def snippets() -> list[Snippet]:
    found = []
    for page in PAGES:
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        stem = page.relative_to(ROOT).with_suffix("").as_posix().replace("/", "-")
        found += [Snippet(f"{stem}-{place}", code) for place, code in enumerate(blocks)]
    return found


SNIPPETS = snippets()


def taken_for_granted() -> dict[str, object]:
    """Two small players, a batch of images, scores and features of eight samples, and an optimiser."""
    discriminator = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.LeakyReLU(), nn.Flatten(), nn.Linear(64, 2)
    )
    generator = nn.Sequential(nn.Linear(5, 3 * 8 * 8), nn.Unflatten(1, (3, 8, 8)), nn.Tanh())
    real, latent = torch.rand(8, 3, 8, 8), torch.randn(8, 5)
    players = {"discriminator": discriminator, "critic": discriminator, "generator": generator}
    images = {"real": real, "latent": latent, "example_images": real[:2], "fake": generator(latent).detach()}
    features = {"real_features": torch.randn(200, 4), "generated_features": torch.randn(200, 4)}
    probabilities = torch.rand(40, 3, dtype=torch.float64).softmax(1)
    optimiser = torch.optim.Adam(discriminator.parameters())
    others = {"probabilities": probabilities, "optimiser": optimiser, "seed": 0, "iteration": 3}
    return players | images | features | others


def said(code: str) -> list[tuple[str, str]]:
    """Each simple statement's expression with the value or shape that its comment says: `tensor(...)` or `[...]`."""
    comments = dict(enumerate((line.partition("  # ")[2] for line in code.splitlines()), start=1))
    statements = [node for node in ast.parse(code).body if isinstance(node, ast.Expr | ast.Assign)]
    pairs = [
        (ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.value), comments[node.lineno])
        for node in statements
    ]
    return [(expression, says) for expression, says in pairs if re.search(r"^tensor\(|\[\d", says)]


def agrees(value: object, says: str) -> bool:
    """Whether a value is the printed tensor, or has the shape in brackets."""
    assert isinstance(value, torch.Tensor)
    if says.startswith("tensor("):
        return says == repr(value.detach())
    (shape,) = re.findall(r"\[(\d[\d, ]*)\]", says)[:1]
    return tuple(value.shape) == tuple(int(size) for size in shape.split(","))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_a_snippet_runs_and_gives_what_it_says(
    snippet: Snippet, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    if 'Path("data")' in snippet.code:
        monkeypatch.chdir(request.getfixturevalue("shared_data").parent)
    else:
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))
    names = taken_for_granted()
    exec(compile(snippet.code, snippet.name, "exec"), names)
    for expression, says in said(snippet.code):
        assert agrees(eval(expression, names), says), f"{expression} is not {says}"


def test_what_the_comments_say_is_compared() -> None:
    code = "x = torch.ones(2)  # tensor([1., 1.])\nx.sum()  # tensor(2.)\ny = x[:, None]  # float32 [2, 1] in [-1, 1]\n"
    assert said(code) == [("x", "tensor([1., 1.])"), ("x.sum()", "tensor(2.)"), ("y", "float32 [2, 1] in [-1, 1]")]
    assert agrees(torch.ones(2, 1), "float32 [2, 1] in [-1, 1]")
    assert not agrees(torch.ones(2), "[2, 1]")
    assert not agrees(torch.ones(2), "tensor([1., 2.])")
    assert sum(len(said(snippet.code)) for snippet in SNIPPETS) >= 5


def test_the_linter_finds_nothing_in_the_snippets(tmp_path: Path) -> None:
    """Their form is checked by `ruff format`, which reads Markdown; `ruff check` does not."""
    ruff = pytest.importorskip("ruff").find_ruff_bin()
    for snippet in SNIPPETS:
        (tmp_path / f"{snippet.name}.py").write_text(snippet.code, encoding="utf-8")
    words = ["check", "--no-cache", "--config", str(ROOT / "pyproject.toml"), "--ignore", NOT_ASKED]
    done = subprocess.run([ruff, *words, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
