//! What a decision leaves of the claims of artifacts: what counts holds them, and what counts nothing does not.

use counterfoil::{
    digest::Digest,
    split::Ratio,
    statement::{
        Artifact, ArtifactDigest, ArtifactKind, Body, Contribution, Verdict,
        dispute::{Dispute, Offer, Outcome, Remedy},
        id::StatementId,
    },
};

use crate::law::{
    Law, accept, contribution, judge, terms,
    work::{THREE, agree, feedback},
};

const COMMIT: &[u8] = b"a commit";

/// Work that is shown by one artifact.
fn work(party: &str, fraction: &str, shown: &[u8]) -> Body {
    let artifact = Artifact {
        kind: ArtifactKind::GitCommit,
        digest: ArtifactDigest::Sha256(Digest::of(&[shown])),
        media_type: String::new(),
        uri: String::new(),
        fraction: fraction.parse().unwrap(),
    };
    let said = contribution(party, Ratio::ONE);
    Body::Contribution(Contribution { artifacts: vec![artifact], ..said })
}

fn outcomes(of: &[(StatementId, Remedy)]) -> Vec<Outcome> {
    of.iter().map(|(subject, remedy)| Outcome { subject: *subject, remedy: remedy.clone() }).collect()
}

fn full() -> Remedy {
    Remedy::Quality(Ratio::ONE)
}

fn none() -> Remedy {
    Remedy::Quality(Ratio::ZERO)
}

impl Law {
    /// What becomes of disputed entries when all agree.
    fn decided(
        &mut self,
        sought: &[(StatementId, Remedy)],
        found: &[(StatementId, Remedy)],
    ) -> Result<(), &'static str> {
        let dispute = Dispute { outcomes: outcomes(sought), reason: "a reason".to_owned() };
        let dispute = self.say("foundation", Body::Dispute(dispute)).unwrap();
        let offer = Offer { dispute, outcomes: outcomes(found) };
        let offer = self.say("foundation", Body::Offer(offer)).map_err(|refusal| refusal.reason())?;
        for party in ["community", "enterprise"] {
            // Whom it takes nothing from is not asked; and the last one has completed it.
            let found = self.say(party, agree(offer)).map_err(|refusal| refusal.reason());
            assert!(matches!(found, Ok(_) | Err("NOT_ASKED" | "UNKNOWN_MOTION")), "{found:?}");
        }
        assert!(self.agreement.dispute(&dispute).is_none());
        Ok(())
    }

    /// Whether half of an artifact may be claimed.
    fn is_free(&self, shown: &[u8]) -> bool {
        let mut law = self.clone();
        law.say("enterprise", work("enterprise", "1/2", shown)).is_ok()
    }
}

#[test]
fn what_was_rejected_and_is_decided_to_count_holds_its_artifacts_again() {
    let mut law = Law::in_force(&terms(THREE));
    let claim = law.say("community", work("community", "1", COMMIT)).unwrap();
    law.say("enterprise", judge(claim, Verdict::Rejected)).unwrap();
    assert!(law.is_free(COMMIT));
    law.decided(&[(claim, full())], &[(claim, full())]).unwrap();
    assert!(!law.is_free(COMMIT), "the same commit would count twice");
}

#[test]
fn what_others_have_claimed_since_is_not_decided_to_count_twice() {
    let mut law = Law::in_force(&terms(THREE));
    let claim = law.say("community", work("community", "1", COMMIT)).unwrap();
    law.say("enterprise", judge(claim, Verdict::Rejected)).unwrap();
    let other = law.say("enterprise", work("enterprise", "1", COMMIT)).unwrap();
    law.say("foundation", accept(other)).unwrap();
    assert_eq!(law.decided(&[(claim, full())], &[(claim, full())]), Err("OVERCLAIM"));
    // Together it can be decided whose it is.
    let dispute = law.agreement.disputes().next().unwrap().id;
    law.say("foundation", crate::law::work::take_back(dispute)).unwrap();
    let found = [(other, Remedy::Reject), (claim, full())];
    law.decided(&found, &found).unwrap();
    assert!(!law.is_free(COMMIT));
}

#[test]
fn two_that_were_rejected_are_not_decided_to_count_one_artifact_twice() {
    let mut law = Law::in_force(&terms(THREE));
    let claims = ["community", "enterprise"].map(|party| {
        let claim = law.say(party, work(party, "2/3", COMMIT)).unwrap();
        law.say("foundation", judge(claim, Verdict::Rejected)).unwrap();
        claim
    });
    let both = claims.map(|claim| (claim, full()));
    assert_eq!(law.decided(&both, &both), Err("OVERCLAIM"));
}

#[test]
fn what_is_decided_to_count_is_no_invoice_of_a_cost() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nrecoups compute")));
    let claim = law.say("community", work("community", "1", b"bill")).unwrap();
    law.say("enterprise", judge(claim, Verdict::Rejected)).unwrap();
    law.say("community", crate::law::money::cost(100, "bill")).unwrap();
    assert_eq!(law.decided(&[(claim, full())], &[(claim, full())]), Err("ALSO_COST"));
}

#[test]
fn whatever_is_decided_to_count_nothing_gives_its_artifacts_back_once() {
    for (number, (verdict, remedy)) in [
        (Some(Verdict::Accepted { quality: Ratio::ONE, unplanned: false }), none()),
        (Some(Verdict::Accepted { quality: Ratio::ONE, unplanned: false }), Remedy::Reject),
        (Some(Verdict::ChangesRequested), Remedy::Stand),
        (Some(Verdict::ChangesRequested), Remedy::Reject),
        (Some(Verdict::Rejected), Remedy::Stand),
        (None, Remedy::Reject),
    ]
    .into_iter()
    .enumerate()
    {
        let mut law = Law::in_force(&terms(THREE));
        let claim = law.say("community", work("community", "2/3", COMMIT)).unwrap();
        match verdict {
            Some(verdict) => drop(law.say("enterprise", judge(claim, verdict)).unwrap()),
            None => {
                law.day_comes(20);
                law.say("enterprise", feedback(1)).unwrap();
            }
        }
        let counted = matches!(verdict, Some(Verdict::Accepted { .. }));
        let sought = if counted { remedy.clone() } else { full() };
        let free = matches!(verdict, Some(Verdict::Rejected));
        assert_eq!(law.is_free(COMMIT), free, "case {number}");
        law.decided(&[(claim, sought)], &[(claim, remedy)]).unwrap();
        assert!(law.is_free(COMMIT), "case {number}");
        // All of it is free, and no more than all.
        law.say("community", work("community", "1", COMMIT)).unwrap();
        assert!(!law.is_free(COMMIT), "case {number}");
    }
}
