"""Reviewers: they open, note, claim and mark reviewed, often one response at once, and write down what they saw."""

import random
import re

from tests.torture.client import StoppedError, Traffic, find_form
from tests.torture.clinic import Member
from tests.torture.ledger import Ledger
from tests.torture.patients import OddError
from tests.web.patient.visitor import Document

_LINK = re.compile(r"/clinic/responses/([0-9A-Z]{5}-[0-9A-Z]{5})$")
_NOTE = re.compile(r"<bdi>(noted [^<]+)</bdi>")
_REST = 0.1


class Reviewer:
    """One reviewer who is signed in."""

    def __init__(self, member: Member, seed: str, traffic: Traffic, ledger: Ledger) -> None:
        """Choose what they do by the seed."""
        self._client, self._who = member.client, member.login
        self._traffic, self._ledger = traffic, ledger
        self._chance = random.Random(f"{seed}/{member.login}")  # noqa: S311 - what they do, not a secret
        self._notes = 0

    def work(self) -> None:
        """Review one response after another until it is over."""
        try:
            while True:
                references = self.list_references()
                if references:
                    self._review(self._chance.choice(references))
                if self._traffic.over.wait(_REST):
                    return
        except StoppedError:
            pass
        finally:
            self._client.close()

    def list_references(self) -> list[str]:
        """Return what the list shows first."""
        path, page = self._client.open("/clinic/responses")
        if path != "/clinic/responses" or page.status != 200:
            raise OddError(f"{self._who}: the list is not shown but {path} ({page.status})")
        return [found[1] for link in page.document.links if (found := _LINK.search(link))]

    def _review(self, reference: str) -> None:
        address = f"/clinic/responses/{reference}"
        _, page = self._client.open(address)
        if page.status in {404, 410}:
            return  # erased meanwhile: it was past its time
        form = find_form(page.document, f"{address}/review")
        if form is None:
            raise OddError(f"{self._who}: {address} ({page.status}) has no form")
        act = self._choose(page.document)
        self._notes += 1
        text = f"noted {self._who} {self._notes}" if act == "note" or self._chance.random() < 0.3 else ""
        number = self._ledger.write("acting", self._who, reference=reference, act=act, note=text)
        typed = {"note": [text], "action": [act]}
        reply = self._client.insist("POST", form.action, {**form.fields, **typed})
        if reply.location:
            self._ledger.write("acted", self._who, of=number)
            if text:
                _, shown = self._client.open(address)
                self._ledger.write("seen", self._who, of=number, notes=read_notes(shown.body.decode()))
        elif reply.status not in {404, 409, 410}:
            raise OddError(f"{self._who}: {form.action} was answered with {reply.status}")

    def _choose(self, document: Document) -> str:
        acts = ["note", "note", "note"]
        text = document.text
        acts += ["claim", "claim"] if "Take it for review" in text else []
        acts += ["complete"] if "Mark reviewed" in text else []
        return self._chance.choice(acts)


def read_notes(html: str) -> list[str]:
    """Return the notes of these reviewers on a response's page."""
    return _NOTE.findall(html)
