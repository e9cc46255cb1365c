"""The core: what is asked, of whom, and what was answered.

Knows no web, no database and no clock; it must never store, send or decide anything about a person.
"""
