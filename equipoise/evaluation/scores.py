"""The scores of a run, by metric: to be looked up, and to be looked at."""

from collections.abc import Iterable, Iterator, Mapping

from equipoise.common import notebook
from equipoise.evaluation.score import Score
from equipoise.evaluation.score_sheet import aligned, shown_score, shown_value, which_is_better


class Scores(Mapping[str, Score]):
    """Scores by the names of their metrics. `scores["fid"].value` is a figure, `print(scores)` a table."""

    def __init__(self, scores: Iterable[Score] = ()):
        self._scores = {score.metric: score for score in scores}

    def __getitem__(self, metric: str) -> Score:
        return self._scores[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __str__(self) -> str:
        return aligned(self._rows()) if self._scores else "no scores yet"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        return notebook.table(self._rows()) if self._scores else notebook.paragraph("no scores yet")

    def _rows(self) -> list[list[str]]:
        rows = [["metric", "value", "±", "better", "iteration", "samples"]]
        for score in self._scores.values():
            known = (score.passport.get(name) for name in ("iteration", "generated_count"))
            figures = [shown_score(score), shown_value(score.deviation), which_is_better(score.metric)]
            rows.append([score.metric, *figures, *("-" if each is None else str(each) for each in known)])
        return rows
