"""How far long work is: a bar on a terminal, and one plain line at its end where nobody watches."""

import sys
from collections.abc import Iterable, Iterator

import click


def show_progress(label: str, steps: Iterable[int], length: int) -> Iterator[int]:
    """Give each step, which is a number of things done, and show on standard error how far of `length` that is."""
    if not sys.stderr.isatty():
        done = 0
        for step in steps:
            done += step
            yield step
        if done:
            click.echo(f"{label}: {done} of {max(length, done)}", err=True)
        return
    with click.progressbar(length=max(length, 1), label=label, file=sys.stderr) as bar:
        for step in steps:
            yield step
            bar.update(step)
