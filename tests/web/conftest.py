"""The web shell on its own, as a running server."""

from collections.abc import Iterator

import pytest

from tests.web.probe import Probe, start_probe


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    """Start the shell for this machine, once for the tests of one file."""
    probe = start_probe(tmp_path_factory.mktemp("probe"))
    yield probe
    probe.stop()


@pytest.fixture(scope="module")
def public_probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    """Start the shell for https://clinic.example, behind no proxy that it trusts."""
    probe = start_probe(tmp_path_factory.mktemp("probe"), public_url="https://clinic.example")
    yield probe
    probe.stop()


@pytest.fixture(scope="module")
def proxied_probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    """Start the shell for https://clinic.example, behind one proxy that it trusts."""
    probe = start_probe(tmp_path_factory.mktemp("probe"), public_url="https://clinic.example", trusted_hops=1)
    yield probe
    probe.stop()
