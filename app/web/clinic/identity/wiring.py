"""Flask-Security put to work inside the clinic's pages, without any page, route or cookie of its own."""

from __future__ import annotations

import secrets
from typing import Any, Final

from flask import Flask
from flask_security import Security

from app.web.clinic.identity import passwords
from app.web.clinic.identity.factors import StaffRecoveryCodes, StaffTotp
from app.web.clinic.identity.model import StaffStore
from app.web.clinic.identity.passkeys import StaffWebauthnUtil
from app.web.clinic.identity.passwords import StaffPasswordUtil, configure_cost
from app.web.clinic.session import StaffSessions
from app.web.services import get_services
from app.web.session import load_cookie_key

ISSUER: Final = "Foreword"
"""What an authenticator app calls us."""


def init_app(app: Flask) -> None:
    """Give an application its staff: sessions in the database, and Flask-Security behind our own views."""
    with app.app_context():
        services = get_services()
    settings = services.settings
    secret = load_cookie_key(settings.data)
    app.session_interface = StaffSessions(app.session_interface, services.engine, services.now, settings, secret)
    app.config.update(_configure() | configure_cost(settings.password_cost))
    passwords.init_app(app, settings.password_cost)
    security = Security(
        totp_cls=StaffTotp,
        mf_recovery_codes_util_cls=StaffRecoveryCodes,
        password_util_cls=StaffPasswordUtil,
        webauthn_util_cls=StaffWebauthnUtil,
    )
    security.init_app(app, StaffStore(), register_blueprint=False)
    # Nobody is let in by a token in a header or an address.
    security.login_manager.request_loader(_find_nobody)
    _keep_to_ourselves(app, security)


def _configure() -> dict[str, object]:
    return {
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        # No second hash under a salt from the settings: argon2 has a salt for each password.
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        # Asked for and not used: seeds are sealed by us, each to its row (identity/factors.py).
        "SECURITY_TOTP_SECRETS": {"1": secrets.token_hex()},
        "SECURITY_TOTP_ISSUER": ISSUER,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_FLASH_MESSAGES": False,
        # What changes with a network address would end sessions of staff who walk about; the id is secret enough.
        "SESSION_PROTECTION": None,
    }


def _find_nobody(_: object) -> None:
    return None


def _keep_to_ourselves(app: Flask, security: Security) -> None:
    """Take the hooks off that would have every patient's page look for a member of staff in its session."""
    ours = {security.login_manager, security.principal}
    every: tuple[dict[Any, list[Any]], ...] = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.template_context_processors,
    )
    for hooks in every:
        hooks[None] = [hook for hook in hooks[None] if not _belongs(hook, ours)]


def _belongs(hook: object, owners: set[object]) -> bool:
    return getattr(hook, "__self__", None) in owners or getattr(hook, "__module__", "") == "flask_login.utils"
