"""What the security tests ask for: the shell on its own, and the whole application with its staff."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.courier import Courier, send_courier
from tests.cli.conftest import run
from tests.deploy.proxies import Proxy
from tests.desk.conftest import any_clinic, clinic
from tests.security.grounds import Grounds, open_grounds
from tests.security.observatory.grading import open_site
from tests.security.other_site import OtherSite, serve_other_site
from tests.support.server import Server
from tests.web.clinic.conftest import administrator, app, clinic_app, clinic_template, clock, sign_in, template, visitor
from tests.web.conftest import probe, proxied_probe, public_probe

__all__ = [
    "administrator",
    "any_clinic",
    "app",
    "clinic",
    "clinic_app",
    "clinic_template",
    "clock",
    "probe",
    "proxied_probe",
    "public_probe",
    "run",
    "sign_in",
    "template",
    "visitor",
]


@pytest.fixture(scope="session")
def browser(whole_browser: Browser) -> Browser:
    """Give the whole browser: what other sites can do with a page in it is asked here."""
    return whole_browser


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """Open every page of a real server as everybody, once for all tests of this process."""
    with open_grounds(tmp_path_factory.mktemp("grounds")) as grounds:
        yield grounds


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Serve patients and staff through nginx with TLS, by a program each."""
    with open_site(tmp_path_factory.mktemp("site")) as proxy:
        yield proxy


@pytest.fixture
def other_site() -> Iterator[OtherSite]:
    """Serve somebody else's website."""
    with serve_other_site() as site:
        yield site


@pytest.fixture
def stranger(browser: Browser, live_server: Server) -> Iterator[Courier]:
    """Give a person with answers in an open form, whose browser is not watched: other sites may fail in it."""
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        courier.send({"age": "34"})
        yield courier
