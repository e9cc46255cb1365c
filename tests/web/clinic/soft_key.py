"""A passkey without a browser: a key in memory that answers as an authenticator does (WebAuthn, section 7.2)."""

import hashlib
import html
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from webauthn.helpers import bytes_to_base64url, encode_cbor

from app.storage.access import add_passkey, find_access_by_login
from app.storage.engine import begin_write
from app.web.services import get_services
from tests.web.patient.visitor import ORIGIN, Visitor

_PRESENT_AND_VERIFIED = b"\x05"
_AND_NEW = b"\x45"
_NO_MODEL = bytes(16)
_NO_COUNT = bytes(4)  # as synchronised passkeys have it


def read_challenge(visitor: Visitor) -> str:
    """Return what the page asks passkeys to sign."""
    assert visitor.last is not None
    found = re.search(r'data-passkey="([^"]+)"', visitor.last.text)
    assert found is not None
    challenge: str = json.loads(html.unescape(found.group(1)))["challenge"]
    return challenge


@dataclass
class SoftKey:
    """A passkey that asks nobody and is held by nobody."""

    private: ec.EllipticCurvePrivateKey
    credential_id: bytes

    @classmethod
    def generate(cls) -> "SoftKey":
        """Make a passkey that is nobody's yet."""
        return cls(ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32))

    @property
    def public(self) -> bytes:
        """Return the public half as an authenticator gives it (COSE)."""
        numbers = self.private.public_key().public_numbers()
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def introduce(self, challenge: str, transports: Sequence[str] = ()) -> str:
        """Return what a browser sends after making this passkey, written as the page has it."""
        said = json.dumps({"type": "webauthn.create", "challenge": challenge, "origin": ORIGIN}).encode()
        host = ORIGIN.removeprefix("https://").encode()
        known = _NO_MODEL + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.public
        data = hashlib.sha256(host).digest() + _AND_NEW + _NO_COUNT + known
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        name = bytes_to_base64url(self.credential_id)
        parts = {"clientDataJSON": bytes_to_base64url(said), "attestationObject": bytes_to_base64url(attested)}
        response = {**parts, "transports": list(transports)}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    @classmethod
    def register(cls, app: Flask, login: str) -> "SoftKey":
        """Give a person a passkey."""
        key = cls.generate()
        with app.app_context(), begin_write(get_services().engine) as connection:
            access = find_access_by_login(connection, login)
            assert access is not None
            add_passkey(
                connection,
                access.person.id,
                credential_id=key.credential_id,
                public_key=key.public,
                sign_count=0,
                name="in memory",
                transports=(),
                now=get_services().now(),
            )
        return key

    def answer(self, challenge: str) -> str:
        """Return what a browser sends after signing a challenge, written as the page has it."""
        said = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN}).encode()
        host = ORIGIN.removeprefix("https://").encode()
        data = hashlib.sha256(host).digest() + _PRESENT_AND_VERIFIED + _NO_COUNT
        signature = self.private.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        name = bytes_to_base64url(self.credential_id)
        parts = {"clientDataJSON": said, "authenticatorData": data, "signature": signature}
        response = {part: bytes_to_base64url(value) for part, value in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def sign_in(self, visitor: Visitor) -> None:
        """Sign in with this passkey alone."""
        visitor.get("/clinic/sign-in")
        form = visitor.find_form("/clinic/sign-in/passkey")
        visitor.post({"credential": self.answer(read_challenge(visitor))}, form=form)
