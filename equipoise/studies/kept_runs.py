"""Whether the runs of an earlier call may stand beside new ones: of the same plug-ins, on the same data."""

from collections.abc import Sequence
from contextlib import suppress

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.plugins import changed_plugins
from equipoise.data.data_set import DataSet
from equipoise.data.root import is_at_hand
from equipoise.runs.directory import RunDirectory
from equipoise.runs.environment import data_changed, first_session
from equipoise.studies.carry_out import Job


def check_kept_runs(jobs: Sequence[Job]) -> None:
    """Runs that are there must have begun with the plug-ins as they are now, and on the data as they are now.

    Only data with a path of their own are read again, where they are still there: published ones do not change.

    Raises:
        EquipoiseError: they have not; the table would mix what cannot be compared.
    """
    kept = [(job, RunDirectory(job.directory).environment) for job in jobs]
    kept = [(job, environment) for job, environment in kept if environment.exists()]
    for job, environment in kept:
        if changed := changed_plugins(first_session(environment).get("plugins")):
            raise _mixed(f"the plug-in {printable(changed[0])} has", len(kept), job)
    present: dict[DataSet, str] = {}
    for job, environment in kept:
        data = job.experiment.data
        if data not in present:
            present[data] = _hash_now(job, data)
        if present[data] and data_changed(environment, present[data]):
            raise _mixed(f"the data {printable(data.name)} have", len(kept), job)


def _mixed(what: str, kept: int, job: Job) -> EquipoiseError:
    folder = job.directory.parent
    return EquipoiseError(
        f"{what} changed since {counted(kept, 'run')} in {printable(folder)} began: choose another --out, or delete "
        "that folder to train all runs again."
    )


def _hash_now(job: Job, data: DataSet) -> str:
    """The content hash of data with a path of their own; "" where they are not at hand, and of all others."""
    root = job.settings.data_root
    if is_at_hand(data, root):
        with suppress(EquipoiseError):
            return data.load(root, job.experiment.seed).content_hash
    return ""
