"""`score`."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from equipoise.cli.names import metric_or_all
from equipoise.cli.options import add_checkpoint, add_inception_weights, add_session, add_threads, positive
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_writable
from equipoise.evaluation.inception_file import local_weights
from equipoise.evaluation.score_sheet import read_scores
from equipoise.evaluation.side_words import check_side
from equipoise.runs.directory import run_at


def fill_score(parser: argparse.ArgumentParser) -> None:
    """The arguments of `score`."""
    sides = "a folder or archive (zip, tar) of pictures, an .npz file, a data set such as mnist or mnist:test"
    parser.add_argument("real", metavar="REAL", help=sides)
    parser.add_argument("fake", metavar="FAKE", help="the same, or a run's directory, whose generator is sampled")
    metrics = "which metrics, or: all (default: those on EfficientNet-Lite0's features)"
    parser.add_argument("--metrics", nargs="+", action="extend", type=metric_or_all, default=[], help=metrics)
    count = "images of each side at most, evenly chosen (default: 5000)"
    parser.add_argument("--count", type=positive, default=5000, help=count)
    size = "bring all images to this size in pixels (default: their own, or the smaller side's)"
    parser.add_argument("--size", type=positive, help=size)
    curve = "score at several counts too, to see how far the value depends on them"
    parser.add_argument("--curve", nargs="*", type=positive, metavar="COUNT", help=curve)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write scores and passports to this file")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="what to print (default: table)")
    against = "compare with the scores in an older JSON file, and say which may be compared"
    parser.add_argument("--against", type=Path, metavar="OLD.json", help=against)
    add_checkpoint(parser)
    add_inception_weights(parser)
    weights = "a file with a network's weights, or its https address with #sha256=...; equipoise list backbones"
    parser.add_argument("--weights", action="append", default=[], metavar="NAME=FILE", help=weights)
    add_session(parser)
    add_threads(parser, "as torch chooses")


def score_command(chosen: argparse.Namespace) -> int:
    """Score two sets of images."""
    for side in (chosen.real, chosen.fake):
        if run_at(side) is None:
            check_side(side, chosen.data_root)
    from equipoise.evaluation.weight_files import named_weights

    if chosen.json is not None:
        check_writable(chosen.json)
    old = None if chosen.against is None else read_scores(chosen.against)
    files = named_weights(chosen.weights)
    if (inception := local_weights(chosen.inception_weights)) is not None:
        files["inception-v3"] = inception

    import torch  # only now, so that a wrong name or path is refused at once

    from equipoise.evaluation.passport_words import compared
    from equipoise.evaluation.scoring import reasons
    from equipoise.runs.score import score

    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    sheet = score(
        chosen.real,
        chosen.fake,
        chosen.metrics,
        count=chosen.count,
        size=chosen.size,
        curve=chosen.curve,
        weights=files,
        data_root=chosen.data_root,
        device=chosen.device,
        checkpoint=chosen.checkpoint,
        quiet=chosen.quiet,
    )
    for note in sheet.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    asked = {name: why for name, why in sheet.impossible.items() if name in chosen.metrics}
    others = {name: why for name, why in sheet.impossible.items() if name not in asked}
    shown = replace(sheet, impossible=others)  # those that were asked for are the error at the end
    print(json.dumps(sheet.as_dict(), indent=1) if chosen.format == "json" else shown)
    if old is not None:
        print(f"\n{compared(old, sheet.scores)}", file=sys.stderr if chosen.format == "json" else sys.stdout)
    if chosen.json is not None:
        sheet.write(chosen.json)
    if asked:
        raise EquipoiseError(reasons(asked))
    return 0
