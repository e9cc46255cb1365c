"""Files for the browser: read once at the start, compressed ahead of time, named after their content.

A name that holds its content's hash can be kept by the browser for ever (S6 asks for the opposite of pages). Nothing is
looked up on disk by a name that came with a request.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import brotli
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import NotFound

from app.settings import find_resource
from app.web.compression import FILE_ENCODINGS, choose_encoding

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_HASH_LENGTH: Final = 12
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
}  # not the machine's own table, which differs from one to the next
_PACKED: Final = frozenset({".png"})  # compressed by its own format


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file for the browser, in every encoding it is sent in."""

    address: str
    mimetype: str
    bodies: Mapping[str, bytes]
    """By the name of the encoding; "" is the file as it is."""


def load_assets(folder: Path) -> dict[str, Asset]:
    """Return the assets of a folder by the name a template gives them; its folders are not for browsers."""
    return {path.name: _load_asset(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES}


def init_app(app: Flask) -> None:
    """Serve the files of `static/`, and give templates `asset_url(name)`."""
    assets = load_assets(find_resource("static"))
    by_address = {asset.address: asset for asset in assets.values()}
    blueprint = Blueprint("assets", __name__)

    @blueprint.get("/static/<name>")
    def show(name: str) -> Response:
        asset = by_address.get(f"/static/{name}")
        if asset is None:
            raise NotFound
        return _answer(asset)

    def asset_url(name: str) -> str:
        return assets[name].address

    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset_url"] = asset_url


def _load_asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]
    bodies = {"": content}
    if path.suffix not in _PACKED:
        bodies["br"] = brotli.compress(content)
        bodies["gzip"] = gzip.compress(content, mtime=0)
    return Asset(
        address=f"/static/{path.stem}.{digest}{path.suffix}",
        mimetype=_TYPES[path.suffix],
        bodies=bodies,
    )


def _answer(asset: Asset) -> Response:
    encoding = choose_encoding(request, FILE_ENCODINGS) if len(asset.bodies) > 1 else ""
    response = Response(asset.bodies[encoding], mimetype=asset.mimetype)
    response.headers["Cache-Control"] = _FOR_EVER
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
