"""Checks this implementation against proto/conformance.json. Needs no server."""

import base64
import json
import tempfile

from google.protobuf.json_format import ParseDict

import formats
from split import Books, text
from statements import Key, Statements
from stubs import PROTO, Stubs


def same(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: found {found!r}, expected {expected!r}")


def check_keys(conformance):
    for key in conformance["keys"]:
        seed = bytes.fromhex(key["seed_hex"])
        same("public key", Key(seed).public.hex(), key["public_hex"])
        same("public key as text", formats.to_text("key", Key(seed).public), key["public_text"])
        same("secret key as text", formats.to_text("secret", seed), key["secret_text"])
        same("text read", formats.from_text("secret", key["secret_text"]), seed)


def check_signed(stubs, secret_keys, signed):
    """Builds the statement from what is said of it, signs it, and gets every byte."""
    statement = ParseDict(signed["statement"], stubs.Statement())
    payload = statement.SerializeToString(deterministic=True)
    same("payload", payload.hex(), signed["payload_hex"])
    envelope = Statements(stubs).envelope(secret_keys[statement.signer], payload)
    same("PAE", formats.pae(envelope.payload_type, payload).hex(), signed["pae_hex"])
    same("signature", envelope.signature.hex(), signed["signature_hex"])
    same("envelope", envelope.SerializeToString(deterministic=True).hex(), signed["envelope_hex"])
    identity = formats.statement_id(envelope)
    same("statement id", identity.hex(), signed["statement_id_hex"])
    same("statement id as text", formats.to_text("st", identity), signed["statement_id_text"])
    same("statement opened", Statements(stubs).open(envelope), statement)
    return statement, envelope


def check_ledger(stubs, secret_keys, conformance):
    vkey = conformance["log"]["vkey"]
    entries, hashes, statements = conformance["entries"], [], []
    for entry in entries:
        statement, envelope = check_signed(stubs, secret_keys, entry)
        leaf = formats.leaf(envelope, entry["admitted_time_ms"])
        same("leaf", leaf.hex(), entry["leaf_hex"])
        same("leaf read", formats.read_leaf(leaf, stubs.Envelope), (entry["admitted_time_ms"], envelope))
        hashes.append(formats.leaf_hash(leaf))
        same("leaf hash", hashes[-1].hex(), entry["leaf_hash_hex"])
        same("root", formats.root(hashes).hex(), entry["root_hex"])
        checkpoint = formats.open_checkpoint(entry["checkpoint"], vkey)
        same("checkpoint", checkpoint, (len(hashes), formats.root(hashes)))
        statements.append((statement, formats.statement_id(envelope)))
    last = (len(hashes), formats.root(hashes))
    for entry in entries:
        leaf = bytes.fromhex(entry["leaf_hex"])
        same("receipt", formats.check_receipt(entry["receipt"], leaf, vkey), (entry["index"], last))
        same("leaf in the receipt", formats.receipt_extra(entry["receipt"]), leaf)
    agreement = statements[0][1]
    same("agreement id", formats.to_text("agr", agreement), conformance["agreement_id_text"])
    origin = f"{conformance['log']['operator']}/ledger/{conformance['agreement_id_text']}"
    same("origin", formats.read_vkey(vkey)[0], origin)
    for proof in conformance["consistency"]:
        first, second = proof["first_size"], proof["second_size"]
        path = [bytes.fromhex(sibling) for sibling in proof["path_hex"]]
        formats.check_consistency(first, formats.root(hashes[:first]), second, formats.root(hashes[:second]), path)
    vkey_there, leaves, note = formats.read_bundle(base64.b64decode(conformance["bundle_base64"]))
    same("vkey in the bundle", vkey_there, vkey)
    same("leaves in the bundle", [leaf.hex() for leaf in leaves], [entry["leaf_hex"] for entry in entries])
    same("checkpoint of the bundle", formats.open_checkpoint(note, vkey), last)
    return statements


def check_key_grants(terms, said):
    grants = [statement for statement in said if statement.WhichOneof("body") == "key_grant"]
    same("key grants", len(grants), 1)
    for statement in grants:
        grant = statement.key_grant
        [party] = [party.name for party in terms.parties if statement.signer in [key.public_key for key in party.keys]]
        message = formats.key_grant_message(statement.agreement_id, party, grant)
        formats.verify(grant.public_key, message, grant.proof)


def check_settlements(stubs, conformance, statements):
    books = Books(statements[0][0].proposal.terms)
    expected = {settlement["index"]: settlement for settlement in conformance["settlements"]}
    computed = []
    for index, (statement, identity) in enumerate(statements):
        if index in expected:
            says, shares, entitlements = books.settlement(stubs)
            computed.append(index)
            same("settlement", says, statement.settlement)
            same("shares", [text(share) for share in shares], expected[index]["shares"])
            for found, account in zip(entitlements, expected[index]["entitlements"], strict=True):
                same("entitlements", [text(entitlement) for entitlement in found], account["entitlements"])
        books.read(statement, identity)
    same("settlements computed", computed, list(expected))


def check_refused(stubs, conformance):
    for refused in conformance["refused"]:
        envelope = stubs.Envelope.FromString(bytes.fromhex(refused["envelope_hex"]))
        try:
            Statements(stubs).open(envelope)
        except formats.Unbelievable as why:
            same(refused["what"], (why.reason, why.field), (refused["reason"], refused.get("field")))
        else:
            raise SystemExit(f"{refused['what']}: let in, expected {refused['reason']}")


def main():
    conformance = json.loads((PROTO / "conformance.json").read_text())
    with tempfile.TemporaryDirectory() as directory:
        stubs = Stubs(directory)
        check_keys(conformance)
        secret_keys = {}
        for key in conformance["keys"]:
            secret = Key(bytes.fromhex(key["seed_hex"]))
            secret_keys[secret.public] = secret
        statements = check_ledger(stubs, secret_keys, conformance)
        said = [check_signed(stubs, secret_keys, signed)[0] for signed in conformance["unrecorded"]]
        check_key_grants(statements[0][0].proposal.terms, said)
        check_settlements(stubs, conformance, statements)
        check_refused(stubs, conformance)
        counts = len(statements), len(said), len(conformance["settlements"]), len(conformance["refused"])
        print("conformance: %d entries, %d other statements, %d settlements, %d refusals agree" % counts)


if __name__ == "__main__":
    main()
