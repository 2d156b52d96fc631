"""Every command by its word, in the order of the help."""

from equipoise.cli import classifier, demo, evaluate, export, report, resume, sample, simulate, study, train
from equipoise.cli.describe import LIST, SHOW

COMMANDS = {
    "list": LIST,
    "show": SHOW,
    "train": train.COMMAND,
    "resume": resume.COMMAND,
    "sample": sample.COMMAND,
    "export": export.COMMAND,
    "evaluate": evaluate.COMMAND,
    "study": study.COMMAND,
    "report": report.COMMAND,
    "classifier": classifier.COMMAND,
    "simulate": simulate.COMMAND,
    "demo": demo.COMMAND,
}
"""By the word that calls it."""
