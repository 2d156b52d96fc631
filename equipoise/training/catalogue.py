"""Every optimiser and every schedule by name. Torch-free."""

from equipoise.common.registry import Entry, Registry, dataclass_with

_MODULE = "equipoise.training.optimisers"
_SCHEDULES = "equipoise.training.schedules"

OPTIMISERS = Registry(
    "optimiser",
    [
        Entry("adam", "Adam (Kingma and Ba 2015)", f"{_MODULE}:Adam"),
        Entry("adamax", "Adamax (Kingma and Ba 2015), the optimiser of MAGAN", f"{_MODULE}:Adamax"),
        Entry(
            "rmsprop", "RMSprop (Tieleman and Hinton 2012), the optimiser of WGAN with clipping", f"{_MODULE}:RMSprop"
        ),
        Entry("sgd", "stochastic gradient descent, with momentum if wanted", f"{_MODULE}:SGD"),
    ],
    shape=dataclass_with("build"),
)
"""Each is a frozen dataclass: a subclass of `Optimiser`."""

SCHEDULES = Registry(
    "schedule",
    [
        Entry("constant", "never changes", f"{_SCHEDULES}:Constant"),
        Entry("linear-decay", "falls on a straight line to 0", f"{_SCHEDULES}:LinearDecay"),
        Entry("warm-up-decay", "rises, stays, then falls on a straight line", f"{_SCHEDULES}:WarmUpThenDecay"),
        Entry("cosine", "goes from its first to its last value along half a cosine", f"{_SCHEDULES}:Cosine"),
        Entry("halving", "halves again and again, down to a least rate", f"{_SCHEDULES}:Halving"),
    ],
    shape=dataclass_with("factor", "stretched"),
)
"""Each is a frozen dataclass: a subclass of `Schedule`."""
