"""`python -m equipoise` and the command `equipoise` are the command line."""

import sys


def main(arguments: "list[str] | None" = None) -> int:
    """Run one command, of these words or the process's; Ctrl-C gets its sentence from here on.

    Returns: the exit status.
    """
    try:
        from equipoise.cli.interrupts import interrupts_after_imports

        with interrupts_after_imports():
            from equipoise.cli.main import main as run

            return run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("equipoise: interrupted.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
