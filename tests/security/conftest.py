"""The web shell on its own, for what must hold whatever pages there are."""

from tests.web.conftest import probe, proxied_probe, public_probe

__all__ = ["probe", "proxied_probe", "public_probe"]
