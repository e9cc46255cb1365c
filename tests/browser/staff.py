"""Somebody of the clinic at a real browser, by the demonstration's buttons."""

from playwright.sync_api import Page

from app.storage.people import Role
from tests.web.clinic.staff import BUTTONS


def sign_in(page: Page, *roles: Role) -> None:
    """Sign in with just these roles; the page's address is relative to the server it was opened for."""
    page.goto("/clinic/sign-in")
    page.locator(f'button[name="as"][value="{BUTTONS[frozenset(roles)]}"]').click()
    page.wait_for_url(lambda address: not address.endswith("/clinic/sign-in"))
