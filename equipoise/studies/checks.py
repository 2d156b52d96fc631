"""What can be known of a study of one's own before anything is trained."""

from collections.abc import Sequence
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.evaluation.feasible import check_metric, check_weights_are_there
from equipoise.experiments.build import check_fit
from equipoise.experiments.rehearsal import rehearse
from equipoise.runs.train import Settings
from equipoise.studies.log_measures import LOG_MEASURES
from equipoise.studies.plan import Planned


def check_rows(planned: Sequence[Planned], metric: str, settings: Settings) -> None:
    """Every row must be able to train on its data, and the metric that decides to be taken of them.

    Raises:
        EquipoiseError: one cannot, or two are the same experiment; labels are named.
    """
    first: dict[Path, Planned] = {}
    for each in planned:
        same = first.setdefault(each.directory, each)
        if same is not each:
            names = f"'{printable(same.row.label)}' and '{printable(each.row.label)}'"
            raise EquipoiseError(f"{names} are the same experiment; change or leave out one of them.")
    if metric not in LOG_MEASURES:
        check_weights_are_there([metric], settings.inception_weights)
    stores = {}
    for each in {(one.row.label, one.row.block, one.variant): one for one in planned}.values():
        experiment = each.experiment
        try:
            rehearse(experiment)
            if experiment.data not in stores:
                stores[experiment.data] = experiment.data.load(settings.data_root, experiment.seed)
            store = stores[experiment.data]
            check_fit(experiment, store.shape)
            if metric not in LOG_MEASURES and not each.few_samples:
                check_metric(metric, each.samples, experiment, store)
        except EquipoiseError as error:
            raise EquipoiseError(f"{printable(each.row.label)}: {error}") from error
