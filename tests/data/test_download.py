import hashlib
import io
from email.message import Message
from http.client import IncompleteRead
from urllib.error import URLError

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.data import download as module
from equipoise.data.download import RemoteFile, download

CONTENT = bytes(range(256)) * 20


class Answer(io.BytesIO):
    def __init__(self, content, url="https://example.org/file.gz"):
        super().__init__(content)
        self.url = url
        self.headers = Message()
        self.headers["Content-Length"] = str(len(content))


@pytest.fixture
def online(monkeypatch):
    """Answers every request with what the test puts in; nothing leaves the machine."""
    monkeypatch.delenv("EQUIPOISE_OFFLINE")
    asked = []

    def answer_with(answer):
        def urlopen(url, timeout):
            asked.append((url, timeout))
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(module.urllib.request, "urlopen", urlopen)
        return asked

    return answer_with


def source(url="https://example.org/file.gz"):
    return RemoteFile("example", url, "md5", hashlib.md5(CONTENT).hexdigest(), most_bytes=len(CONTENT))


def test_a_whole_file_with_the_right_digest_is_kept(online, tmp_path):
    asked = online(Answer(CONTENT))
    download(source(), tmp_path / "deep" / "file.gz")
    assert (tmp_path / "deep" / "file.gz").read_bytes() == CONTENT
    assert asked == [("https://example.org/file.gz", 20)]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(CONTENT[:-1]), "has the md5 .* and should have .*; nothing was saved"),
        (Answer(CONTENT + b"x"), "is larger than 5120 bytes; nothing was saved"),
        (Answer(CONTENT, "http://example.org/file.gz"), "redirects from https"),
        (URLError("no route to host"), "could not be downloaded from .* .no route to host."),
        (TimeoutError("timed out"), "could not be downloaded .*timed out"),
        (IncompleteRead(b""), "could not be downloaded"),
    ],
)
def test_anything_else_leaves_nothing_behind(online, tmp_path, answer, sentence):
    online(answer)
    with pytest.raises(EquipoiseError, match=sentence):
        download(source(), tmp_path / "file.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_an_old_file_alone(online, tmp_path):
    (tmp_path / "file.gz").write_bytes(b"old")
    online(Answer(b"new and wrong"))
    with pytest.raises(EquipoiseError):
        download(source(), tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == b"old"


def test_only_https_is_asked(online, tmp_path):
    asked = online(Answer(CONTENT))
    with pytest.raises(ValueError, match="must begin with https"):
        download(source(url="http://example.org/file.gz"), tmp_path / "file.gz")
    assert asked == []


def test_the_offline_switch_asks_nobody(online, tmp_path, monkeypatch):
    asked = online(Answer(CONTENT))
    monkeypatch.setenv("EQUIPOISE_OFFLINE", "1")
    with pytest.raises(EquipoiseError, match="EQUIPOISE_OFFLINE is set, so nothing is downloaded; put the file there"):
        download(source(), tmp_path / "file.gz")
    assert asked == []
