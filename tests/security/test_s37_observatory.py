"""security.md S37 and section 3: Mozilla's Observatory grades what patients and staff open, through nginx with TLS."""

from collections.abc import Iterator

import pytest

from tests.deploy.proxies import Proxy
from tests.security.observatory.grading import SITES, grade, open_site

LEAST = 135


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Serve patients and staff through nginx."""
    with open_site(tmp_path_factory.mktemp("observatory")) as proxy:
        yield proxy


@pytest.mark.parametrize(("host", "path"), SITES)
def test_the_observatory_finds_nothing_to_better(host: str, path: str, site: Proxy) -> None:
    found = grade(site, host, path)
    assert found.status == 200
    assert found.failed == ()
    assert found.score >= LEAST, str(found)
    assert found.grade == "A+"
