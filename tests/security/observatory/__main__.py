"""`python -m tests.security.observatory` prints how Mozilla's Observatory grades what patients and staff open."""

import tempfile
from pathlib import Path

import click

from tests.security.observatory.grading import SITES, grade, open_site


def main() -> None:
    """Grade each address and print a line for it."""
    with tempfile.TemporaryDirectory() as folder, open_site(Path(folder)) as proxy:
        for host, path in SITES:
            click.echo(str(grade(proxy, host, path)))


if __name__ == "__main__":
    main()
