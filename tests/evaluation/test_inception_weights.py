"""The published weights: only the published bytes, never unpickled, and kept as safetensors once they were read."""

from pathlib import Path

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.files import sha256_of
from equipoise.evaluation import inception_weights
from equipoise.evaluation.features import InceptionExtractor
from equipoise.evaluation.inception_weights import inception_network, kept_weights, weights_are_kept

pytestmark = pytest.mark.lengthy


@pytest.fixture
def published(inception: InceptionExtractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file like the published one, as torch wrote it then, whose digest takes the place of the published one."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "pt_inception.pth"
    state = {name: value for name, value in inception.network.state_dict().items() if "num_batches" not in name}
    torch.save(state, path, _use_new_zipfile_serialization=False)
    monkeypatch.setattr(inception_weights, "PUBLISHED_SHA256", sha256_of(path))
    return path


def test_the_published_file_gives_the_numbers_of_the_direct_load_and_is_kept_as_safetensors(
    published: Path, inception: InceptionExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    real = inception_weights.read_torch_file
    monkeypatch.setattr(inception_weights, "read_torch_file", lambda path: reads.append(path) or real(path))
    assert not weights_are_kept()
    found = inception_network(published).state_dict()
    assert list(found) == list(inception.network.state_dict())
    assert all(torch.equal(found[name], value) for name, value in inception.network.state_dict().items())
    assert InceptionExtractor.from_file(kept_weights()).weights_hash == inception.weights_hash
    inception_network(published)
    assert reads == [published]
    whole = bytearray(kept_weights().read_bytes())
    whole[-1] ^= 1
    kept_weights().write_bytes(whole)
    inception_network(published)
    assert reads == [published, published], "kept weights were used although they had been damaged"
    assert weights_are_kept()


def test_a_torch_file_with_another_digest_is_refused(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    digest = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
    with pytest.raises(EquipoiseError, match=f"that of the FID reference's weights is {digest}"):
        InceptionExtractor.from_file(published)
