//! What was said in disputes, gathered from the entries of a ledger.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, dispute::Ended},
    audit::Audited,
    keys::PublicKey,
    statement::{
        Body,
        dispute::{Evidence, Outcome},
        id::StatementId,
    },
    time::Timestamp,
};

/// What was said in all disputes of a ledger.
#[derive(Debug, Default)]
pub struct Heard {
    /// The disputes, by id.
    pub disputes: HashMap<StatementId, Opened>,
    evidence: Vec<Given>,
    /// By the index of the entry: what it decides, or offers.
    outcomes: BTreeMap<u64, Vec<Outcome>>,
    /// The entries of offers, by id.
    offers: HashMap<StatementId, u64>,
    /// By the index of the entry: the offer that it accepts.
    accepted: HashMap<u64, StatementId>,
}

/// A dispute as it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub at: Timestamp,
    /// The key that signed it.
    pub signer: PublicKey,
    /// The party that disputes.
    pub by: String,
    /// What is disputed, and what is sought.
    pub outcomes: Vec<Outcome>,
    /// Why.
    pub reason: String,
}

/// A piece of evidence as it was given.
#[derive(Debug)]
pub struct Given {
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub at: Timestamp,
    /// The key that signed it.
    pub signer: PublicKey,
    /// What was said.
    pub said: Evidence,
}

impl Given {
    /// Returns it in JSON.
    #[must_use]
    pub fn json(&self, agreement: &Agreement) -> Value {
        json!({
            "index": self.index, "at": self.at.to_string(), "by": party_name(agreement, self.signer),
            "digest": self.said.digest.to_string(), "media_type": self.said.media_type, "uri": self.said.uri,
            "note": self.said.note,
        })
    }
}

impl Heard {
    /// Listens to an entry.
    pub fn take(&mut self, entry: &Audited<'_>) {
        let Some(signed) = entry.signed.filter(|_| entry.admitted) else { return };
        let (index, at, signer) = (entry.index, entry.entry.admitted, signed.statement().signer);
        match &signed.statement().body {
            Body::Dispute(body) => {
                let (outcomes, reason) = (body.outcomes.clone(), body.reason.clone());
                let opened = Opened { index, at, signer, by: String::new(), outcomes, reason };
                self.disputes.insert(signed.id(), opened);
            }
            Body::Evidence(body) => self.evidence.push(Given { index, at, signer, said: body.clone() }),
            Body::Offer(body) => {
                self.offers.insert(signed.id(), index);
                self.outcomes.insert(index, body.outcomes.clone());
            }
            Body::Acceptance(body) => {
                self.accepted.insert(index, body.proposal);
            }
            Body::Ruling(body) => {
                self.outcomes.insert(index, body.outcomes.clone());
            }
            _ => {}
        }
    }

    /// Fills in who disputed, now that all parties are known.
    pub fn name(&mut self, agreement: &Agreement) {
        for opened in self.disputes.values_mut() {
            opened.by = party_name(agreement, opened.signer);
        }
    }

    /// Returns the evidence in a dispute, in ledger order.
    pub fn evidence_in(&self, dispute: StatementId) -> impl Iterator<Item = &Given> {
        self.evidence.iter().filter(move |given| given.said.dispute == dispute)
    }

    /// Returns what the entry that ended a dispute decided: its ruling, or the offer that it accepted.
    #[must_use]
    pub fn decided(&self, ended: &Ended) -> Option<&[Outcome]> {
        let offer = self.accepted.get(&ended.at).and_then(|offer| self.offers.get(offer));
        let entry = offer.copied().unwrap_or(ended.at);
        self.outcomes.get(&entry).map(Vec::as_slice)
    }
}

/// Returns the party of a key; the key where it is nobody's.
#[must_use]
pub fn party_name(agreement: &Agreement, signer: PublicKey) -> String {
    let party = agreement.party_of(signer);
    party.map_or_else(|| signer.to_string(), |party| agreement.terms().parties[party].name.to_string())
}
