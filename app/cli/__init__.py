"""The command `foreword`: each module here is a verb, found by its name and imported when it is called.

A verb is a click command or group with the name of its module. Modules whose names start with `_` are no verbs.
"""

import pkgutil
from typing import Final

import click

from app.settings import StartError

CANNOT: Final = 2
"""The exit code of a command that could not do what it was asked; 1 is for one that found something wrong."""


class Verbs(click.Group):
    """The verbs in this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click passes it
        """Return the names of all verbs."""
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb, or None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        # Imported by name so that `serve` starts without the others; a verb is in this room, so no arrow can be wrong.
        verb: click.Command = pkgutil.resolve_name(f"{__name__}.{cmd_name}:{cmd_name}")
        return verb

    def invoke(self, ctx: click.Context) -> object:
        """Run a verb; when it cannot start, say every reason and exit with code 2."""
        try:
            return super().invoke(ctx)
        except StartError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            ctx.exit(CANNOT)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="foreword")
def main() -> None:
    """Serve and look after Foreword, the page your doctor reads first."""
