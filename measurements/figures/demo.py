"""The demo's stories as the README tells them: figures from `summary.json` of a demo, verdicts as on its page.

Run: python -m measurements.figures.demo
"""

import json
import statistics
from typing import Any

from equipoise.studies.demo_stories import verdict
from measurements import RESULTS_FOLDER
from measurements.figures import magan_digits

DATA = RESULTS_FOLDER / "digits" / "demo.json"


def table() -> str:
    """A row of each group, with the answer in its story's first, as Markdown; a test holds the README to it."""
    rows = ["| story | runs | score | verdict |", "| --- | --- | --- | --- |"]
    for title, groups in _stories():
        metrics = tuple(next(iter(groups.values())))
        by_metric = {metric: {label: scores[metric] for label, scores in groups.items()} for metric in metrics}
        answer = verdict(metrics, by_metric).answer
        for number, (label, scores) in enumerate(groups.items()):
            figures = ", ".join(f"{metric} {_figure(values)}" for metric, values in scores.items())
            rows.append(f"| {'' if number else title} | {label} | {figures} | {'' if number else answer} |")
    return "\n".join(rows)


def _stories() -> list[tuple[str, dict[str, dict[str, list[float]]]]]:
    margins = json.loads(magan_digits.DATA.read_text(encoding="utf-8"))["groups"]
    first = {label: {"inception-score": group["inception_scores"]} for label, group in margins.items()}
    others: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))["stories"]
    return [
        ("Adaptive against fixed margins", first),
        *((each["title"], {label: g["scores"] for label, g in each["groups"].items()}) for each in others),
    ]


def _figure(values: list[float]) -> str:
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"


if __name__ == "__main__":
    print(table())
