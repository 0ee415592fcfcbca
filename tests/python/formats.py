"""The bytes of Counterfoil, written from proto/README.md and from nothing else: section numbers are its own."""

import base64
import hashlib
import struct

PAYLOAD_TYPE = "application/vnd.counterfoil.statement.v1+protobuf"
PAYLOAD_BYTES_MAX = 60_000
BUNDLE_MAGIC = b"counterfoil/bundle/v1\n"


class Unbelievable(Exception):
    """Something does not verify. `reason` is the code of section 14 where there is one."""

    def __init__(self, reason, field=None):
        super().__init__(reason if field is None else f"{reason} in {field}")
        self.reason = reason
        self.field = field


def require(holds, reason, field=None):
    if not holds:
        raise Unbelievable(reason, field)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# 1 Keys: the strict rule. OpenSSL, behind `cryptography`, checks the equation, but lets weak keys and weak R pass.

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493


def decompress(encoded):
    """The point (x, y) of 32 bytes, or None. RFC 8032 section 5.1.3, but reads y >= p as other libraries do."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u:
        return None
    return (-x % P if x & 1 != sign else x), y


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def compress(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def is_weak(point):
    for _ in range(3):
        point = add(point, point)
    return point == (0, 1)


def check_key(key):
    point = decompress(key) if len(key) == 32 else None
    require(point is not None, "KEY_INVALID")
    require(compress(point) == key, "KEY_NOT_CANONICAL")
    require(not is_weak(point), "KEY_WEAK")


def verify(key, message, signature):
    """Verifies strictly; raises otherwise."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    check_key(key)
    require(len(signature) == 64, "SIGNATURE_INVALID")
    r = decompress(signature[:32])
    require(r is not None and compress(r) == signature[:32] and not is_weak(r), "SIGNATURE_INVALID")
    require(int.from_bytes(signature[32:], "little") < ORDER, "SIGNATURE_INVALID")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Unbelievable("SIGNATURE_INVALID") from None


# 2 Text forms: bech32m, after the reference code of BIP 350.

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3


def polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= generator if top >> bit & 1 else 0
    return check


def expand(kind):
    return [ord(letter) >> 5 for letter in kind] + [0] + [ord(letter) & 31 for letter in kind]


def to_text(kind, value):
    bits = int.from_bytes(value, "big") << 4  # 256 bits and four of padding: 52 characters
    data = [bits >> 5 * (51 - at) & 31 for at in range(52)]
    check = polymod(expand(kind) + data + [0] * 6) ^ BECH32M
    data += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return kind + "1" + "".join(CHARSET[value] for value in data)


def from_text(kind, text):
    require(text.startswith(kind + "1") and len(text) == len(kind) + 59, f"not a {kind}1 text")
    data = [CHARSET.find(letter) for letter in text[len(kind) + 1 :]]
    require(-1 not in data and polymod(expand(kind) + data) == BECH32M, f"not a {kind}1 text")
    bits = 0
    for value in data[:52]:
        bits = bits << 5 | value
    require(bits & 15 == 0, f"not a {kind}1 text")
    return (bits >> 4).to_bytes(32, "big")


# 4 The envelope, 5 ids, 6 leaves.


def pae(payload_type, payload):
    name = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def statement_id(envelope):
    return sha256(pae(envelope.payload_type, envelope.payload))


def leaf(envelope, admitted_time_ms):
    parts = [envelope.payload_type.encode(), envelope.payload, envelope.key, envelope.signature]
    return struct.pack(">BQ", 1, admitted_time_ms) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def read_leaf(bytes_of_leaf, new_envelope):
    """The admission time and the envelope in a leaf."""
    version, admitted = struct.unpack_from(">BQ", bytes_of_leaf)
    require(version == 1, "leaf of another version")
    at, parts = 9, []
    for _ in range(4):
        (length,) = struct.unpack_from(">H", bytes_of_leaf, at)
        parts.append(bytes_of_leaf[at + 2 : at + 2 + length])
        require(len(parts[-1]) == length, "leaf ends early")
        at += 2 + length
    require(at == len(bytes_of_leaf) and len(parts[2]) == 32 and len(parts[3]) == 64, "leaf malformed")
    payload_type, payload, key, signature = parts
    return admitted, new_envelope(payload_type=payload_type.decode(), payload=payload, key=key, signature=signature)


# 7 The tree.


def leaf_hash(bytes_of_leaf):
    return sha256(b"\0", bytes_of_leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def root(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root(hashes[:split]), root(hashes[split:]))


def check_inclusion(index, size, hashed, path, expected):
    """RFC 9162 section 2.1.3.2."""
    require(index < size and len(path) <= 63, "inclusion")
    fn, sn = index, size - 1
    for sibling in path:
        require(sn != 0, "inclusion")
        if fn & 1 or fn == sn:
            hashed = node_hash(sibling, hashed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hashed = node_hash(hashed, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and hashed == expected, "inclusion")


def check_consistency(first, first_root, second, second_root, path):
    """RFC 9162 section 2.1.4.2."""
    require(0 < first <= second and len(path) <= 63, "consistency")
    if first == second:
        require(not path and first_root == second_root, "consistency")
        return
    path = ([first_root] if first & first - 1 == 0 else []) + list(path)
    require(path, "consistency")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for sibling in path[1:]:
        require(sn != 0, "consistency")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and fr == first_root and sr == second_root, "consistency")


# 8 Checkpoints.


def key_id(name, key):
    return sha256(name.encode(), b"\n\1", key)[:4]


def read_vkey(vkey):
    """The name and the key in a vkey."""
    name, hex_id, encoded = vkey.split("+", 2)
    decoded = base64.b64decode(encoded, validate=True)
    require(len(decoded) == 33 and decoded[0] == 1, "vkey of another type")
    require(key_id(name, decoded[1:]).hex() == hex_id, "vkey with another key id")
    check_key(decoded[1:])
    return name, decoded[1:]


def open_checkpoint(note, vkey):
    """The size and root of a checkpoint, once the log's signature is verified."""
    name, key = read_vkey(vkey)
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    verified = False
    require(signatures.endswith("\n"), "note malformed")
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        require(dash == "\u2014", "note malformed")
        decoded = base64.b64decode(encoded, validate=True)
        if (signer, decoded[:4]) == (name, key_id(name, key)):
            verify(key, text.encode(), decoded[4:])
            verified = True
    require(verified, "checkpoint not signed by the log")
    origin, size, encoded_root = text.split("\n")[:3]
    require(origin == name and size == str(int(size)), "checkpoint of another log")
    root_hash = base64.b64decode(encoded_root, validate=True)
    require(len(root_hash) == 32, "checkpoint malformed")
    return int(size), root_hash


# 9 Receipts.


def check_receipt(text, bytes_of_leaf, vkey):
    """The index of a leaf and the checkpoint (size, root) it is proved under."""
    proof, note = text.split("\n\n", 1)
    header, *lines = proof.split("\n")
    require(header == "c2sp.org/tlog-proof@v1", "receipt malformed")
    if lines[0].startswith("extra "):
        lines.pop(0)
    require(lines[0].startswith("index "), "receipt malformed")
    index = int(lines.pop(0).removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in lines]
    size, root_hash = open_checkpoint(note, vkey)
    check_inclusion(index, size, leaf_hash(bytes_of_leaf), path, root_hash)
    return index, (size, root_hash)


def receipt_extra(text):
    line = text.split("\n")[1]
    require(line.startswith("extra "), "receipt without its leaf")
    return base64.b64decode(line.removeprefix("extra "), validate=True)


# 10 Bundles.


def read_bundle(data):
    """The vkey, the leaves and the note of a bundle; leaf hashes are compared, nothing else is checked."""
    require(data.startswith(BUNDLE_MAGIC), "not a bundle")
    at = len(BUNDLE_MAGIC)

    def take(length):
        nonlocal at
        require(at + length <= len(data), "bundle ends early")
        at += length
        return data[at - length : at]

    def number(form):
        return struct.unpack(form, take(struct.calcsize(form)))[0]

    vkey = take(number(">H")).decode()
    leaves = []
    for _ in range(number(">Q")):
        leaves.append(take(number(">I")))
        require(take(32) == leaf_hash(leaves[-1]), f"entry {len(leaves) - 1} was changed")
    note = take(number(">I")).decode()
    require(at == len(data), "something follows the bundle")
    return vkey, leaves, note


# 17 Key grants


def key_grant_message(agreement_id, party, grant):
    """What the new key signs over a `KeyGrant` of the party with this name."""
    limits = struct.pack(">QI", grant.expires_ms, grant.daily_max)
    return b"counterfoil key grant v1\n" + agreement_id + party.encode() + b"\n" + grant.public_key + bytes(grant.scopes) + limits
