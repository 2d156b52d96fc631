"""`classifier`."""

import argparse

from equipoise.cli.options import add_session, add_threads
from equipoise.common.errors import printable


def fill_classifier(parser: argparse.ArgumentParser) -> None:
    """The arguments of `classifier`."""
    parser.add_argument("data", help="a labelled data set, such as digits or mnist")
    add_session(parser)
    add_threads(parser, "1")


def classifier_command(chosen: argparse.Namespace) -> int:
    """Train the classifier that judges samples of a labelled data set, or read it from the cache."""
    from equipoise.data.catalogue import check_data

    data = check_data(chosen.data, chosen.data_root)

    import torch

    from equipoise.common.machine import choose_device
    from equipoise.evaluation.judge import judge_of

    torch.set_num_threads(chosen.threads or 1)
    judge = judge_of(data, chosen.data_root, choose_device(chosen.device), print)
    print(f"The classifier of {printable(chosen.data)} gets {judge.accuracy:.2%} of the test images right.")
    return 0
