"""The open half: pages for patients, who have no account. No private key is within reach here."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("patient", __name__)
