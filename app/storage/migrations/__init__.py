"""Alembic's steps from an empty database to today's tables.

They run forward only: the way back is a backup. They may never read or change what is sealed.

An old program and a new one may work with one database at the same time, so that a clinic is updated without closing.
From 0005 on each migration says in `oldest_program` which program, by the revision it knows, still works with what it
leaves behind. One that names an older program than itself only expands: a column it adds may be null or has a default,
what refers to a table of old goes with its rows, and nothing of old is dropped, renamed, narrowed or made unique. What
is of no use any more goes in a later release, in a migration that names itself or the first program that did without;
older programs do not start on that.

A table of personal facts is erased with its response by the database (ON DELETE CASCADE): an old program knows nothing
of it. An index on a table of old is made by `indexes.make_index`.
"""
