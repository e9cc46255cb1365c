"""The symbols of codes that people read and type, and what is forgiven whoever types one."""

from typing import Final

SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U

# An explicit table, because str.upper() also turns letters of other alphabets into ASCII ones.
_FORGIVE: Final = {
    **str.maketrans(SYMBOLS.lower(), SYMBOLS),
    **str.maketrans("OoIiLlUu", "001111VV"),
    **dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212")),  # what keyboards make of a hyphen
}


def read_symbols(typed: str) -> str:
    """Return what was typed without spaces and hyphens, in capitals and with look-alikes in the place they stand for.

    >>> read_symbols(" 0o-l1 u")
    '0011V'
    """
    return "".join(typed.split()).translate(_FORGIVE)
