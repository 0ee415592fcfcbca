//! The limits of what is said about money besides benefits, and in disputes.

use bytes::Bytes;
use counterfoil::proto::counterfoil::v1::{
    Acknowledgement, Closing, Cost, CostConfirmation, Dispute, Evidence, NilReport, Offer, Outcome, Payment,
    PaymentConfirmation, Ruling, statement::Body,
};

use super::{Reasons, digest, numbered, ratio, statement, table};

fn long() -> String {
    "x".repeat(2_001)
}

pub(super) fn limits(met: &mut Reasons) {
    costs(met);
    periods(met);
    payments(met);
    outcomes(met);
    disputes(met);
}

fn costs(met: &mut Reasons) {
    let cost = Cost {
        category: "compute".into(),
        currency: "EUR".into(),
        amount_minor: 1,
        invoice_digest: digest(1),
        note: String::new(),
    };
    table(
        cost,
        |c| statement(Body::Cost(c)),
        &[
            ("cost.category", "FIELD_MISSING", |c| c.category.clear()),
            ("cost.currency", "NAME_INVALID", |c| c.currency = "eur".into()),
            ("cost.amount_minor", "FIELD_ZERO", |c| c.amount_minor = 0),
            ("cost.invoice_digest", "FIELD_MISSING", |c| c.invoice_digest = Bytes::new()),
            ("cost.note", "FIELD_TOO_LONG", |c| c.note = long()),
        ],
        met,
    );
    table(
        CostConfirmation { cost_ids: vec![digest(1)] },
        |c| statement(Body::CostConfirmation(c)),
        &[
            ("cost_confirmation.cost_ids", "FIELD_MISSING", |c| c.cost_ids.clear()),
            ("cost_confirmation.cost_ids", "LIST_TOO_LONG", |c| c.cost_ids = (0..1_001).map(numbered).collect()),
            ("cost_confirmation.cost_ids[1]", "LIST_DUPLICATE", |c| c.cost_ids = vec![digest(1); 2]),
        ],
        met,
    );
}

fn periods(met: &mut Reasons) {
    table(
        NilReport { stream: "support".into(), period: 0 },
        |n| statement(Body::NilReport(n)),
        &[
            ("nil_report.stream", "FIELD_MISSING", |n| n.stream.clear()),
            ("nil_report.stream", "NAME_INVALID", |n| n.stream = "x".repeat(65)),
        ],
        met,
    );
    table(
        statement(Body::Closing(Closing { period: 0 })),
        |statement| statement,
        &[("seen", "FIELD_MISSING", |s| s.seen = None)],
        met,
    );
    table(
        Acknowledgement { tree_size: 1 },
        |a| statement(Body::Acknowledgement(a)),
        &[("acknowledgement.tree_size", "FIELD_ZERO", |a| a.tree_size = 0)],
        met,
    );
}

fn payments(met: &mut Reasons) {
    let payment = Payment {
        tree_size: 1,
        payee: "community".into(),
        currency: "EUR".into(),
        amount_minor: 1,
        evidence_digest: digest(1),
        note: String::new(),
    };
    table(
        payment,
        |p| statement(Body::Payment(p)),
        &[
            ("payment.tree_size", "FIELD_ZERO", |p| p.tree_size = 0),
            ("payment.payee", "FIELD_MISSING", |p| p.payee.clear()),
            ("payment.currency", "FIELD_MISSING", |p| p.currency.clear()),
            ("payment.amount_minor", "FIELD_ZERO", |p| p.amount_minor = 0),
            ("payment.evidence_digest", "FIELD_LENGTH", |p| p.evidence_digest = vec![1; 20].into()),
            ("payment.note", "FIELD_TOO_LONG", |p| p.note = long()),
        ],
        met,
    );
    table(
        PaymentConfirmation { payment_ids: vec![digest(1)] },
        |p| statement(Body::PaymentConfirmation(p)),
        &[
            ("payment_confirmation.payment_ids", "FIELD_MISSING", |p| p.payment_ids.clear()),
            ("payment_confirmation.payment_ids[1]", "LIST_DUPLICATE", |p| p.payment_ids = vec![digest(1); 2]),
        ],
        met,
    );
}

fn outcome(subject: u8, remedy: i32) -> Outcome {
    Outcome { subject_id: digest(subject), remedy, ..Outcome::default() }
}

/// One outcome of every remedy.
fn all() -> Vec<Outcome> {
    vec![
        outcome(1, 1),
        outcome(2, 2),
        Outcome { quality: ratio(0, 1), ..outcome(3, 3) },
        Outcome { party: "community".into(), ..outcome(4, 4) },
        Outcome { amount_minor: 7, ..outcome(5, 5) },
    ]
}

fn outcomes(met: &mut Reasons) {
    table(
        all(),
        |outcomes| statement(Body::Dispute(Dispute { outcomes, reason: "Not theirs".into() })),
        &[
            ("dispute.outcomes", "LIST_TOO_SHORT", |o| o.clear()),
            ("dispute.outcomes", "LIST_TOO_LONG", |o| *o = vec![Outcome::default(); 1_001]),
            ("dispute.outcomes[0].subject_id", "FIELD_MISSING", |o| o[0].subject_id = Bytes::new()),
            ("dispute.outcomes[4].subject_id", "LIST_DUPLICATE", |o| o[4].subject_id = digest(1)),
            ("dispute.outcomes[0].remedy", "FIELD_MISSING", |o| o[0].remedy = 0),
            ("dispute.outcomes[0].remedy", "FIELD_NOT_ONE_OF", |o| o[0].remedy = 6),
            ("dispute.outcomes[0].quality", "FIELD_NOT_ALLOWED", |o| o[0].quality = ratio(1, 1)),
            ("dispute.outcomes[3].quality", "FIELD_NOT_ALLOWED", |o| o[3].quality = ratio(1, 1)),
            ("dispute.outcomes[2].quality", "FIELD_MISSING", |o| o[2].quality = None),
            ("dispute.outcomes[2].quality", "FIELD_OUT_OF_RANGE", |o| o[2].quality = ratio(2, 1)),
            ("dispute.outcomes[1].party", "FIELD_NOT_ALLOWED", |o| o[1].party = "community".into()),
            ("dispute.outcomes[3].party", "FIELD_MISSING", |o| o[3].party.clear()),
            ("dispute.outcomes[3].party", "NAME_INVALID", |o| o[3].party = "no body".into()),
            ("dispute.outcomes[4].party", "FIELD_NOT_ALLOWED", |o| o[4].party = "community".into()),
            ("dispute.outcomes[2].amount_minor", "FIELD_NOT_ALLOWED", |o| o[2].amount_minor = 1),
        ],
        met,
    );
}

fn disputes(met: &mut Reasons) {
    table(
        Dispute { outcomes: all(), reason: "Not theirs".into() },
        |d| statement(Body::Dispute(d)),
        &[
            ("dispute.reason", "FIELD_MISSING", |d| d.reason.clear()),
            ("dispute.reason", "FIELD_TOO_LONG", |d| d.reason = long()),
        ],
        met,
    );
    let evidence = Evidence { dispute_id: digest(1), digest: digest(2), ..Evidence::default() };
    table(
        evidence,
        |e| statement(Body::Evidence(e)),
        &[
            ("evidence.dispute_id", "FIELD_MISSING", |e| e.dispute_id = Bytes::new()),
            ("evidence.digest", "FIELD_MISSING", |e| e.digest = Bytes::new()),
            ("evidence.media_type", "FIELD_TOO_LONG", |e| e.media_type = "x".repeat(256)),
            ("evidence.uri", "FIELD_TOO_LONG", |e| e.uri = long()),
            ("evidence.note", "FIELD_TOO_LONG", |e| e.note = long()),
        ],
        met,
    );
    table(
        Offer { dispute_id: digest(1), outcomes: all() },
        |o| statement(Body::Offer(o)),
        &[
            ("offer.dispute_id", "FIELD_LENGTH", |o| o.dispute_id = vec![1; 31].into()),
            ("offer.outcomes", "LIST_TOO_SHORT", |o| o.outcomes.clear()),
            ("offer.outcomes[1].subject_id", "LIST_DUPLICATE", |o| o.outcomes[1].subject_id = digest(1)),
        ],
        met,
    );
    let ruling = Ruling { dispute_id: digest(1), outcomes: all(), effect_digest: digest(2), reasons_digest: digest(3) };
    table(
        ruling,
        |r| statement(Body::Ruling(r)),
        &[
            ("ruling.dispute_id", "FIELD_MISSING", |r| r.dispute_id = Bytes::new()),
            ("ruling.outcomes", "LIST_TOO_SHORT", |r| r.outcomes.clear()),
            ("ruling.effect_digest", "FIELD_MISSING", |r| r.effect_digest = Bytes::new()),
            ("ruling.reasons_digest", "FIELD_LENGTH", |r| r.reasons_digest = vec![1; 33].into()),
        ],
        met,
    );
}
