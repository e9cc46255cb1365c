"""What a demonstration has received, for tests of pages that show it."""

from zoneinfo import ZoneInfo

from flask import Flask

from app.desk.demo import Made, fill_demonstration
from app.desk.demo_plan import Span
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read
from app.web.services import Services, get_services


def reach_services(app: Flask) -> Services:
    """Return what an application works with."""
    with app.app_context():
        return get_services()


def fill(app: Flask, count: int) -> None:
    """Have made-up patients send and made-up staff review."""
    services = reach_services(app)
    with begin_read(services.engine) as connection:
        key = find_newest_key(connection)
    assert key is not None
    span = Span(now=services.now(), days=175, zone=ZoneInfo("America/Chicago"))
    made = Made(count=count, seed="1", span=span, retention_days=180)
    edition = services.editions.get_newest().edition
    assert sum(fill_demonstration(services.engine, services.desk, key, edition, made)) == count
