"""A model card: what a generator is, of which data, how good it is and what it isn't for, in one page of Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.evaluation.sampling import generate, sample_picture, write_picture
from equipoise.evaluation.score import Score
from equipoise.evaluation.scoring_images import NEIGHBOURS
from equipoise.experiments.build import network_shape, parameter_count
from equipoise.experiments.config import to_yaml
from equipoise.reports.summary import shown, title, with_spread
from equipoise.reports.verdict import copied_in
from equipoise.runs.record import RunRecord, read_run
from equipoise.runs.trained import Trained

CARD, PICTURE = "README.md", "samples.png"
"""The files, as a hub shows them."""
UNKNOWN = "unknown"
"""The licence where none is named."""
_SAMPLES = 64
_COLUMNS = 8
_FEW = 1000


def write_card(trained: Trained, folder: Path, licence: str = UNKNOWN) -> Path:
    """Write `README.md` and the grid that it shows into a folder, and return the path of the page.

    Args:
        trained: the generator.
        folder: made where there is none.
        licence: of the weights, in one word, as "cc0-1.0"; the hub lists the words it knows.

    Raises:
        EquipoiseError: the licence is no word, or a file cannot be written.
    """
    if not licence.replace("-", "").replace(".", "").replace("_", "").isalnum():
        raise EquipoiseError(f"a licence is one word, as cc0-1.0 or mit, not '{printable(licence)}'.")
    experiment = trained.experiment
    samples = generate(trained.generator, experiment.latent, _SAMPLES, experiment.seed)
    write_picture(sample_picture(samples, experiment.value_range, _COLUMNS), folder / PICTURE)
    text = "\n".join(_lines(trained, read_run(trained.run.path), licence)) + "\n"
    write_text_atomically(folder / CARD, text)
    return folder / CARD


def _lines(trained: Trained, record: RunRecord, licence: str) -> Iterator[str]:
    experiment = trained.experiment
    yield from ("---", f"license: {licence}", "library_name: equipoise", "tags: [gan]")
    yield from ("pipeline_tag: unconditional-image-generation", "---", "", f"# {_text(experiment.name)}", "")
    yield from (f"![Samples of {_text(experiment.name)}, not selected]({PICTURE})", "")
    yield f"A generator of {_made(trained)}. The samples above are the first {_SAMPLES}; none was selected."
    yield from ("", "## Use", "", "```python", "import equipoise", "")
    yield 'model = equipoise.load("hub:USER/NAME")  # or a folder with this card and the weights'
    yield "images = model.sample(16, seed=0)  # uint8 [16, height, width, channels]"
    yield from ("```", "", "## Data", "")
    yield from _data(trained, record)
    yield from ("", "## Training", "")
    yield from _training(trained, record)
    yield from ("", "## Scores", "")
    scores = record.scores or _on_the_way(record, trained.iteration)
    yield from _scores(scores)
    yield from ("", "## Limits", "")
    yield from _limits(record, scores)
    yield from ("", "## Licence", "")
    yield _licence(licence)
    yield from ("", "## Configuration", "", "```yaml", to_yaml(experiment).rstrip(), "```")


def _made(trained: Trained) -> str:
    shape = network_shape(trained.experiment.players["generator"].network)
    if len(shape) == 1:
        return "points"
    kind = {1: "grey", 3: "colour", 4: "colour and transparent"}.get(shape[0], f"{shape[0]}-channel")
    return f"{kind} pictures of {shape[2]}x{shape[1]} pixels"


def _data(trained: Trained, record: RunRecord) -> Iterator[str]:
    name = _text(trained.experiment.data.name)
    account = record.account
    if account is None:
        yield f"Trained on {name}."
    else:
        yield f"Trained on {counted(account.images, 'picture')} of {name}, {account.sizes}."
        missing = len(account.skipped) + len(account.unread) + len(account.left_out)
        if missing:
            yield f"{counted(missing, 'file')} there {'was' if missing == 1 else 'were'} not used."
    if getattr(trained.experiment.data, "part", "all") == "train":
        yield "Every tenth of them was held out of the training, to recognise copies of the others."
    hashed = record.first_session.get("data_hash")
    if isinstance(hashed, str) and hashed:
        yield f"Their content has the SHA-256 `{_text(hashed)}`."


def _training(trained: Trained, record: RunRecord) -> Iterator[str]:
    experiment, session = trained.experiment, record.first_session
    sizes = {name: parameter_count(player.network) for name, player in experiment.players.items()}
    networks = ", ".join(f"{name} {count:,}" for name, count in sizes.items())
    algorithm = record.config.get("algorithm")
    kind = algorithm.get("kind") if isinstance(algorithm, Mapping) else None
    rows = {
        "algorithm": kind,
        "iterations": f"{trained.iteration:,} (this checkpoint)",
        "batch": experiment.batch_size,
        "parameters": networks,
        "seed": experiment.seed,
        "device": session.get("device_name"),
        "made with": f"Equipoise {session.get('equipoise', '')}".strip(),
    }
    yield from ("| what | value |", "| --- | --- |")
    yield from (f"| {name} | {_text(value)} |" for name, value in rows.items() if value not in (None, ""))


def _on_the_way(record: RunRecord, iteration: int) -> tuple[Score, ...]:
    """The scores that were taken of this checkpoint during the training."""
    found = [each for each in record.log.scores if each.iteration == iteration]
    return tuple(
        Score(metric, value, None, dict(each.passports.get(metric, {})) | {"iteration": iteration})
        for each in found
        for metric, value in each.values.items()
        if metric not in NEIGHBOURS
    )


def _scores(scores: Sequence[Score]) -> Iterator[str]:
    if not scores:
        yield "Not evaluated: `equipoise evaluate RUN` scores it."
        return
    yield from ("| metric | value | measured on | at iteration |", "| --- | --- | --- | --- |")
    for score in scores:
        yield f"| {title(_text(score.metric))} | {_value(score)} | {_measured(score)} | {_text(_iteration(score))} |"
    yield from ("", "<details><summary>How each score was measured</summary>", "", "```json")
    passports = {score.metric: dict(score.passport) for score in scores}
    yield json.dumps(passports, indent=1, default=str)
    yield from ("```", "", "</details>")


def _value(score: Score) -> str:
    if isinstance(score.value, tuple):
        return ", ".join(shown(value) for value in score.value)
    return shown(score.value) if score.deviation is None else with_spread(score.value, score.deviation)


def _measured(score: Score) -> str:
    made, real = score.passport.get("generated_count"), score.passport.get("real_count")
    against = f" against {real:,} real" if isinstance(real, int) and real else ""
    return f"{counted(made, 'sample')}{against}" if isinstance(made, int) else ""


def _iteration(score: Score) -> object:
    found = score.passport.get("iteration")
    return f"{found:,}" if isinstance(found, int) else ""


def _limits(record: RunRecord, scores: Sequence[Score]) -> Iterator[str]:
    yield "- It makes what its data hold and nothing else: their gaps and their bias are in its samples."
    yield "- Samples vary in quality; the grid above shows how much. It was not tested for any use."
    account = record.account
    if account is not None and account.images < _FEW:
        yield f"- {account.images:,} pictures are few: samples may be close copies of them."
    _, compared = copied_in(record.log.scores)
    yield f"- {compared or 'Whether a sample copies a training picture was not ruled out.'} Look before you publish."
    if not scores:
        yield "- No metric was measured."
    for sentence in record.log.told:
        yield f"- During training: {_text(sentence)}"


def _licence(licence: str) -> str:
    about = "not named" if licence == UNKNOWN else _text(licence)
    return f"Of the weights: {about}. The licence of the training data is for whoever publishes this to check."


def _text(value: object) -> str:
    """Text that neither ends a table's cell nor becomes HTML or a link."""
    escaped = printable(value)
    for letter in "\\`*_[]<>|#":
        escaped = escaped.replace(letter, f"\\{letter}")
    return escaped
