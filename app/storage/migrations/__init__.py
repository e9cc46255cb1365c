"""Alembic's steps from an empty database to today's tables.

They run forward only: the way back is a backup. They may never read or change what is sealed.
"""
