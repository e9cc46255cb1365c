"""People of the clinic as Flask-Security sees them: its user, its role and its store, over our own tables.

The store reads and writes in transactions of its own; it never gives away somebody who left, or who belongs to a
demonstration that is over.
"""

from __future__ import annotations

from typing import Any, cast

from flask_security import RoleMixin, UserDatastore, UserMixin

from app.storage.access import Access, find_access_by_login, find_access_by_uniquifier, replace_hash
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.web.services import get_services


class StaffRole(RoleMixin):
    """A role, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


class Member(UserMixin):
    """Somebody who signs in, or is signed in."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.password = access.password_hash
        self.fs_uniquifier = access.uniquifier
        self.fs_webauthn_user_handle = access.passkey_handle
        self.email = access.person.login
        self.active = is_admitted(access)
        self.roles = [StaffRole(role) for role in sorted(access.person.roles)]

    fs_uniquifier = ""  # Flask-Security looks for it on the class


class StaffStore(UserDatastore):
    """The tables of people, as far as Flask-Security needs them."""

    def __init__(self) -> None:
        super().__init__(user_model=Member, role_model=StaffRole)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Member | None:  # noqa: ANN401, ARG002, FBT001, FBT002  Flask-Security's signature
        """Return a person by what ties their session to them, or by their sign-in name."""
        ((name, value),) = kwargs.items()
        find = {"fs_uniquifier": find_access_by_uniquifier, "email": find_access_by_login}[name]
        with begin_read(get_services().engine) as connection:
            access = find(connection, str(value))
        return None if access is None else Member(access)

    def find_role(self, role: str) -> StaffRole | None:
        """Return a role by its name."""
        return StaffRole(role) if role in set(Role) else None

    def put(self, model: object) -> object:
        """Store a password that was hashed anew: all that Flask-Security itself changes in a person."""
        member = cast("Member", model)
        old, new = member.access.password_hash, member.password
        if old and new and old != new:
            with begin_write(get_services().engine) as connection:
                replace_hash(connection, member.access.person.id, old, new)
        return model

    def commit(self) -> None:
        """Do nothing: what is put is stored."""


def is_admitted(access: Access) -> bool:
    """Tell whether a person may be let in at all."""
    person = access.person
    return person.is_active and bool(person.roles) and (not person.is_demonstration or get_services().settings.is_demo)
