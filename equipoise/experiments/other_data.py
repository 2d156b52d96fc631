"""The same experiment on other data."""

from dataclasses import fields, replace
from typing import Any

from equipoise.data.catalogue import parse_data
from equipoise.experiments.build import network_shape
from equipoise.experiments.experiment import Experiment


def on_data(experiment: Experiment, words: str) -> Experiment:
    """The same experiment on other data, in the size that its networks are made for where the data can be resized.

    Args:
        experiment: what is trained.
        words: the data as `parse_data` takes them: the name of a data set, a folder or a .npz file.

    Raises:
        EquipoiseError: there are no such data.
    """
    data: Any = parse_data(words)
    channels, *sizes = network_shape(experiment.players["generator"].network)
    made_for = {"resolution": sizes[0], "channels": channels} if sizes else {}
    known = {each.name for each in fields(data)}
    data = replace(data, **{name: value for name, value in made_for.items() if name in known})
    return replace(experiment, name=f"{experiment.name}-on-{data.name}", data=data)
