"""The clinic's closed half: what staff pages and commands do with what patients sent, with the private keys at hand.

Nothing of the patients' pages may import it (design D-7); it must never put an answer into a log or an error.
"""
