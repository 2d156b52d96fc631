"""Every command by its word, in the order of the help."""

from equipoise.cli.command import Command
from equipoise.cli.demo import demo_command, fill_demo
from equipoise.cli.describe import fill_list, fill_show, list_command, show_command
from equipoise.cli.judging import (
    classifier_command,
    evaluate_command,
    export_command,
    fill_classifier,
    fill_evaluate,
    fill_export,
    fill_sample,
    sample_command,
)
from equipoise.cli.simulate import fill_simulate, simulate_command
from equipoise.cli.study import fill_report, fill_study, report_command, study_command
from equipoise.cli.training import fill_resume, fill_train, resume_command, train_command

COMMANDS = {
    "list": Command(
        list_command,
        "List recipes, data sets, metrics, studies and simulations.",
        "equipoise list recipes",
        fill_list,
    ),
    "show": Command(
        show_command,
        "Print an experiment's whole configuration as YAML, which train accepts back.",
        "equipoise show magan-digits > mine.yaml",
        fill_show,
    ),
    "train": Command(
        train_command,
        "Train a recipe or a YAML file.",
        "equipoise train ebgan-digits --seed 1 --epochs 50 --set algorithm.margin=5 --out runs/mine",
        fill_train,
    ),
    "resume": Command(
        resume_command,
        "Go on with an interrupted run; on the same machine it ends as if it had not been interrupted.",
        "equipoise resume runs/magan-digits-seed0",
        fill_resume,
    ),
    "sample": Command(
        sample_command,
        "Write samples of a run's generator.",
        "equipoise sample runs/magan-digits-seed0 --count 100 --out samples.png",
        fill_sample,
    ),
    "export": Command(
        export_command,
        "Write a run's generator as one file for use elsewhere.",
        "equipoise export runs/magan-digits-seed0 --out generator.onnx",
        fill_export,
    ),
    "evaluate": Command(
        evaluate_command,
        "Score a run's generator and update its report.",
        "equipoise evaluate runs/magan-digits-seed0 --metrics inception-score class-histogram",
        fill_evaluate,
    ),
    "study": Command(
        study_command,
        "Rebuild a published table or figure: only the runs that are missing, then one page.",
        "equipoise study magan-digits --seeds 5 --workers 2",
        fill_study,
    ),
    "report": Command(
        report_command,
        "Write the page of a study, of a run, or of several runs side by side.",
        "equipoise report studies/magan-digits-cpu",
        fill_report,
    ),
    "classifier": Command(
        classifier_command,
        "Train the classifier that judges the samples of a labelled data set.",
        "equipoise classifier mnist --data-root data",
        fill_classifier,
    ),
    "simulate": Command(
        simulate_command,
        "Compute one of the papers' small systems: its numbers as JSON, and a figure.",
        "equipoise simulate discrete-magan --out simulations",
        fill_simulate,
    ),
    "demo": Command(
        demo_command,
        "Compare MAGAN with fixed margins on real digits, and write one page about it.",
        "equipoise demo --out demo",
        fill_demo,
    ),
}
"""By the word that calls it."""
