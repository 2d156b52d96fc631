"""A server for one page on this machine: it binds to 127.0.0.1, answers GET alone, and never opens a file.

A page of another site must not reach it: the Host header has to name this machine (against DNS rebinding), and a
request that a browser says was made by another site is refused, unless it opens the page itself.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from equipoise.common.errors import EquipoiseError

ADDRESS = "127.0.0.1"
"""The one address that it listens on."""
_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_PORT = 65_535
_MOST_PARAMETERS = 20


@dataclass(frozen=True)
class Answer:
    """What is sent back.

    Attributes:
        status: of HTTP.
        content: the body.
        kind: its media type.
        headers: further ones.
    """

    status: int
    content: str
    kind: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[str, Sequence[tuple[str, str]]], Answer]
"""Given the path and the parameters of a request, the answer."""


class LocalServer(ThreadingHTTPServer):
    """Listens once it is made; `serve_forever` answers.

    Args:
        answering: makes each answer; called in several threads.
        port: 0 for any free one.

    Raises:
        EquipoiseError: the port is no port, in use or not allowed.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answering: Answering, port: int = 0) -> None:
        self.answering = answering
        if port > _MOST_PORT:
            raise EquipoiseError(f"a port is at most {_MOST_PORT}, got {port}.")
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise EquipoiseError(
                f"port {port} of {ADDRESS} cannot be used ({error.strerror}); choose another, or none for a free one."
            ) from error

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: LocalServer
    server_version, sys_version = "equipoise", ""
    timeout = 30

    def do_GET(self) -> None:
        """Answer one request."""
        self._send(self._refusal() or self._answer())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    def _refusal(self) -> Answer | None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return Answer(421, "This server answers to 127.0.0.1 and localhost alone.\n")
        site, mode, goal = (self.headers.get(f"Sec-Fetch-{name}", "none") for name in ("Site", "Mode", "Dest"))
        if site not in ("none", "same-origin") and (mode, goal) != ("navigate", "document"):
            return Answer(403, "This server answers its own page alone.\n")
        return None

    def _answer(self) -> Answer:
        try:
            parts = urlsplit(self.path)
            given = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            return Answer(400, "This is no address.\n")
        try:
            return self.server.answering(parts.path, given)
        except Exception:
            self._send(Answer(500, "Something went wrong here.\n"))
            raise

    def _send(self, answer: Answer) -> None:
        content = answer.content.encode()
        self.send_response(answer.status)
        for name, value in {**_HEADERS, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
