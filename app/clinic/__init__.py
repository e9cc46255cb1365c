"""The clinic's open half: who it is, what it has set, and sealing what patients send to it.

No private key is within its reach: patients' pages may use all of it (design D-7).
"""
