//! An agreement of two parties, and what they say in it.

use counterfoil::{
    envelope::Envelope,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Body, Contribution, SeenCheckpoint, Statement,
        id::{AgreementId, StatementId},
        wire,
    },
};

use crate::{
    sequencer::{NOON_MS, ms},
    stories::terms,
};

/// One agreement; `number` makes it another than the rest.
#[derive(Clone)]
pub(crate) struct Deal {
    pub(crate) id: AgreementId,
    pub(crate) proposal: Envelope,
}

impl Deal {
    pub(crate) fn new(number: u64) -> Self {
        let body = Body::Proposal(terms::read([].into_iter()).unwrap());
        let proposal = said(None, "community", number, None, body);
        Self { id: StatementId::from_digest(proposal.id()).into(), proposal }
    }

    /// Something said in this agreement; `number` makes equal words distinct.
    pub(crate) fn say(&self, who: &str, number: u64, seen: Option<SeenCheckpoint>, body: Body) -> Envelope {
        said(Some(self.id), who, number, seen, body)
    }

    pub(crate) fn acceptance(&self) -> Envelope {
        self.acceptance_by("enterprise")
    }

    pub(crate) fn acceptance_by(&self, who: &str) -> Envelope {
        let proposal = StatementId::from_digest(self.proposal.id());
        self.say(who, 0, None, Body::Acceptance(Acceptance { proposal }))
    }

    /// Proposal and acceptance.
    pub(crate) fn opening(&self) -> [Envelope; 2] {
        [self.proposal.clone(), self.acceptance()]
    }

    /// An hour of the community's work.
    pub(crate) fn contribution(&self, number: u64) -> Envelope {
        self.say("community", number, None, Body::Contribution(hour("community", Vec::new())))
    }

    /// An hour of the community's work, shown by the whole of one artifact: a second is refused.
    pub(crate) fn contribution_of(&self, number: u64, artifact: u8) -> Envelope {
        let artifact = Artifact {
            kind: ArtifactKind::GitCommit,
            digest: ArtifactDigest::GitSha1([artifact; 20]),
            media_type: String::new(),
            uri: String::new(),
            fraction: Ratio::ONE,
        };
        self.say("community", number, None, Body::Contribution(hour("community", vec![artifact])))
    }
}

pub(crate) fn hour(party: &str, artifacts: Vec<Artifact>) -> Contribution {
    let day_before = ms(NOON_MS - 24 * 60 * 60 * 1_000);
    Contribution {
        party: party.parse().unwrap(),
        unit: "hour".parse().unwrap(),
        quantity: Ratio::ONE,
        work_start: day_before,
        work_end: day_before,
        artifacts,
        note: String::new(),
        task: None,
    }
}

fn said(agreement: Option<AgreementId>, who: &str, number: u64, seen: Option<SeenCheckpoint>, body: Body) -> Envelope {
    let key = terms::secret(who);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let statement = Statement { agreement, signer: key.public(), nonce, claimed_time: ms(NOON_MS), seen, body };
    wire::sign(&statement, &key).unwrap()
}
