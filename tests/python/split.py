"""The split of section 11: what a settlement says, from the statements of a ledger that the law let in."""

from collections import defaultdict
from fractions import Fraction
from math import floor

import formats


def text(number):
    return str(number)  # Fraction writes `7/12`, `1`, `0` and `-3/2` by itself


def digest(kind, numbers):
    return formats.sha256(f"counterfoil {kind} v1\n".encode(), *(text(number).encode() + b"\n" for number in numbers))


def exact(ratio):
    return Fraction(ratio.numerator, ratio.denominator)


def largest_remainder(entitlements):
    if sum(entitlements) < 0:
        return [-part for part in largest_remainder([-exact_part for exact_part in entitlements])]
    parts = [floor(entitlement) for entitlement in entitlements]
    left = sum(entitlements) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda party: parts[party] - entitlements[party])
    for party in by_remainder[: int(left)]:
        parts[party] += 1
    return parts


class Books:
    """Reads a ledger's statements in order, and computes a settlement at its end."""

    def __init__(self, terms):
        self.terms = terms
        self.size = 0
        self.party_of = {key.public_key: at for at, party in enumerate(terms.parties) for key in party.keys}
        self.units = {unit.name: unit for unit in terms.units}
        self.claims = {}  # statement id -> [party, unit, quantity, {party: quality}, withdrawn]
        self.benefits = {}  # statement id -> [stream, currency, amount, confirmed by the next settlement or earlier]
        self.reversals = {}  # statement id -> (benefit, amount)
        self.waiting = []  # benefits confirmed since the last settlement
        self.instalments = []  # (shares, {(currency, stream): net gross})
        self.allocations = defaultdict(lambda: [0] * len(terms.parties))

    def read(self, statement, statement_id):
        self.size += 1
        kind = statement.WhichOneof("body")
        body = getattr(statement, kind)
        party = self.party_of[statement.signer]
        if kind == "contribution":
            unit = self.units[body.unit]
            self.claims[statement_id] = [party, unit, exact(body.quantity), {}, False]
        elif kind == "contribution_withdrawal":
            self.claims[body.contribution_id][4] = True
        elif kind == "attestation" and body.HasField("quality"):
            for contribution in body.contribution_ids:
                self.claims[contribution][3][party] = exact(body.quality)
        elif kind == "attestation":
            for contribution in body.contribution_ids:
                self.claims[contribution][4] = True
        elif kind == "benefit":
            self.benefits[statement_id] = [body.stream, body.currency, body.amount_minor, None]
        elif kind == "benefit_confirmation":
            self.waiting += body.benefit_ids
        elif kind == "reversal":
            self.reversals[statement_id] = (body.benefit_id, body.amount_minor)
        elif kind == "reversal_confirmation":
            for reversal in body.reversal_ids:
                benefit, amount = self.reversals[reversal]
                stream, currency, _, instalment = self.benefits[benefit]
                if instalment is None:
                    self.benefits[benefit][2] -= amount
                else:
                    self.instalments[instalment][1][currency, stream] -= amount
        elif kind == "settlement":
            self.instalments, self.waiting = self.with_waiting(), []
            self.allocations.update(
                (account.currency, [line.allocation_minor for line in account.parties]) for account in body.accounts
            )

    def shares(self):
        terms = self.terms
        blend = [Fraction(0)] * len(terms.parties)
        for dimension in terms.dimensions:
            points = [Fraction(0)] * len(terms.parties)
            for party, unit, quantity, judgements, gone in self.claims.values():
                counted = unit.dimension == dimension.name and len(judgements) >= unit.attestations and not gone
                if counted:
                    points[party] += quantity * exact(unit.points) * min(judgements.values())
            weighted = [exact(a) * x for a, x in zip(dimension.coefficients, points)]
            total, floor_mass = sum(weighted), exact(dimension.floor_mass)
            for party, default in enumerate(dimension.default_shares):
                if total >= floor_mass and total > 0:
                    share = weighted[party] / total
                elif total < floor_mass:
                    share = (weighted[party] + (floor_mass - total) * exact(default)) / floor_mass
                else:
                    share = exact(default)
                blend[party] += exact(dimension.weight) * share
        scored = [exact(party.coefficient) * q for party, q in zip(terms.parties, blend)]
        return [score / sum(scored) for score in scored]

    def with_waiting(self):
        """The instalments, with one more for what was confirmed since the last settlement."""
        gross = defaultdict(int)
        for benefit in self.waiting:
            stream, currency, amount, _ = self.benefits[benefit]
            gross[currency, stream] += amount
            self.benefits[benefit][3] = len(self.instalments)
        return self.instalments + [(self.shares(), gross)]

    def settlement(self, messages):
        """What a settlement of all entries so far says, and the exact numbers its digests cover."""
        before = {benefit: list(values) for benefit, values in self.benefits.items()}
        instalments = self.with_waiting()
        self.benefits = before
        says = messages.Settlement(tree_size=self.size, shares_digest=digest("shares", instalments[-1][0]))
        exact_entitlements = []
        for currency in self.terms.currencies:
            entitlements, pooled = self.entitlements(currency.code, instalments)
            exact_entitlements.append(entitlements)
            allocations = largest_remainder(entitlements)
            parties = [
                messages.PartyAccount(allocation_minor=now, due_minor=now - then)
                for now, then in zip(allocations, self.allocations[currency.code])
            ]
            says.accounts.add(
                currency=currency.code,
                pool_minor=pooled,
                entitlements_digest=digest("entitlements", entitlements),
                parties=parties,
            )
        return says, instalments[-1][0], exact_entitlements

    def entitlements(self, currency, instalments):
        entitlements, pooled = [Fraction(0)] * len(self.terms.parties), 0
        for stream in self.terms.streams:
            gross, pool = 0, 0
            for shares, net in instalments:
                gross += net[currency, stream.name]
                more = floor(exact(stream.pool_rate) * gross) - pool
                pool += more
                entitlements = [owed + share * more for owed, share in zip(entitlements, shares)]
            pooled += pool
        return entitlements, pooled
