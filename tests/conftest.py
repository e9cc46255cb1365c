"""What every test may ask for; each fixture lives in the module of its subject under tests/support."""

pytest_plugins = [
    "tests.support.network",
    "tests.support.postgres",
    "tests.support.database",
    "tests.support.server",
    "tests.support.browser",
    "tests.support.axe",
    "tests.support.html",
]
