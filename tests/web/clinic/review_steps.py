"""What a reviewer does, step by step, and what they see of the list."""

import re

from tests.web.patient.visitor import Document, Visitor

LINK = re.compile(r"/clinic/responses/([0-9A-Z]{5}-[0-9A-Z]{5})$")


def list_rows(visitor: Visitor) -> list[str]:
    """Return the references of the list, from top to bottom."""
    return [found.group(1) for link in visitor.document.links if (found := LINK.search(link))]


def open_response(visitor: Visitor, reference: str) -> Document:
    """Open the page of a response."""
    return visitor.get(f"/clinic/responses/{reference}")


def press(visitor: Visitor, reference: str, action: str, **typed: str) -> Document:
    """Press a button of the page that is open, with what was typed; `_` stands for a hyphen in a box's name."""
    fields = {name.replace("_", "-"): text for name, text in typed.items()}
    return visitor.post(fields, form=visitor.find_form(f"/clinic/responses/{reference}/review"), action=action)


def act(visitor: Visitor, reference: str, action: str, **typed: str) -> Document:
    """Open a response and press one of its buttons."""
    open_response(visitor, reference)
    return press(visitor, reference, action, **typed)


def use_tool(visitor: Visitor, reference: str, tool: str, **typed: str | list[str]) -> Document:
    """Fill in a tool's first page and come to its second."""
    address = f"/clinic/responses/{reference}/{tool}"
    visitor.get(address)
    fields = {name.replace("_", "-"): text for name, text in typed.items()}
    return visitor.post(fields, form=visitor.find_form(address), action="")
