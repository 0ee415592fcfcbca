"""Statements: signing them, and opening envelopes as section 13 orders."""

import math
import secrets
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message import DecodeError

import formats
from formats import require


class Key:
    """A secret key of a party."""

    def __init__(self, seed=None):
        self.secret = Ed25519PrivateKey.from_private_bytes(seed or secrets.token_bytes(32))
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self.secret.sign(message)


class Statements:
    """Signs and opens with the generated messages in `messages`."""

    def __init__(self, messages):
        self.messages = messages

    def sign(self, key, agreement_id=b"", seen=None, **body):
        """Signs one statement; `body` is its kind and what it says."""
        statement = self.messages.Statement(
            agreement_id=agreement_id,
            signer=key.public,
            nonce=secrets.token_bytes(16),
            claimed_time_ms=time.time_ns() // 1_000_000,
            **body,
        )
        if seen is not None:
            statement.seen.tree_size, statement.seen.root = seen
        return self.envelope(key, statement.SerializeToString(deterministic=True))

    def envelope(self, key, payload):
        signature = key.sign(formats.pae(formats.PAYLOAD_TYPE, payload))
        return self.messages.Envelope(
            payload_type=formats.PAYLOAD_TYPE, payload=payload, key=key.public, signature=signature
        )

    def open(self, envelope):
        """The statement in an envelope, or the reason why there is none."""
        require(len(envelope.payload) <= formats.PAYLOAD_BYTES_MAX, "PAYLOAD_TOO_LARGE")
        require(envelope.payload_type == formats.PAYLOAD_TYPE, "PAYLOAD_TYPE_UNKNOWN")
        formats.verify(envelope.key, formats.pae(envelope.payload_type, envelope.payload), envelope.signature)
        try:
            statement = self.messages.Statement.FromString(envelope.payload)
            check_numbers(envelope.payload, self.messages.Statement.DESCRIPTOR)
        except DecodeError:
            raise formats.Unbelievable("STATEMENT_MALFORMED") from None
        known = self.messages.Statement()
        known.CopyFrom(statement)
        known.DiscardUnknownFields()
        canonical = known.SerializeToString(deterministic=True)
        require(canonical == envelope.payload, "NOT_CANONICAL")
        require(statement.signer == envelope.key, "SIGNER_MISMATCH", "signer")
        kind = statement.WhichOneof("body")
        require(kind is not None, "FIELD_MISSING", "body")
        check_fractions(getattr(statement, kind), kind)
        if kind == "contribution":
            require(statement.contribution.quantity.numerator > 0, "QUANTITY_ZERO", "contribution.quantity")
        return statement


def check_numbers(data, descriptor):
    """Refuses numbers of 2^64 and more, which protobuf's decoder for Python wraps. `data` decodes, so it is well formed."""
    at = 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            value |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                break
        if value >= 2**64:
            raise DecodeError("a number of 2^64 or more")
        return value

    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            number()
        elif tag & 7 == 2:
            length = number()
            end = at + length
            field = descriptor.fields_by_number.get(tag >> 3)
            if field is not None and field.message_type is not None:
                check_numbers(data[at:end], field.message_type)
            elif field is not None and field.type not in (field.TYPE_BYTES, field.TYPE_STRING):
                while at < end:  # packed numbers
                    number()
            at = end
        else:
            at += {1: 8, 5: 4}.get(tag & 7, 0)  # only of fields that nobody knows, which are not canonical anyway


def check_fractions(message, path):
    """Checks every fraction in a message. The other limits of fields are the server's to check."""
    if message.DESCRIPTOR.name == "Ratio":
        require(message.denominator != 0, "RATIO_DENOMINATOR_ZERO", path)
        require(math.gcd(message.numerator, message.denominator) == 1, "RATIO_NOT_REDUCED", path)
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.is_repeated:
            for at, item in enumerate(value):
                check_fractions(item, f"{path}.{field.name}[{at}]")
        else:
            check_fractions(value, f"{path}.{field.name}")
