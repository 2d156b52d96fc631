"""Every set that can be downloaded is, from its public address, with its checksum and a progress bar."""

import gzip
import hashlib
import io
import tarfile
from email.message import Message

import numpy as np
import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.data import cifar10, download, mnist, stl10
from equipoise.data.cifar10 import Cifar10
from equipoise.data.download import RemoteFile
from equipoise.data.mnist import Mnist
from equipoise.data.published import Archive
from equipoise.data.stl10 import Stl10

MNIST_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist"
CIFAR_ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
STL_ADDRESS = "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"


class Answer(io.BytesIO):
    def __init__(self, content, url):
        super().__init__(content)
        self.url, self.headers = url, Message()
        self.headers["Content-Length"] = str(len(content))


@pytest.fixture
def served(monkeypatch):
    """served(address, content): the only addresses that answer; returns what was asked for and the bars shown."""
    monkeypatch.delenv("EQUIPOISE_OFFLINE")
    contents, asked, bars = {}, [], []

    def urlopen(url, timeout):
        asked.append(url)
        return Answer(contents[url], url)

    class Bar(download.tqdm):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **(options | {"file": io.StringIO(), "disable": False}))
            bars.append(self)

    monkeypatch.setattr(download.urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(download, "tqdm", Bar)

    def serve(address, content):
        contents[address] = content
        return asked, bars

    return serve


def archive_of(folder, files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def publish_mnist(monkeypatch, serve, idx_bytes):
    """Ten pictures under the published names, with checksums that fit them."""
    pictures = np.random.default_rng(0).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    described = []
    for array, file in zip((pictures, np.arange(10, dtype=np.uint8)), mnist._FILES["train"], strict=True):
        content, packed = idx_bytes(array), gzip.compress(idx_bytes(array))
        digests = [hashlib.md5(each).hexdigest() for each in (content, packed)]
        described.append(mnist._File(file.name, digests[0], len(content), digests[1]))
        seen = serve(f"{MNIST_ADDRESS}/{file.name}.gz", packed)
    monkeypatch.setattr(mnist, "_FILES", {"train": tuple(described)})
    return Mnist(), 10, seen


def publish_archive(monkeypatch, serve, module, address, files):
    real = module._archive()
    assert (real.source.url, real.source.algorithm) == (address, "md5")
    content = archive_of(real.folder, files)
    source = RemoteFile(real.source.data_set, address, "md5", hashlib.md5(content).hexdigest(), real.source.most_bytes)
    monkeypatch.setattr(module, "_archive", lambda: Archive(source, real.folder, real.most_bytes))
    return serve(address, content)


def publish_cifar10(monkeypatch, serve, idx_bytes):
    files = {f"data_batch_{number}.bin": bytes([number]) + bytes(3072) for number in range(1, 6)}
    return Cifar10(), 5, publish_archive(monkeypatch, serve, cifar10, CIFAR_ADDRESS, files)


def publish_stl10(monkeypatch, serve, idx_bytes):
    files = {"train_X.bin": bytes(2 * 27648), "train_y.bin": bytes([1, 10])}
    return Stl10("train"), 2, publish_archive(monkeypatch, serve, stl10, STL_ADDRESS, files)


every_set = pytest.mark.parametrize("publish", [publish_mnist, publish_cifar10, publish_stl10])


@every_set
def test_a_missing_set_is_downloaded_once_with_a_bar(tmp_path, monkeypatch, served, idx_bytes, publish):
    data, count, (asked, bars) = publish(monkeypatch, served, idx_bytes)
    assert len(data.load(tmp_path)) == count
    wanted = list(asked)
    assert wanted
    assert all(address.startswith("https://") for address in wanted)
    assert [bar.desc for bar in bars] == [data.name] * len(wanted)
    assert all(bar.total == bar.n > 0 for bar in bars)
    assert len(data.load(tmp_path)) == count
    assert asked == wanted


@every_set
def test_a_download_with_another_checksum_is_refused_and_not_kept(tmp_path, monkeypatch, served, idx_bytes, publish):
    data = publish(monkeypatch, served, idx_bytes)[0]
    monkeypatch.setattr(download.urllib.request, "urlopen", lambda url, timeout: Answer(b"something else", url))
    with pytest.raises(EquipoiseError, match=r"has the md5 .* and should have .*; nothing was saved"):
        data.load(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_digits_need_no_download(tmp_path):
    from equipoise.data.digits import Digits

    assert len(Digits().load(tmp_path)) == 1797
    assert list(tmp_path.iterdir()) == []
