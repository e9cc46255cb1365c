"""What the security tests ask for: the shell on its own, and the whole application with its staff."""

from tests.web.clinic.conftest import administrator, app, clinic_app, clinic_template, clock, sign_in, template, visitor
from tests.web.conftest import probe, proxied_probe, public_probe

__all__ = [
    "administrator",
    "app",
    "clinic_app",
    "clinic_template",
    "clock",
    "probe",
    "proxied_probe",
    "public_probe",
    "sign_in",
    "template",
    "visitor",
]
