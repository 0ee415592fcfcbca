"""Two parties and a running server: signs, submits, checks every receipt by itself, and computes the settlement.

Usage: session.py ADDRESS LOG_KEY   (127.0.0.1:7401 key1...)

The log's key comes from whoever starts the server, and not from the server's answers.
"""

import sys
import tempfile
import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import formats
from formats import require
from split import Books
from statements import Key, Statements
from stubs import Stubs

DAY_MS = 24 * 60 * 60 * 1_000
CALL_SECONDS_MAX = 30
START_SECONDS_MAX = 30


class Ledger:
    """One agreement on a server that is not believed. Keeps its own copy of all that was recorded."""

    def __init__(self, stubs, channel, log_key):
        self.stubs = stubs
        self.log_key = formats.from_text("key", log_key)
        self.statements = Statements(stubs)
        self.service = stubs.LedgerServiceStub(channel)
        self.hashes = []
        self.admitted = 0
        self.agreement = None
        self.vkey = None
        self.books = None

    def call(self, method, **request):
        asks = getattr(self.stubs, f"{method}Request")(**request)
        return getattr(self.service, method)(asks, timeout=CALL_SECONDS_MAX)

    def found(self, key, terms):
        envelope = self.statements.sign(key, proposal=self.stubs.Proposal(terms=terms))
        self.agreement = formats.statement_id(envelope)
        self.books = Books(terms)
        receipt = self.call("SubmitStatement", envelope=envelope).receipt
        self.vkey = self.call("GetLogKey", agreement=self.text()).verifier_key
        origin, key = formats.read_vkey(self.vkey)
        require(origin.endswith(f"/ledger/{self.text()}"), "the log speaks of another agreement")
        require(key == self.log_key, "the log signs with another key")
        self.take_in(envelope, receipt)

    def text(self):
        return formats.to_text("agr", self.agreement)

    def say(self, key, seen=None, **body):
        """Submits a statement, checks its receipt, and returns its id and the envelope."""
        envelope = self.statements.sign(key, agreement_id=self.agreement, seen=seen, **body)
        self.take_in(envelope, self.call("SubmitStatement", envelope=envelope).receipt)
        return formats.statement_id(envelope), envelope

    def take_in(self, envelope, receipt):
        leaf = formats.leaf(envelope, receipt.admitted_time_ms)
        index, (size, root) = formats.check_receipt(receipt.tlog_proof, leaf, self.vkey)
        require(index == len(self.hashes) and size == index + 1, f"recorded at {index} of {size}")
        require(not receipt.already_recorded, "a new statement was recorded before")
        require(receipt.admitted_time_ms >= self.admitted, "the admission time ran back")
        self.hashes.append(formats.leaf_hash(leaf))
        self.admitted = receipt.admitted_time_ms
        require(formats.root(self.hashes) == root, "the checkpoint covers another ledger")
        self.books.read(self.statements.open(envelope), formats.statement_id(envelope))

    def head(self):
        return len(self.hashes), formats.root(self.hashes)

    def refuses(self, envelope, code, reason, field=None):
        """Sees the server refuse an envelope by its reason, and that nothing was written."""
        try:
            self.call("SubmitStatement", envelope=envelope)
        except grpc.RpcError as error:
            status = rpc_status.from_call(error)
            infos = [detail for detail in status.details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
            require(len(infos) == 1, "an error has exactly one ErrorInfo")
            info = error_details_pb2.ErrorInfo()
            infos[0].Unpack(info)
            found = (error.code(), info.domain, info.reason, info.metadata.get("field"))
            require(found == (code, "counterfoil", reason, field), f"refused with {found}, expected {reason}")
        else:
            raise formats.Unbelievable(f"let in, expected {reason}")
        note = self.call("GetCheckpoint", agreement=self.text()).checkpoint.note
        require(formats.open_checkpoint(note, self.vkey) == self.head(), f"{reason}, and yet something was written")


def terms_of(stubs, keys):
    def ratio(numerator, denominator=1):
        return stubs.Ratio(numerator=numerator, denominator=denominator)

    everything = [stubs.SCOPE_GOVERN, stubs.SCOPE_CLAIM, stubs.SCOPE_ATTEST, stubs.SCOPE_REPORT]
    parties = [
        stubs.Party(
            name=name,
            display_name=f"The {name}",
            role=role,
            keys=[stubs.PartyKey(public_key=keys[name].public, scopes=everything)],
            govern_threshold=1,
            coefficient=ratio(1),
        )
        for name, role in [("community", stubs.ROLE_COMMUNITY), ("enterprise", stubs.ROLE_ENTERPRISE)]
    ]
    dimension = stubs.Dimension(
        name="T",
        title="Co-creation",
        weight=ratio(1),
        floor_mass=ratio(10),
        default_shares=[ratio(7, 10), ratio(3, 10)],
        coefficients=[ratio(1), ratio(1)],
    )
    return stubs.Terms(
        title="A session from another language",
        parties=parties,
        legal_text=stubs.LegalText(digest=formats.sha256(b"the text on paper"), prevails=stubs.PREVAILS_PROSE),
        currencies=[stubs.Currency(code="EUR", exponent=2)],
        dimensions=[dimension],
        units=[stubs.Unit(name="review-hour", dimension="T", points=ratio(3, 2), attestations=1)],
        streams=[stubs.Stream(name="support", title="Support", collector="enterprise", pool_rate=ratio(1, 10))],
        licences=[stubs.Licence(deliverable="code", spdx="Apache-2.0")],
    )


def contribution(stubs, now_ms, unit="review-hour", quantity=(13, 3)):
    numerator, denominator = quantity
    return stubs.Contribution(
        party="community",
        unit=unit,
        quantity=stubs.Ratio(numerator=numerator, denominator=denominator),
        work_start_ms=now_ms - 2 * DAY_MS,
        work_end_ms=now_ms - DAY_MS,
    )


def negotiate_and_work(ledger, community, enterprise):
    """Founds the agreement, and has one contribution accepted. Returns the contribution's envelope."""
    stubs, now_ms = ledger.stubs, time.time_ns() // 1_000_000
    ledger.found(community, terms_of(stubs, {"community": community, "enterprise": enterprise}))
    first = ledger.head()
    ledger.say(enterprise, seen=first, acceptance=stubs.Acceptance(proposal_id=ledger.agreement))
    claim, envelope = ledger.say(community, contribution=contribution(stubs, now_ms))
    accepted = stubs.Attestation(
        contribution_ids=[claim], verdict=stubs.VERDICT_ACCEPTED, quality=stubs.Ratio(numerator=1, denominator=2)
    )
    own = ledger.statements.sign(community, agreement_id=ledger.agreement, attestation=accepted)
    ledger.refuses(own, grpc.StatusCode.FAILED_PRECONDITION, "OWN_CONTRIBUTION")
    ledger.say(enterprise, seen=ledger.head(), attestation=accepted)
    answer = ledger.call("ProveConsistency", agreement=ledger.text(), first_size=1)
    formats.check_consistency(*first, *ledger.head(), answer.path)
    return envelope


def settle(ledger, community, enterprise):
    """Reports and confirms a benefit; the settlement computed here is the one the server lets in."""
    stubs = ledger.stubs
    reported, _ = ledger.say(
        enterprise,
        benefit=stubs.Benefit(
            stream="support", currency="EUR", amount_minor=1_000_017, evidence_digest=formats.sha256(b"invoices")
        ),
    )
    ledger.say(community, benefit_confirmation=stubs.BenefitConfirmation(benefit_ids=[reported]))
    says, _, _ = ledger.books.settlement(stubs)
    wrong = stubs.Settlement()
    wrong.CopyFrom(says)
    wrong.accounts[0].parties[0].allocation_minor += 1
    wrong = ledger.statements.sign(community, agreement_id=ledger.agreement, settlement=wrong)
    ledger.refuses(wrong, grpc.StatusCode.FAILED_PRECONDITION, "SPLIT_MISMATCH")
    ledger.say(community, seen=ledger.head(), settlement=says)


def submit_again(ledger, envelope, index):
    """The same envelope again: the same index, and a fresh receipt that holds."""
    receipt = ledger.call("SubmitStatement", envelope=envelope).receipt
    leaf = formats.leaf(envelope, receipt.admitted_time_ms)
    proved, checkpoint = formats.check_receipt(receipt.tlog_proof, leaf, ledger.vkey)
    require((proved, receipt.index, receipt.already_recorded) == (index, index, True), "not the receipt of the first time")
    require(checkpoint == ledger.head(), "not a fresh receipt")


def be_refused(ledger, community, envelope):
    """Changed bytes, strangers and nonsense: each refused by its own reason, nothing written."""
    stubs, invalid = ledger.stubs, grpc.StatusCode.INVALID_ARGUMENT
    for field in ("payload", "signature"):
        changed = stubs.Envelope()
        changed.CopyFrom(envelope)
        value = bytearray(getattr(changed, field))
        value[len(value) // 2] ^= 1
        setattr(changed, field, bytes(value))
        ledger.refuses(changed, invalid, "SIGNATURE_INVALID")
    unknown_field = ledger.statements.envelope(community, envelope.payload + b"\xf8\x07\x01")
    ledger.refuses(unknown_field, invalid, "NOT_CANONICAL")
    now_ms = time.time_ns() // 1_000_000

    def claim(key, **says):
        return ledger.statements.sign(key, agreement_id=ledger.agreement, contribution=contribution(stubs, now_ms, **says))

    ledger.refuses(claim(Key()), grpc.StatusCode.PERMISSION_DENIED, "SIGNER_NOT_PARTY")
    ledger.refuses(claim(community, quantity=(0, 1)), invalid, "QUANTITY_ZERO", "contribution.quantity")
    ledger.refuses(claim(community, quantity=(2, 4)), invalid, "RATIO_NOT_REDUCED", "contribution.quantity")
    ledger.refuses(claim(community, unit="wishes"), grpc.StatusCode.FAILED_PRECONDITION, "UNKNOWN_UNIT")


def audit(ledger):
    """Reads the exported bundle: every leaf, signature and the checkpoint; every settlement computed again."""
    chunks = ledger.service.ExportBundle(ledger.stubs.ExportBundleRequest(agreement=ledger.text()), timeout=CALL_SECONDS_MAX)
    vkey, leaves, note = formats.read_bundle(b"".join(chunk.chunk for chunk in chunks))
    require(vkey == ledger.vkey, "the bundle names another key of the log")
    require([formats.leaf_hash(leaf) for leaf in leaves] == ledger.hashes, "the bundle holds other entries")
    require(formats.open_checkpoint(note, vkey) == ledger.head(), "the bundle's checkpoint is another")
    books = None
    for leaf in leaves:
        _, envelope = formats.read_leaf(leaf, ledger.stubs.Envelope)
        statement = ledger.statements.open(envelope)
        if books is None:
            books = Books(statement.proposal.terms)
        if statement.WhichOneof("body") == "settlement":
            require(books.settlement(ledger.stubs)[0] == statement.settlement, "a settlement does not follow")
        books.read(statement, formats.statement_id(envelope))


def main(address, log_key):
    community, enterprise = Key(), Key()
    with tempfile.TemporaryDirectory() as directory, grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(timeout=START_SECONDS_MAX)
        ledger = Ledger(Stubs(directory), channel, log_key)
        envelope = negotiate_and_work(ledger, community, enterprise)
        settle(ledger, community, enterprise)
        submit_again(ledger, envelope, 2)
        be_refused(ledger, community, envelope)
        audit(ledger)
        print(f"session: {len(ledger.hashes)} entries of {ledger.text()} recorded, every receipt checked")


if __name__ == "__main__":
    main(*sys.argv[1:])
