"""security.md S37 and section 3: Mozilla's Observatory grades what patients and staff open, through nginx with TLS."""

import pytest

from tests.deploy.proxies import Proxy
from tests.security.observatory.grading import SITES, grade

LEAST = 135


@pytest.mark.parametrize(("host", "path"), SITES)
def test_the_observatory_finds_nothing_to_better(host: str, path: str, site: Proxy) -> None:
    found = grade(site, host, path)
    assert found.status == 200
    assert found.failed == ()
    assert found.score >= LEAST, str(found)
    assert found.grade == "A+"
