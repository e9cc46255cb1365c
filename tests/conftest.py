"""What every test may ask for; each fixture lives in the module of its subject under tests/support."""

from tests.support.examples import register_profiles

pytest_plugins = [
    "tests.support.network",
    "tests.support.postgres",
    "tests.support.database",
    "tests.support.redis",
    "tests.support.server",
    "tests.support.browser",
    "tests.support.axe",
    "tests.support.html",
]

register_profiles()
