"""Somebody else's website: a real second server on this machine.

On the same host it is another origin, under the name `localhost` another site. Each refusal that a test sees in the
browser has its counterpart, which shows that the browser would have done it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOSTS = ["127.0.0.1", "localhost"]


@dataclass
class OtherSite:
    """Somebody else's website: `pages` are its pages by path."""

    port: int
    pages: dict[str, str] = field(default_factory=dict)

    def name(self, host: str, path: str) -> str:
        """Return the address of a page."""
        return f"http://{host}:{self.port}{path}"


@contextmanager
def serve_other_site() -> Iterator[OtherSite]:
    """Serve somebody else's website until the block ends."""
    pages: dict[str, str] = {"/own": "<title>Own</title><p>a page of its own</p>"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(urlsplit(self.path).path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield OtherSite(server.server_port, pages)
    server.shutdown()
    server.server_close()
    thread.join()
