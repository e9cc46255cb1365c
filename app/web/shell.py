"""The application object, and what surrounds all its pages; it must never know a question or an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, NoReturn
from wsgiref.types import WSGIEnvironment

from flask import Flask, Request, current_app, g
from flask.templating import Environment
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined, Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from app.bounded import Bounded
from app.logs import record_failure
from app.settings import find_resource
from app.web.client import find_client

MAX_BODY: Final = 400 * 1024
"""The most bytes a form may have. S22 says 256 KiB, but forty medicines written in emoji are 389 KB on the wire."""

MAX_FIELDS: Final = 1000
"""The most fields a form may have (S22): the longest page has some dozens."""

FormKeeper = Callable[[MultiDict[str, str]], ResponseReturnValue | None]
"""Draws a page again with everything just typed on it, or gives None where the address is no such page (S38)."""

_EXTENSION: Final = "foreword-shell"


@dataclass(slots=True, kw_only=True)
class Shell:
    """What surrounds the pages of one application."""

    problem_pages: dict[int, bytes] = field(default_factory=dict)
    """The error pages by status, ready made: nothing that is broken can keep one from being shown. Always this dict."""
    problem_pages_below: dict[str, Mapping[int, bytes]] = field(default_factory=dict)
    """Other error pages for what is below an address, by that address."""
    keep_form: FormKeeper | None = None
    """Set by the pages that have something to keep when a form's token has died."""
    keep_unsaved: FormKeeper | None = None
    """Set by the pages that have something to keep when the database does not answer."""
    keep_broken: FormKeeper | None = None
    """Set by the pages that have something to keep when the program itself breaks or is closed for a moment."""
    readiness: dict[str, Bounded[object]] = field(default_factory=dict)
    """What must work before /readyz says so: a name for the operator, and a call that raises when it does not."""
    is_stopping: bool = False
    """Set when the program is told to stop: requests are still answered, and /readyz says that others do it better."""

    def find_problem_pages(self, path: str) -> Mapping[int, bytes]:
        """Return the error pages for an address."""
        below = (pages for top, pages in self.problem_pages_below.items() if path == top or path.startswith(f"{top}/"))
        return next(below, self.problem_pages)


class FormRequest(Request):
    """A request that takes no file, and that knows its client by an address and nothing else."""

    def __init__(self, environ: WSGIEnvironment, *args: Any, **more: Any) -> None:  # noqa: ANN401  Werkzeug's
        super().__init__(environ, *args, **more)
        self.remote_addr = find_client(environ)

    def _get_file_stream(self, *_: object, **__: object) -> NoReturn:
        # Called when a file part's header has been read: nothing of the file is kept, in memory or on disk (S21).
        raise UnsupportedMediaType


class PageTemplate(Template):
    """A template whose components are imported once, and not at every page: a fifth of a question page's work."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002  Jinja passes it
        # Jinja compares the page's globals with the component's each time; here both are the application's.
        if self._module is None:
            self._module = self.make_module()
        return self._module


class PageEnvironment(Environment):
    """Flask's templates, with ours in place of Jinja's."""

    template_class = PageTemplate


class WebApp(Flask):
    """A Flask application with this program's folders, and without the habits that do not hold here."""

    request_class = FormRequest
    jinja_environment = PageEnvironment
    jinja_options = {  # noqa: RUF012  Flask declares it so
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "auto_reload": False,
    }

    def __init__(self) -> None:
        super().__init__("app", template_folder=str(find_resource("templates")), static_folder=None)
        self.debug = False  # whatever the environment says (S33)
        self.extensions[_EXTENSION] = Shell()
        self.url_map.merge_slashes = False  # it answers with a redirect that repeats the address
        self.config.update(
            MAX_CONTENT_LENGTH=MAX_BODY,
            MAX_FORM_MEMORY_SIZE=MAX_BODY,
            MAX_FORM_PARTS=MAX_FIELDS,
            PROVIDE_AUTOMATIC_OPTIONS=False,
            PROPAGATE_EXCEPTIONS=False,
        )

    def select_jinja_autoescape(self, filename: str | None) -> bool:  # noqa: ARG002  Flask passes it
        """Escape in every template, whatever its name ends in (S27)."""
        return True

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: no view and no hook here is a coroutine, and a page asks this twelve times."""
        return func

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Log a failure's type and place: Flask would log the path, and the exception's text with an answer in it."""
        record_failure(exc_info[1], "page failed", request=g.begun[0] if "begun" in g else "none")


def get_shell(app: Flask | None = None) -> Shell:
    """Return what surrounds the pages of an application; without one, of the one that answers this request."""
    shell: Shell = (app or current_app).extensions[_EXTENSION]
    return shell
