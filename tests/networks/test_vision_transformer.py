"""Our one vision transformer with random weights in the true layouts, against transformers' DINOv2 and CLIP."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.backbones import clip_vit_l14_336, dinov2_vit_l14
from equipoise.evaluation.vision_weights import clip_network, dinov2_network
from equipoise.networks.vision_transformer import VisionShape, VisionTransformer

WIDTH, PROJECTED = 128, 32


def randomised(network: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    for value in network.parameters():
        value.data = torch.randn(value.shape, generator=generator) / max(1, value[0].numel()) ** 0.5
    return network.eval()


@pytest.fixture(scope="module")
def transformers() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    return pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def dinov2(transformers: Any) -> Any:
    size = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": WIDTH // 64}
    return randomised(transformers.Dinov2Model(transformers.Dinov2Config(image_size=42, patch_size=14, **size)))


@pytest.fixture(scope="module")
def clip(transformers: Any) -> Any:
    size = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": WIDTH // 64}
    config = transformers.CLIPVisionConfig(
        image_size=42, patch_size=14, intermediate_size=200, projection_dim=PROJECTED, **size
    )
    return randomised(transformers.CLIPVisionModelWithProjection(config))


def as_the_hub_has_it(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names of the published safetensors, which transformers renames when it loads them since version 5."""
    names = {"attention.q_proj": "attention.attention.query", "attention.k_proj": "attention.attention.key"}
    names |= {"attention.v_proj": "attention.attention.value", "attention.o_proj": "attention.output.dense"}
    return {_replaced(name, names): value for name, value in state.items()}


def as_the_authors_have_it(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names and shapes of the authors' torch file."""
    names = {"embeddings.cls_token": "cls_token", "embeddings.mask_token": "mask_token", "encoder.layer.": "blocks."}
    names |= {
        "embeddings.position_embeddings": "pos_embed",
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
    }
    names |= {"layer_scale1.lambda1": "ls1.gamma", "layer_scale2.lambda1": "ls2.gamma", "layernorm": "norm"}
    names |= {"attention.o_proj": "attn.proj"}
    found = {_replaced(name, names): value for name, value in state.items() if not re.search("[qkv]_proj", name)}
    for name in [name for name in state if "q_proj" in name]:
        parts = [state[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")]
        found[_replaced(name.replace("attention.q_proj", "attn.qkv"), names)] = torch.cat(parts)
    return found


def _replaced(name: str, names: dict[str, str]) -> str:
    for theirs, ours in names.items():
        name = name.replace(theirs, ours)
    return name


def images(side: int) -> Tensor:
    return torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layout", ["as transformers 5", "hub", "authors"])
def test_dinov2_is_that_of_transformers(layout: str, dinov2: Any, tmp_path: Path) -> None:
    state = dinov2.state_dict()
    path = tmp_path / "weights"
    if layout == "authors":
        torch.save(as_the_authors_have_it(state), path)
    else:
        save_file(as_the_hub_has_it(state) if layout == "hub" else state, path)
    with torch.no_grad():
        expected = dinov2(images(42)).last_hidden_state[:, 0]
        found = dinov2_network(path).eval()(images(42))
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("as_torch", [False, True])
def test_clip_is_that_of_transformers_and_its_text_part_is_left_out(as_torch: bool, clip: Any, tmp_path: Path) -> None:
    text = {"text_model.embeddings.token_embedding.weight": torch.ones(2, 2), "logit_scale": torch.tensor(1.0)}
    state = clip.state_dict() | text | {"vision_model.embeddings.position_ids": torch.arange(10)[None]}
    path = tmp_path / "weights"
    torch.save(state, path) if as_torch else save_file(state, path)
    with torch.no_grad():
        expected = clip(images(42)).image_embeds
        found = clip_network(path).eval()(images(42))
    assert tuple(found.shape) == (3, PROJECTED)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_network_that_was_built_in_memory_takes_every_weight_as_its_own() -> None:
    network = VisionTransformer(VisionShape(WIDTH, 1, 14, 3, 16, scales_branches=True))
    numbered = {name: torch.full_like(value, place) for place, (name, value) in enumerate(network.state_dict().items())}
    network.load_state_dict(numbered)
    for name, value in network.state_dict().items():
        assert torch.equal(value, numbered[name]), name


def test_positions_are_interpolated_as_in_dinov2s_code() -> None:
    network = VisionTransformer(VisionShape(WIDTH, 1, 14, 4, 16))
    nn.init.normal_(network.positions, generator=torch.Generator().manual_seed(0))
    found = network._positions_for(3)
    known = network.positions[1:].reshape(4, 4, WIDTH).permute(2, 0, 1)[None]
    expected = functional.interpolate(known, scale_factor=(3.1 / 4, 3.1 / 4), mode="bicubic")
    torch.testing.assert_close(found[1:], expected[0].flatten(1).T)
    torch.testing.assert_close(found[0], network.positions[0])
    assert network._positions_for(4) is network.positions


def test_the_extractors_see_what_the_papers_networks_saw(dinov2: Any, clip: Any, tmp_path: Path) -> None:
    save_file(dinov2.state_dict(), tmp_path / "dinov2")
    save_file(clip.state_dict(), tmp_path / "clip")
    pictures = torch.randint(0, 256, (2, 3, 20, 30), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = dinov2_vit_l14(tmp_path / "dinov2")
    assert (found.resize, tuple(found(pictures).features.shape)) == ("clean to 224", (2, WIDTH))
    embedded = clip_vit_l14_336(tmp_path / "clip")
    assert embedded.resize == "clean to 336"
    torch.testing.assert_close(embedded(pictures).features.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("load", [dinov2_vit_l14, clip_vit_l14_336])
def test_other_files_get_one_sentence(load: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights"
    with pytest.raises(EquipoiseError, match="give its weights to equipoise score, as in --weights"):
        load(None)
    with pytest.raises(EquipoiseError, match="there is no file"):
        load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(EquipoiseError, match="neither a torch file nor safetensors"):
        load(path)
    save_file({"blocks.0.fc1.weight": torch.ones(2, 2)}, path)
    with pytest.raises(EquipoiseError, match="vision transformer"):
        load(path)
    torch.save({"a": torch.ones(2)}, path)
    with pytest.raises(EquipoiseError, match="vision transformer"):
        load(path)
