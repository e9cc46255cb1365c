"""The head of a request, read by waitress: what it stumbles over is refused as well, with our page."""

from waitress.parser import HTTPRequestParser, ParsingError


class Parser(HTTPRequestParser):
    """Reads a request, and refuses one whose address is none.

    For `//[` waitress has no answer: it would close the connection without a word, and log an error that can repeat
    what was sent.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers; raises ParsingError where they are no request."""
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("the address is none") from None
