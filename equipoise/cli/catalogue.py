"""Every command by its name, in the order of the help."""

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

COMMANDS = {
    "list": listing.COMMAND,
    "show": show.COMMAND,
    "doctor": doctor.COMMAND,
    "train": train.COMMAND,
    "resume": resume.COMMAND,
    "sample": sample.COMMAND,
    "explore": explore.COMMAND,
    "export": export.COMMAND,
    "card": card.COMMAND,
    "push": push.COMMAND,
    "evaluate": evaluate.COMMAND,
    "score": score.COMMAND,
    "compare": compare.COMMAND,
    "study": study.COMMAND,
    "show-study": show_study.COMMAND,
    "report": report.COMMAND,
    "classifier": classifier.COMMAND,
    "simulate": simulate.COMMAND,
    "demo": demo.COMMAND,
}
"""By name."""
