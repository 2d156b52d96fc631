"""`compare`."""

import argparse
from pathlib import Path

from equipoise.cli.experiment import is_yaml
from equipoise.cli.many_runs import add_means, check_means, means_of, show_results
from equipoise.cli.names import addressed_assignment, check_names
from equipoise.cli.options import positive
from equipoise.common.files import local_path
from equipoise.data.catalogue import check_data
from equipoise.evaluation.catalogue import METRICS
from equipoise.experiments.reading import read_yaml_file
from equipoise.recipes.catalogue import BUDGETS
from equipoise.studies.sources import check_source


def fill_compare(parser: argparse.ArgumentParser) -> None:
    """The arguments of `compare`."""
    from equipoise.studies.wish import FEWER_SAMPLES, SAMPLES, SEEDS

    sources_help = "what is compared: recipes, YAML files, or directories of runs, whose settings are taken"
    parser.add_argument("sources", nargs="+", metavar="ALTERNATIVE", help=sources_help)
    parser.add_argument(
        "--data", default="", metavar="DATA", help="train all on these data: a name, folder or .npz file"
    )
    parser.add_argument("--seeds", type=positive, default=SEEDS, help=f"runs of each alternative (default: {SEEDS})")
    set_help = "override a setting for all, or for one as in ALTERNATIVE:algorithm.margin=5; can be repeated"
    parser.add_argument(
        "--set", action="append", type=addressed_assignment, default=[], metavar="FIELD.PATH=VALUE", help=set_help
    )
    vary_help = "train every alternative, or the one named before a colon, with each value; can be repeated"
    parser.add_argument("--vary", action="append", default=[], metavar="FIELD.PATH=VALUE,...", help=vary_help)
    budget_help = "size of recipes: smoke, a trial; cpu, narrow networks and 2,000 iterations at most (default); paper"
    parser.add_argument("--budget", choices=BUDGETS, default="cpu", help=budget_help)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=positive, help="length of each run in epochs")
    length.add_argument("--iterations", type=positive, help="the same, in iterations")
    metrics_help = "what is measured; the first one decides (default: what the data allow)"
    parser.add_argument(
        "--metrics", nargs="+", action="extend", type=METRICS.check, default=[], metavar="METRIC", help=metrics_help
    )
    samples_help = f"that metrics see (default: {SAMPLES:,}, or {FEWER_SAMPLES:,} where a large network looks at them)"
    parser.add_argument("--samples", type=positive, help=samples_help)
    parser.add_argument("--out", type=Path, help="the directory (default: studies/NAMES-BUDGET)")
    add_means(parser)


def compare_command(chosen: argparse.Namespace) -> int:
    """Carry out what is missing of a comparison, and write its page."""
    for source in chosen.sources:
        check_source(source)
        if is_yaml(source):
            check_names(read_yaml_file(local_path(source)))
    if chosen.data:
        check_data(chosen.data, chosen.data_root)
    check_means(chosen)  # before torch is imported
    from equipoise.reports.study_pages import write_study_report
    from equipoise.studies.comparison import comparison
    from equipoise.studies.runner import run_study, tell_plan
    from equipoise.studies.wish import Wish

    means = means_of(chosen)
    wish = Wish(
        tuple(chosen.sources),
        chosen.data,
        tuple(chosen.set),
        tuple(chosen.vary),
        chosen.seeds,
        tuple(chosen.metrics),
        chosen.samples,
        chosen.epochs,
        chosen.iterations,
        chosen.budget,
    )
    study = comparison(wish, chosen.data_root)
    out = chosen.out or Path("studies") / f"{study.name}-{chosen.budget}"
    if chosen.dry_run:
        tell_plan(study, out, chosen.budget, None, means, print)
        return 0
    run_study(study, out, chosen.budget, None, means)
    return show_results(out, write_study_report(out))
