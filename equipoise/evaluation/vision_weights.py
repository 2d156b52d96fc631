"""Published weights of DINOv2 and CLIP: read without unpickling, and renamed to our one vision transformer."""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.torch_file import begins_as_torch_file, read_torch_file
from equipoise.common.transfer import unfilled
from equipoise.networks.vision_transformer import VisionShape, VisionTransformer

_MOST_BYTES = 4 << 30
_UNUSED = re.compile(r"mask_token$|position_ids$|^text_|^logit_scale$|text_projection")
_NAMES: tuple[tuple[str, str], ...] = (
    (r"^vision_model\.", ""),
    (r"^embeddings\.", ""),
    (r"^(?:encoder\.)?(?:layers?|blocks)\.(\d+)\.", r"blocks.\1."),
    (r"attention\.output\.dense|attention\.o_proj|self_attn\.out_proj|attn\.proj", "out"),
    (r"(?:attention\.attention|attention|self_attn)\.(query|key|value|q_proj|k_proj|v_proj)", r"\1"),
    (r"attn\.qkv", "qkv"),
    (r"layer_norm(\d)", r"norm\1"),
    (r"layer_scale(\d)\.lambda1|ls(\d)\.gamma", r"scale\1\2"),
    (r"mlp\.(fc\d)", r"\1"),
    (r"^(?:patch_embeddings\.projection|patch_embed\.proj|patch_embedding)", "patches"),
    (r"^(?:cls_token|class_embedding)", "class_token"),
    (r"^(?:position_embeddings|pos_embed|position_embedding\.weight)", "positions"),
    (r"^pre_layrnorm", "first_norm"),
    (r"^(?:post_layernorm|layernorm)\.", "norm."),
    (r"^visual_projection", "projection"),
)
"""From the names of the authors' files and of the Hub's to ours, in this order."""
_THIRDS = (("query", "key", "value"), ("q_proj", "k_proj", "v_proj"))


def dinov2_network(path: Path) -> VisionTransformer:
    """DINOv2 of any size, from the authors' torch file or the Hub's safetensors.

    Raises:
        EquipoiseError: the file is missing, damaged or something else.
    """
    return _network(path, "DINOv2", lambda found: _shape(found, scales_branches=True))


def clip_network(path: Path) -> VisionTransformer:
    """CLIP's vision part with its projection, from the Hub's safetensors or torch file; its text part is left out.

    Raises:
        EquipoiseError: the file is missing, damaged or something else.
    """

    def shape(found: Mapping[str, Tensor]) -> VisionShape:
        width = len(found["projection.weight"])
        return _shape(found, projection=width, normalises_first=True, patch_bias=False, quick=True, epsilon=1e-5)

    return _network(path, "CLIP", shape)


def _network(path: Path, called: str, shape: Callable[[Mapping[str, Tensor]], VisionShape]) -> VisionTransformer:
    found = renamed(_tensors(Path(path), called))
    try:
        network = unfilled(lambda: VisionTransformer(shape(found)))
        network.load_state_dict(found)
    except (KeyError, RuntimeError, ValueError, IndexError) as error:
        raise EquipoiseError(
            f"{printable(path)} does not hold the weights of {called}'s vision transformer."
        ) from error
    return network


def _shape(found: Mapping[str, Tensor], **differences: object) -> VisionShape:
    width, _, patch, _ = found["patches.weight"].shape
    depth = 1 + max(int(name.split(".")[1]) for name in found if name.startswith("blocks."))
    grid, hidden = math.isqrt(len(found["positions"]) - 1), len(found["blocks.0.fc1.weight"])
    return VisionShape(width, depth, patch, grid, hidden, **differences)  # type: ignore[arg-type]


def renamed(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under our names, query, key and value of each block as one."""
    found: dict[str, Tensor] = {}
    for name, value in published.items():
        if not _UNUSED.search(name):
            for theirs, ours in _NAMES:
                name = re.sub(theirs, ours, name)
            found[name] = value.float()
    found = {name: _flat(name, value) for name, value in found.items()}
    for names in _THIRDS:
        for name in [name for name in found if f".{names[0]}." in name]:
            parts = [found.pop(name.replace(names[0], part), None) for part in names]
            if all(part is not None for part in parts):
                found[name.replace(names[0], "qkv")] = torch.cat([part for part in parts if part is not None])
    return found


def _flat(name: str, value: Tensor) -> Tensor:
    """The class token and the positions without the dimensions of length 1 that some files have before them."""
    wanted = {"class_token": 1, "positions": 2}.get(name, value.ndim)
    return value.reshape(value.shape[value.ndim - wanted :])


def _tensors(path: Path, called: str) -> dict[str, Tensor]:
    if not path.is_file():
        raise EquipoiseError(f"there is no file {printable(path)} with {called}'s weights.")
    if begins_as_torch_file(path):
        return read_torch_file(path, _MOST_BYTES)
    try:
        with safe_open(path, framework="pt") as opened:
            wanted = [name for name in opened.keys() if not _UNUSED.search(name)]  # noqa: SIM118
            return {name: opened.get_tensor(name) for name in wanted}
    except (OSError, SafetensorError) as error:
        raise EquipoiseError(f"{printable(path)} is neither a torch file nor safetensors: it is damaged.") from error
