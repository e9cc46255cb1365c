"""Files for the browser: named after their content, compressed once, and nothing else ever served."""

from pathlib import Path

import brotli

from app.web.assets import load_assets


def test_a_file_is_named_after_its_content(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("body { color: black }")
    assets = load_assets(tmp_path)
    assert assets["app.css"].address.startswith("/static/app.")
    assert assets["app.css"].mimetype == "text/css"
    before = assets["app.css"].address
    (tmp_path / "app.css").write_text("body { color: white }")
    assert load_assets(tmp_path)["app.css"].address != before


def test_only_what_browsers_use_is_served(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    for name in ("app.css", "step.js", "icon.svg", ".hidden", "notes.txt", "key.pem", "fonts/face.ttf"):
        (tmp_path / name).write_text("x")
    assets = load_assets(tmp_path)
    assert {name: asset.mimetype for name, asset in assets.items()} == {
        "app.css": "text/css",
        "step.js": "text/javascript",
        "icon.svg": "image/svg+xml",
    }


def test_text_is_compressed_ahead_and_a_picture_is_not_compressed_twice(tmp_path: Path) -> None:
    text = "body { color: black } " * 100
    (tmp_path / "app.css").write_text(text)
    (tmp_path / "a.png").write_bytes(b"picture")
    assets = load_assets(tmp_path)
    assert brotli.decompress(assets["app.css"].bodies["br"]).decode() == text
    assert len(assets["app.css"].bodies["br"]) < len(text) / 10
    assert set(assets["a.png"].bodies) == {""}
