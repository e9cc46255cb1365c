"""A request, read by waitress: what it stumbles over is refused as well, with our page."""

from waitress.parser import HTTPRequestParser, ParsingError


class Parser(HTTPRequestParser):
    """Reads one request, whatever comes behind it, and refuses one whose address is none.

    For `//[` waitress has no answer: it would close the connection without a word, and log an error that can repeat
    what was sent.
    """

    is_followed = False
    """Whether more was sent before the answer to it was read."""

    def received(self, data: bytes) -> int:
        """Take in what belongs to the request, and return how much was used; behind a whole one the rest is dropped."""
        used = super().received(data)
        if not self.completed or self.empty:
            return used
        self.is_followed = bool(data[used:].strip(b"\r\n"))  # old browsers send an empty line behind a form
        return len(data)

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers; raises ParsingError where they are no request."""
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("the address is none") from None
