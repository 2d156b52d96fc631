"""A model card: what a generator is, of which data, how good it is and what it isn't for, in one page of Markdown."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.data.account import Account
from equipoise.data.held_out import count_of
from equipoise.data.root import is_at_hand
from equipoise.evaluation.maker import ALL
from equipoise.evaluation.sampling import generate, sample_picture, write_picture
from equipoise.evaluation.score import Score
from equipoise.evaluation.scoring_images import NEIGHBOURS
from equipoise.experiments.build import network_shape, parameter_count
from equipoise.experiments.config import to_yaml
from equipoise.reports.summary import shown, title, with_spread
from equipoise.reports.verdict import compared_with_training
from equipoise.runs.places import as_before
from equipoise.runs.record import RunRecord, read_run
from equipoise.runs.session import Settings
from equipoise.runs.trained import Trained

CARD, PICTURE = "README.md", "samples.png"
"""The files, as a hub shows them."""
_LIBRARY = "library_name: equipoise"
"""By which a card is known."""
UNKNOWN = "unknown"
"""The licence where none is named."""
_SAMPLES = 64
_COLUMNS = 8
_FEW = 1000
_MOST_CLASSES = 20
_PLAIN = re.compile(r"[\w .-]+")
"""A class's name that stands in code as it is."""


def write_card(trained: Trained, folder: Path, licence: str = UNKNOWN) -> Path:
    """Write `README.md` and the grid that it shows into a folder, and return the path of the page.

    Args:
        trained: the generator.
        folder: made where there is none.
        licence: of the weights, in one word, as "cc0-1.0"; the hub lists the words it knows.

    Raises:
        EquipoiseError: the licence is no word, a file cannot be written, or the folder holds a page or a picture of
            these names that are no card's.
    """
    if not licence.replace("-", "").replace(".", "").replace("_", "").isalnum():
        raise EquipoiseError(f"a licence is one word, as cc0-1.0 or mit, not '{printable(licence)}'.")
    _check_folder(folder)
    experiment = trained.experiment
    samples = generate(trained.generator, experiment.latent, _SAMPLES, experiment.seed)
    text = "\n".join(_lines(trained, read_run(trained.run.path), licence)) + "\n"
    write_text_atomically(folder / CARD, text)
    write_picture(sample_picture(samples, experiment.value_range, _COLUMNS), folder / PICTURE)
    _tell_changed_data(trained)
    return folder / CARD


def _check_folder(folder: Path) -> None:
    """An earlier card is replaced, but nobody else's page or picture."""
    try:
        own = _LIBRARY in read_text_bounded(folder / CARD)
    except (OSError, ValueError):
        own = False
    foreign = next((folder / name for name in (CARD, PICTURE) if (folder / name).exists() and not own), None)
    if foreign is not None:
        raise EquipoiseError(f"{printable(foreign)} is not of a model card; name another folder with --out.")


def _tell_changed_data(trained: Trained) -> None:
    """Look at the user's own data again where they still are; published ones do not change, nor are they fetched."""
    root = as_before(trained.run.path, Settings(quiet=True)).data_root
    if is_at_hand(trained.experiment.data, root):
        with suppress(EquipoiseError):
            trained.data(root, "the card describes the earlier ones")


def _lines(trained: Trained, record: RunRecord, licence: str) -> Iterator[str]:
    experiment = trained.experiment
    yield from ("---", f"license: {licence}", _LIBRARY, *_tags(trained), "---", "")
    yield from (f"# {_text(experiment.name)}", "")
    yield from (f"![Samples of {_text(experiment.name)}, not selected]({PICTURE})", "")
    yield f"A generator of {_made(trained)}. The samples above are the first {_SAMPLES}; none was selected."
    yield from ("", "## Use", "", "```python", "import equipoise", "")
    yield 'model = equipoise.load("hub:USER/NAME")  # or a folder with this card and the weights'
    yield _example(trained)
    yield from ("```", "", *_classes(trained), "## Data", "")
    yield from _data(trained, record)
    yield from ("", "## Training", "")
    yield from _training(trained, record)
    yield from ("", "## Scores", "")
    scores = record.scores or _on_the_way(record, trained.iteration)
    yield from _scores(scores, trained, record)
    yield from ("", "## Limits", "")
    yield from _limits(trained, record, scores)
    yield from ("", "## Licence", "")
    yield _licence(licence)
    yield from ("", "## Configuration", "", "```yaml", to_yaml(experiment).rstrip(), "```")


def _tags(trained: Trained) -> tuple[str, ...]:
    """The hub has a task for pictures without classes alone."""
    if trained.experiment.latent.classes:
        return ("tags: [gan, class-conditional]",)
    return ("tags: [gan]", *(("pipeline_tag: unconditional-image-generation",) if trained.makes_images else ()))


def _example(trained: Trained) -> str:
    shape = "uint8 [16, height, width, channels]" if trained.makes_images else "float32 [16, 2]"
    chosen = ""
    if trained.experiment.latent.classes:
        name = trained.maker().class_names()[0]
        chosen = f', of_class="{name}"' if _PLAIN.fullmatch(name) and name != ALL else ", of_class=0"
    return f"{'images' if trained.makes_images else 'points'} = model.sample(16, seed=0{chosen})  # {shape}"


def _classes(trained: Trained) -> tuple[str, ...]:
    """What can be asked for, in the order of the numbers."""
    if not trained.experiment.latent.classes:
        return ()
    names = trained.maker().class_names()
    named = ", ".join(_text(name) for name in names[:_MOST_CLASSES])
    more = f" and {len(names) - _MOST_CLASSES:,} more" if len(names) > _MOST_CLASSES else ""
    known = f"It knows {counted(len(names), 'class')}: {named}{more}."
    return (f"{known} `of_class` takes a name, or a number from 0; without it each sample's class is random.", "")


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
        used = _trained_on(trained, account)
        of = f"{used:,} of the {account.images:,} pictures" if used < account.images else counted(used, "picture")
        yield f"Trained on {of} of {name}, {account.sizes}."
        missing = len(account.skipped) + len(account.unread) + len(account.left_out)
        if missing:
            yield f"{counted(missing, 'file')} there {'was' if missing == 1 else 'were'} not used."
    if getattr(trained.experiment.data, "part", "all") == "train":
        yield "Every tenth picture was held out of the training, to recognise copies of the others."
    hashed = record.first_session.get("data_hash")
    if isinstance(hashed, str) and hashed:
        yield f"Their content has the SHA-256 `{_text(hashed)}`."


def _trained_on(trained: Trained, account: Account) -> int:
    return count_of(account.images, getattr(trained.experiment.data, "part", "all"))


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


def _scores(scores: Sequence[Score], trained: Trained, record: RunRecord) -> Iterator[str]:
    if not scores:
        yield "Not evaluated: `equipoise evaluate RUN` scores it."
        return
    yield from ("| metric | value | measured on | at iteration |", "| --- | --- | --- | --- |")
    for score in scores:
        yield f"| {title(_text(score.metric))} | {_value(score)} | {_measured(score)} | {_text(_iteration(score))} |"
    if any(score.passport.get("iteration", trained.iteration) != trained.iteration for score in scores):
        yield from ("", "Scores at another iteration are of another checkpoint than this one.")
    if other := [title(_text(score.metric)) for score in scores if _of_other_data(score, record)]:
        yield from ("", f"The data had changed since the training when these were measured: {', '.join(other)}.")
    yield from ("", "<details><summary>How each score was measured</summary>", "", "```json")
    passports = {score.metric: dict(score.passport) for score in scores}
    yield json.dumps(passports, indent=1, default=str)
    yield from ("```", "", "</details>")


def _of_other_data(score: Score, record: RunRecord) -> bool:
    trained_on, seen = record.first_session.get("data_hash"), score.passport.get("data_hash")
    return bool(trained_on and seen) and trained_on != seen


def _value(score: Score) -> str:
    if isinstance(score.value, tuple):
        names = [f"{_text(name)} " for name in score.class_names] or [""] * len(score.value)
        return ", ".join(f"{name}{shown(value)}" for name, value in zip(names, score.value, strict=True))
    return with_spread(score.value, score.deviation)


def _measured(score: Score) -> str:
    made, real = score.passport.get("generated_count"), score.passport.get("real_count")
    against = f" against {real:,} real" if isinstance(real, int) and real else ""
    return f"{counted(made, 'sample')}{against}" if isinstance(made, int) else ""


def _iteration(score: Score) -> object:
    found = score.passport.get("iteration")
    return f"{found:,}" if isinstance(found, int) else ""


def _copies(record: RunRecord, iteration: int) -> str:
    """Whether this checkpoint's samples are copies, as the newest evaluation of it found; "" where none looked."""
    kept = [score for score in record.scores if score.passport.get("iteration") == iteration]
    evaluated = {score.metric: score.value for score in kept}, {score.metric: score.passport for score in kept}
    logged = [(each.values, each.passports) for each in record.log.scores if each.iteration == iteration]
    found = (compared_with_training(values, passports) for values, passports in (evaluated, *reversed(logged)))
    return next((each[1] for each in found if each), "")


def _limits(trained: Trained, record: RunRecord, scores: Sequence[Score]) -> Iterator[str]:
    yield "- It makes what its data hold and nothing else: their gaps and their bias are in its samples."
    yield "- Samples vary in quality; the grid above shows how much. It was not tested for any use."
    account = record.account
    if account is not None and (used := _trained_on(trained, account)) < _FEW:
        yield f"- {counted(used, 'picture')} {'is' if used == 1 else 'are'} few: samples may be close copies of them."
    compared = _copies(record, trained.iteration)
    unknown = "Whether samples of this checkpoint copy training pictures was not measured."
    yield f"- {compared or unknown} Look before you publish."
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
