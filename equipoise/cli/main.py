"""The command line: `equipoise COMMAND ...`. Nothing heavy is imported before a command needs it."""

import argparse
import signal
import sys
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

from equipoise import __version__
from equipoise.cli.catalogue import COMMANDS
from equipoise.cli.interrupts import interrupts_after_imports
from equipoise.cli.streams import discard, prepare_streams
from equipoise.common.errors import EquipoiseError, Interrupted, UnknownName, printable, shortened
from equipoise.common.files import local_path
from equipoise.common.plugins import load_plugin
from equipoise.common.say import speaks

_USER_ERROR = 2
_SIGNAL_EXIT = 128
_LONGEST = 4000
"""The longest error message, in characters: enough for two of the longest paths."""


class _Parser(argparse.ArgumentParser):
    """Errors are one sentence, and a mistyped command gets a suggestion."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self.of_commands: dict[str, _Parser] = {}

    @property
    def options(self) -> list[str]:
        """The long names of its options."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def error(self, message: str) -> NoReturn:
        self.exit(_USER_ERROR, f"equipoise: {shortened(message, _LONGEST)}. See: {self.prog} --help\n")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Unlike the original's, one sentence that a type says is kept, also where it is a ValueError."""
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            if isinstance(error.__context__, EquipoiseError):
                raise error.__context__ from None
            raise

    def _print_message(self, message: str, file: Any = None) -> None:
        """Unlike the original's, a failure is not ignored."""
        print(message, end="", file=file or sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns: 0, or 2 after one clear sentence on stderr, or 128 + n after signal n."""
    prepare_streams()
    try:
        with interrupts_after_imports():
            return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Interrupted as error:
        status = _SIGNAL_EXIT + error.signal_number
        return _refuse(error, status) if speaks() else status
    except EquipoiseError as error:
        return _refuse(error, _USER_ERROR)
    except KeyboardInterrupt:
        return _refuse("interrupted.", _SIGNAL_EXIT + signal.SIGINT)
    except UnicodeEncodeError as error:
        return _refuse(
            f"a name contains characters that {error.encoding} cannot represent; set LC_ALL=C.UTF-8.", _USER_ERROR
        )
    except BrokenPipeError:
        discard(sys.stdout)
        return 1
    except OSError as error:
        place = f" of {printable(error.filename)}" if error.filename else ""
        discard(sys.stdout)
        return _refuse(f"reading or writing{place} failed: {error.strerror or error}.", _USER_ERROR)


def _run(words: list[str]) -> int:
    """The command's exit status, once what it printed has arrived."""
    try:
        words = _without_plugins(words)
        if words and not words[0].startswith("-") and words[0] not in COMMANDS:
            raise UnknownName("command", words[0], COMMANDS)
        parser = _parser(words)
        chosen, unknown = parser.parse_known_args(words)
        if unknown:
            _refuse_unknown_words(parser, chosen.command, unknown)
        return COMMANDS[chosen.command].run(chosen)
    finally:
        sys.stdout.flush()


def _without_plugins(words: Sequence[str]) -> list[str]:
    """Execute the file of each `--plugin FILE`, wherever it stands. Returns: the other words."""
    rest, following = [], iter(words)
    for word in following:
        option, equals, file = word.partition("=")
        if option != "--plugin":
            rest.append(word)
        elif file := file if equals else next(following, ""):
            load_plugin(local_path(file))
        else:
            raise EquipoiseError("--plugin needs a file, as in --plugin my_method.py.")
    return rest


def _refuse(reason: object, status: int) -> int:
    print(f"equipoise: {shortened(reason, _LONGEST)}", file=sys.stderr)
    return status


def _refuse_unknown_words(parser: "_Parser", command: str, unknown: Sequence[str]) -> NoReturn:
    """A mistyped option gets a suggestion, and any other word a way to the command's help."""
    of_command = parser.of_commands[command]
    if unknown[0].startswith("--"):
        option = unknown[0].partition("=")[0]
        raise UnknownName(f"option of {command}", option, of_command.options)
    of_command.error(f"unrecognized arguments: {' '.join(unknown)}")


def _parser(words: Collection[str] = COMMANDS) -> _Parser:
    """The parser of a line of words: only commands that occur in it get their arguments."""
    about = "Train GANs that stay in balance, and measure whether they did."
    parser = _Parser(prog="equipoise", allow_abbrev=False, description=about)
    plugin = "execute a file of yours first, which registers your own methods; may be repeated"
    parser.add_argument("--plugin", metavar="FILE.py", help=plugin)
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
        if name in words:
            command.fill(subparser)
        parser.of_commands[name] = subparser
    return parser


if __name__ == "__main__":
    sys.exit(main())
