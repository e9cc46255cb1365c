"""What the server keeps, in SQLite or PostgreSQL: one module per stored thing.

Functions take a connection first and return dataclasses, never rows; they never decide,
and never store an answer unsealed.
"""
