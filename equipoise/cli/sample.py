"""`sample`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.options import (
    add_checkpoint,
    add_data_root,
    add_device,
    generator_place,
    part,
    positive,
    seeds,
    whole,
)
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable, when_interrupted

if TYPE_CHECKING:
    from equipoise.evaluation.maker import SampleMaker, Wanted
    from equipoise.runs.shipped import Shipped
    from equipoise.runs.trained import Trained

_COUNT, _FEW, _FRAMES = 100, 10, 20
_MOVING = (".gif", ".webp", ".mp4")


def fill_sample(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample`."""
    place = "a run's directory, an exported generator, or hub:USER/NAME"
    parser.add_argument("directory", metavar="RUN", type=generator_place, help=place)
    count = f"how many samples (default: {_COUNT}; {_FEW} with --neighbours, and of each class with --class all)"
    parser.add_argument("--count", type=positive, help=count)
    out = "a .png grid, an .npz file, or a folder of PNGs; the same command completes a folder that was interrupted"
    parser.add_argument("--out", type=Path, required=True, help=out)
    parser.add_argument("--seed", type=whole, help="seed of the latents (default: 0)")
    parser.add_argument("--seeds", type=seeds, metavar="LIST", help="one sample for each seed, as in 3,7,10-20")
    named = "the name or number of a class, or all (where the run was trained with --labels)"
    parser.add_argument("--class", dest="of_class", metavar="CLASS", help=named)
    truncation = "scale latents towards their mean, from 1 (as they are) to 0 (all the same)"
    parser.add_argument("--truncation", type=part, metavar="T", help=truncation)
    best = "keep this share of the samples: those that the discriminator scores highest"
    parser.add_argument("--keep-best", type=part, metavar="SHARE", help=best)
    path = "go from seed to seed and back to the first; --out is a .png grid, .gif, .webp or .mp4 file"
    parser.add_argument("--interpolate", type=seeds, metavar="LIST", help=path)
    parser.add_argument("--frames", type=positive, help=f"from one seed to the next (default: {_FRAMES})")
    near = "a grid with the K nearest training pictures beside each sample"
    parser.add_argument("--neighbours", type=positive, metavar="K", help=near)
    by = "what is compared (default: features if the extra 'features' is installed)"
    parser.add_argument("--by", choices=("features", "pixels"), help=by)
    add_checkpoint(parser)
    add_data_root(parser)
    add_device(parser)


_APART = {
    "interpolate": ("count", "seed", "seeds", "keep_best", "neighbours"),
    "seeds": ("count", "seed", "keep_best"),
}
"""An option and those that it leaves nothing to say for."""
_ONLY_WITH = {"frames": "interpolate", "by": "neighbours", "data_root": "neighbours"}


def _check(chosen: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything heavy is imported."""
    for option, others in _APART.items():
        for other in others:
            if getattr(chosen, option) is not None and getattr(chosen, other) is not None:
                raise EquipoiseError(f"{_called(option)} and {_called(other)} cannot be combined.")
    for option, needed in _ONLY_WITH.items():
        if getattr(chosen, option) is not None and getattr(chosen, needed) is None:
            raise EquipoiseError(f"{_called(option)} has an effect only with {_called(needed)}.")
    ending = chosen.out.suffix.lower()
    if ending in _MOVING and chosen.interpolate is None:
        raise EquipoiseError(f"a {ending} file shows an interpolation: name its seeds, as in --interpolate 1,2,3.")
    if ending != ".png" and chosen.neighbours is not None:
        raise EquipoiseError(f"--neighbours draws a grid: --out must be a .png file, not {printable(chosen.out)}.")


def _called(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def sample_command(chosen: argparse.Namespace) -> int:
    """Write generated samples."""
    _check(chosen)
    from equipoise.evaluation.maker import Wanted

    given = {"seed": chosen.seed, "seeds": chosen.interpolate or chosen.seeds, "of_class": chosen.of_class}
    given |= {"truncation": chosen.truncation, "keep_best": chosen.keep_best}
    asked = Wanted(**{name: value for name, value in given.items() if value is not None})
    if chosen.interpolate is not None:
        return _write_interpolation(chosen, asked)
    if chosen.neighbours is not None:
        return _write_neighbours(chosen, asked)
    return _write_samples(chosen, asked)


def _write_samples(chosen: argparse.Namespace, asked: "Wanted") -> int:
    from equipoise.evaluation.maker import ALL
    from equipoise.evaluation.sample_files import check_place, write_samples

    check_place(chosen.out)
    opened, maker = _opened(chosen)
    count = chosen.count or (_FEW if asked.of_class == ALL else _COUNT)
    with when_interrupted(lambda: _left(chosen.out)):
        written = write_samples(maker, chosen.out, count, asked, opened.origin())
    if asked.of_class == ALL:
        print(f"The classes are, in order: {', '.join(map(printable, maker.class_names()))}")
    is_one = written.count == 1
    print(f"{counted(written.count, 'sample')} {'is' if is_one else 'are'} in {printable(chosen.out)}")
    if written.new and chosen.out.is_dir():
        rate = written.new / max(written.seconds, 1e-9)
        print(f"Made this time: {counted(written.new, 'sample')}, {rate:,.0f} a second")
    return 0


def _left(out: Path) -> str:
    """What an interrupt leaves."""
    if not out.is_dir():
        return f"interrupted; {printable(out)} was not written, and the same command starts again."
    there = counted(sum(1 for _ in out.rglob("*.png")), "sample")
    return f"interrupted; {there} in {printable(out)} so far, and the same command makes the others."


def _write_interpolation(chosen: argparse.Namespace, asked: "Wanted") -> int:
    from equipoise.evaluation.animation import check_animation, write_interpolation

    check_animation(chosen.out)
    _, maker = _opened(chosen)
    count = write_interpolation(maker, asked, chosen.frames or _FRAMES, chosen.out)
    print(f"{counted(count, 'frame')} are in {printable(chosen.out)}")
    return 0


def _write_neighbours(chosen: argparse.Namespace, asked: "Wanted") -> int:
    from equipoise.evaluation.sampling import write_picture
    from equipoise.runs.trained import Trained

    opened, _ = _opened(chosen)
    if not isinstance(opened, Trained):
        raise EquipoiseError("an exported generator has no training pictures to compare with; name the run instead.")
    found = opened.neighbours(chosen.count or _FEW, asked, chosen.neighbours, chosen.by, chosen.data_root)
    write_picture(found.picture(), chosen.out)
    print(f"In {printable(chosen.out)}: beside each sample its nearest training pictures, by {found.by}")
    return 0


def _opened(chosen: argparse.Namespace) -> "tuple[Trained | Shipped, SampleMaker]":
    """The run's generator or the exported one, and what makes its samples."""
    from equipoise.common.machine import choose_device
    from equipoise.runs.shipped import open_from_hub, open_shipped
    from equipoise.runs.trained import load_trained

    device, place = choose_device(chosen.device), chosen.directory
    shipped = None if (place / "config.yaml").is_file() else open_from_hub(place) or open_shipped(place)
    if shipped is None:
        trained = load_trained(place, device, chosen.checkpoint, print)
        return trained, trained.maker()
    if chosen.checkpoint is not None:
        raise EquipoiseError("an exported generator has no checkpoints to choose from; leave out --checkpoint.")
    return shipped, shipped.maker(str(device))
