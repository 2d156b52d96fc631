"""`explore`."""

import argparse
import os
import sys

from equipoise.cli.options import add_checkpoint, add_device, generator_place, whole
from equipoise.common.errors import printable


def fill_explore(parser: argparse.ArgumentParser) -> None:
    """The arguments of `explore`."""
    help_text = "a run's directory, also while it trains, or an exported generator"
    parser.add_argument("what", type=generator_place, metavar="RUN", help=help_text)
    parser.add_argument("--port", type=whole, default=0, help="of 127.0.0.1 (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    add_checkpoint(parser)
    add_device(parser)


def explore_command(chosen: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    import torch

    from equipoise.common.machine import choose_device
    from equipoise.reports.explorer import Explorer
    from equipoise.reports.local_server import LocalServer
    from equipoise.runs.explored import open_source

    torch.set_num_threads(1)  # a training beside it keeps its cores
    source = open_source(chosen.what, choose_device(chosen.device), chosen.checkpoint)
    with LocalServer(Explorer(source, chosen.what).answer, chosen.port) as server:
        print(f"{printable(chosen.what)} is shown at {server.url} to this machine alone; Ctrl-C ends it.", flush=True)
        if not chosen.no_browser:
            _open_browser(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nThe page has ended.")
    return 0


def _open_browser(url: str) -> None:
    """In a window; never a text browser in this terminal."""
    import webbrowser

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    webbrowser.open(url)
