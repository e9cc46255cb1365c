"""What a patient can know of what they sent: reference, when, until when it is kept, and whether it was read.

Found by the draft's secret, and still there when the draft is not. It must never hold or open an answer, nor tell who
at the clinic did what.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import g

from app.output.frame import Sent, write_day, write_moment
from app.questionnaire.handover import Handover, hash_answers
from app.storage.engine import begin_read
from app.storage.responses import ReviewStatus, StoredResponse, find_receipt
from app.vault.codes import hash_receipt
from app.vault.reference import format_reference
from app.web.i18n import choose_language, translate
from app.web.patient.current import Current, read_secret
from app.web.services import get_services


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was sent, ready to show. `address` is the staff page's; `read_on` is empty until the clinic says so.

    `is_changed` when the draft says something else than what was sent; `handover` is what the draft knows of it.
    """

    reference: str
    address: str
    version: int
    moment: str
    delete_on: str
    read_on: str
    is_changed: bool = False
    handover: Handover | None = None


def find_stored(secret: bytes) -> StoredResponse | None:
    """Return the response that was sent with this secret; looked up once a request."""
    if "receipts" not in g:
        g.receipts = {}
    receipts: dict[bytes, StoredResponse | None] = g.receipts
    if secret not in receipts:
        with begin_read(get_services().engine) as connection:
            receipts[secret] = find_receipt(connection, hash_receipt(secret))
    return receipts[secret]


def find_receipt_of(current: Current) -> Receipt | None:
    """Return what this draft's owner sent, or None when they sent nothing or the clinic has deleted it."""
    stored = find_stored(current.secret)
    if stored is None:
        return None
    handover = current.progress.sent
    edition, answers = current.served.edition, current.progress.answers
    is_changed = handover is None or handover.answers != hash_answers(edition, answers)
    return _build(stored, handover, current.progress.language, is_changed=is_changed)


def find_receipt_alone(secret: bytes) -> Receipt | None:
    """Return what was sent with this secret, without its draft."""
    stored = find_stored(secret)
    return None if stored is None else _build(stored, None, choose_language(), is_changed=False)


def find_receipt_here(current: Current | None) -> Receipt | None:
    """Return what was sent from this browser, whether or not its form is still there."""
    if current is not None:
        return find_receipt_of(current)
    secret = read_secret()
    return find_receipt_alone(secret) if secret else None


def build_sent(receipt: Receipt) -> Sent | None:
    """Return what the paper tells of the sending; nothing where the draft does not know as whom it was sent."""
    handover = receipt.handover
    if handover is None:
        return None
    remark = translate("Version %(number)s.") % {"number": handover.version}
    if receipt.is_changed:
        remark = f"{remark} {translate('Answers on this paper were changed after sending.')}"
    return Sent(
        reference=receipt.reference,
        patient=handover.patient,
        sent_at=handover.sent_at,
        address=receipt.address,
        remark=remark,
    )


def _build(stored: StoredResponse, handover: Handover | None, language: str, *, is_changed: bool) -> Receipt:
    localize, settings = get_services().localize, get_services().settings
    read_at = stored.reviewed_at if stored.review_status is ReviewStatus.COMPLETED else None
    return Receipt(
        reference=format_reference(stored.reference),
        address=f"{settings.clinic_url}/clinic/responses/{stored.reference}",
        version=handover.version if handover else stored.version,
        moment=write_moment(localize(handover.sent_at if handover else stored.sent_at), language),
        delete_on=write_day(localize(stored.delete_at), language),
        read_on=write_day(localize(read_at), language) if read_at else "",
        is_changed=is_changed,
        handover=handover,
    )
