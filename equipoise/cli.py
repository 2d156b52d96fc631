"""The command line: `equipoise COMMAND ...`. Nothing heavy is imported before a command needs it."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from equipoise import __version__
from equipoise.commands.catalogue import COMMANDS
from equipoise.common.errors import EquipoiseError, UnknownName, printable

USER_ERROR = 2
_SIGNAL_EXIT = 128


class _Parser(argparse.ArgumentParser):
    """Complaints are one sentence, and a mistyped command is told the nearest one."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"equipoise: {printable(message)}. See: {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns: 0, or 2 after one clear sentence on stderr, or 128 + n after signal n."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _refuse_unknown_command(words)
        chosen = _parser().parse_args(words)
        return COMMANDS[chosen.command].run(chosen)
    except EquipoiseError as error:
        print(f"equipoise: {printable(error)}", file=sys.stderr)
        return _SIGNAL_EXIT + getattr(error, "signal_number", USER_ERROR - _SIGNAL_EXIT)
    except KeyboardInterrupt:
        print("equipoise: interrupted.", file=sys.stderr)
        return _SIGNAL_EXIT + 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _refuse_unknown_command(words: Sequence[str]) -> None:
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise UnknownName("command", words[0], COMMANDS)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="equipoise", description="Train GANs that stay in balance, and prove that they did.")
    parser.add_argument("--version", action="version", version=f"equipoise {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.fill(subparser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
