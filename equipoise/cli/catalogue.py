"""Every command by its name, in the order of the help."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from equipoise.cli import (
    card,
    classifier,
    compare,
    demo,
    doctor,
    evaluate,
    explore,
    export,
    push,
    report,
    resume,
    sample,
    score,
    show,
    show_study,
    simulate,
    study,
    train,
)
from equipoise.cli import list as listing


@dataclass(frozen=True)
class Command:
    """One command of the command line.

    Attributes:
        run: does the work. Returns: the exit status.
        fill: adds its arguments to a parser.
        summary: one sentence about it.
        example: a line that works.
    """

    run: Callable[[argparse.Namespace], int]
    fill: Callable[[argparse.ArgumentParser], None]
    summary: str
    example: str


COMMANDS = {
    "list": Command(
        listing.list_command,
        listing.fill_list,
        "List everything that has a name: recipes, data sets, metrics, studies, losses, networks and so on.",
        "equipoise list recipes",
    ),
    "show": Command(
        show.show_command,
        show.fill_show,
        "Print an experiment's whole configuration as YAML, to edit and pass to train.",
        "equipoise show magan-digits > mine.yaml",
    ),
    "doctor": Command(
        doctor.doctor_command,
        doctor.fill_doctor,
        "Look at a folder of pictures and at this machine: what `train` would choose, and how long it would take.",
        "equipoise doctor photos/",
    ),
    "train": Command(
        train.train_command,
        train.fill_train,
        "Train on a folder of pictures, or a recipe, or a YAML file.",
        "equipoise train photos/ --time 30m\n"
        "  equipoise train ebgan-digits --seed 1 --epochs 50 --set algorithm.margin=5 --out runs/mine",
    ),
    "resume": Command(
        resume.resume_command,
        resume.fill_resume,
        "Resume an interrupted run, or go on beyond the end of a finished one; on the same machine nothing shows the "
        "stop.",
        "equipoise resume runs/magan-digits-seed0",
    ),
    "sample": Command(
        sample.sample_command,
        sample.fill_sample,
        "Save samples of a run's generator, or of an exported one: pictures, an interpolation, or their neighbours.",
        "equipoise sample runs/magan-digits-seed0 --count 100 --out samples.png",
    ),
    "explore": Command(
        explore.explore_command,
        explore.fill_explore,
        "Look around in a run's generator on a page in your browser, also while it trains.",
        "equipoise explore runs/magan-digits-seed0",
    ),
    "export": Command(
        export.export_command,
        export.fill_export,
        "Export a run's generator to one file, for use elsewhere.",
        "equipoise export runs/magan-digits-seed0 --out generator.onnx",
    ),
    "card": Command(
        card.card_command,
        card.fill_card,
        "Write a run's model card: data, training, scores, samples, licence and limits.",
        "equipoise card runs/magan-digits-seed0 --licence cc0-1.0",
    ),
    "push": Command(
        push.push_command,
        push.fill_push,
        "Put a run's generator and its model card on the Hugging Face hub.",
        "equipoise push runs/magan-digits-seed0 user/magan-digits --licence cc0-1.0",
    ),
    "evaluate": Command(
        evaluate.evaluate_command,
        evaluate.fill_evaluate,
        "Score a run's generator and update its report.",
        "equipoise evaluate runs/magan-digits-seed0 --metrics inception-score class-histogram",
    ),
    "score": Command(
        score.score_command,
        score.fill_score,
        "Score generated images against real ones: two folders, archives, data sets or a run.",
        "equipoise score photos/ samples/ --json scores.json",
    ),
    "compare": Command(
        compare.compare_command,
        compare.fill_compare,
        "Compare losses, recipes or settings on your data: train each with several seeds, test the differences.",
        "equipoise compare gan-digits magan-digits --seeds 5",
    ),
    "study": Command(
        study.study_command,
        study.fill_study,
        "Rebuild a published table or figure, or carry out a study of your own: train the missing runs, write one "
        "report.",
        "equipoise study magan-digits --seeds 5 --workers 2",
    ),
    "show-study": Command(
        show_study.show_study_command,
        show_study.fill_show_study,
        "Print a study as YAML, to be changed and run with study.",
        "equipoise show-study magan-digits > mine.yaml",
    ),
    "report": Command(
        report.report_command,
        report.fill_report,
        "Write the report of a study, of a run, or of several runs side by side.",
        "equipoise report studies/magan-digits-cpu",
    ),
    "classifier": Command(
        classifier.classifier_command,
        classifier.fill_classifier,
        "Train the classifier that scores samples of a labelled data set.",
        "equipoise classifier mnist --data-root data",
    ),
    "simulate": Command(
        simulate.simulate_command,
        simulate.fill_simulate,
        "Solve one of the papers' small example systems: write its numbers as JSON, and a figure.",
        "equipoise simulate discrete-magan --out simulations",
    ),
    "demo": Command(
        demo.demo_command,
        demo.fill_demo,
        "Try four ideas of the papers on small data, and write one page with the verdicts.",
        "equipoise demo --out demo",
    ),
}
"""By name."""
