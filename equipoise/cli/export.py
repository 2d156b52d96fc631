"""`export`."""

import argparse
from pathlib import Path

from equipoise.cli.options import add_checkpoint, run_directory
from equipoise.common.errors import printable


def fill_export(parser: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    parser.add_argument("directory", type=run_directory, help="the run's directory")
    out_help = (
        "a .onnx file for any runtime (needs the onnx extra), a .pt2 file for torch.export, a .safetensors file with "
        "the weights, or a folder with the weights and model.json"
    )
    parser.add_argument("--out", type=Path, required=True, help=out_help)
    add_checkpoint(parser)


def export_command(chosen: argparse.Namespace) -> int:
    """Write the generator as one file."""
    from equipoise.runs.export import export

    path = export(chosen.directory, chosen.out, chosen.checkpoint, print)
    print(f"The generator is in {printable(path)}")
    return 0
