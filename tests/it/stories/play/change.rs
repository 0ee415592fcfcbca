//! What scripts say about the agreement itself.
//!
//! ```text
//! enterprise  counters P2 deadline 2026-02-01 ; weight-free
//! enterprise  accepts-motion P2
//! mediator    consents proposal conflicts none
//! community   amends A1 stream sales enterprise 1/2 ; from 2026-03-01
//! community   amends A1 retroactive stream sales enterprise 1/2
//! community   grants K1 community.9 CLAIM,ATTEST expires 2026-02-01 daily 3
//! community   revokes V1 community.9
//! enterprise  leaves X1 2026-06-01
//! community   tries-out T1 passed
//! community   suspends S1
//! community   resumes S2
//! community   replaces-mediator M1 judge
//! community   ends E1
//! ```
//!
//! The terms of a counter-proposal or an amendment are the present ones with the lines that stand behind it, parted by `;`, in
//! the place of those of the same kind; a party is appended.

use counterfoil::{
    agreement::Agreement,
    digest::Digest,
    statement::{
        Acceptance, Body, Decline,
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict,
        },
        rules::Mediator,
        terms::{Scope, Terms},
    },
};

use super::Stage;
use crate::stories::{
    script::{Words, parse},
    terms,
};

/// Reads what is said; `None`: it is not about the agreement itself.
pub(super) fn body(stage: &Stage, verb: &str, words: &mut Words<'_>) -> Result<Option<(String, Body)>, String> {
    let mut label = String::new();
    let mut name = |words: &mut Words<'_>| words.next("a name").map(|name| label = name.to_owned());
    let reason = "a reason".to_owned();
    let body = match verb {
        "accepts-motion" => Body::Acceptance(Acceptance { proposal: stage.id(words.next("a motion")?) }),
        "declines-motion" => Body::Decline(Decline { proposal: stage.id(words.next("a motion")?), reason }),
        "counters" => {
            name(words)?;
            let proposal = stage.id(words.option("of").unwrap_or("proposal"));
            Body::CounterProposal(CounterProposal { proposal, terms: changed(stage, words)? })
        }
        "consents" => {
            let proposal = stage.id(words.next("to what")?);
            let conflicts = words.option("conflicts").unwrap_or_default().to_owned();
            Body::MediatorConsent(MediatorConsent { proposal, conflicts })
        }
        "amends" => {
            name(words)?;
            Body::Amendment(amendment(stage, words)?)
        }
        "grants" => {
            name(words)?;
            Body::KeyGrant(grant(stage, words)?)
        }
        "revokes" => {
            name(words)?;
            Body::KeyRevocation(KeyRevocation { key: terms::secret(words.next("a key")?).public(), reason })
        }
        "leaves" => {
            name(words)?;
            Body::Exit(Exit { leaves: parse(words.next("when")?)?, reason })
        }
        "tries-out" => {
            name(words)?;
            let verdict = match words.next("a verdict")? {
                "passed" => TrialVerdict::Passed,
                "failed" => TrialVerdict::Failed,
                "extended" => TrialVerdict::Extended { until: parse(words.next("until when")?)? },
                other => return Err(format!("`{other}` is no verdict")),
            };
            Body::TrialResult(TrialResult { verdict, evidence: Digest::of(&[b"evidence"]) })
        }
        "suspends" => {
            name(words)?;
            Body::Suspension(Suspension { reason })
        }
        "resumes" => {
            name(words)?;
            Body::Resumption(Resumption { reason })
        }
        "replaces-mediator" => {
            name(words)?;
            let keys = vec![terms::secret(words.next("a key")?).public()];
            let mediator = Mediator { display_name: "another mediator".to_owned(), keys };
            Body::MediatorReplacement(MediatorReplacement { mediator })
        }
        "ends" => {
            name(words)?;
            Body::Close(Close { reason })
        }
        _ => return Ok(None),
    };
    Ok(Some((label, body)))
}

fn agreement(stage: &Stage) -> Result<&Agreement, String> {
    stage.agreement().ok_or_else(|| "there is no agreement".to_owned())
}

/// The present terms with the lines that follow.
fn changed(stage: &Stage, words: &mut Words<'_>) -> Result<Terms, String> {
    let mut changed = agreement(stage)?.terms().clone();
    let rest = words.all();
    for line in rest.split(|word| *word == ";").filter(|line| !line.is_empty()) {
        terms::change(&mut changed, line)?;
    }
    Ok(changed)
}

fn amendment(stage: &Stage, words: &mut Words<'_>) -> Result<Amendment, String> {
    let replaces = match words.option("of") {
        Some(name) => stage.id(name),
        None => agreement(stage)?.terms_id(),
    };
    let effective = words.option("from").map(parse).transpose()?;
    let (retroactive, wrong) = (words.flag("retroactive"), words.flag("wrongly"));
    let changed = changed(stage, words)?;
    let effect = agreement(stage)?.effect_of_terms(&changed, stage.now()).map(|effect| effect.digest);
    let effect = if wrong { Digest::of(&[b"wrong"]) } else { effect.unwrap_or(Digest::of(&[b"none"])) };
    Ok(Amendment { replaces, terms: changed, effective, retroactive: retroactive.then_some(effect) })
}

fn grant(stage: &Stage, words: &mut Words<'_>) -> Result<KeyGrant, String> {
    let expires = words.option("expires").map(parse).transpose()?;
    let daily_max = words.option("daily").map(parse).transpose()?;
    let forged = words.flag("forged");
    let to = words.option("to");
    let name = words.next("a key")?;
    let secret = terms::secret(name);
    let scope = |text: &str| match text {
        "GOVERN" => Ok(Scope::Govern),
        "CLAIM" => Ok(Scope::Claim),
        "ATTEST" => Ok(Scope::Attest),
        "REPORT" => Ok(Scope::Report),
        other => Err(format!("`{other}` is no scope")),
    };
    let scopes = words.next("scopes")?.split(',').map(scope).collect::<Result<Vec<_>, _>>()?;
    let mut grant =
        KeyGrant { key: secret.public(), scopes, expires, daily_max, proof: secret.sign(b"something else") };
    if !forged {
        // The new key grants itself to the party that its name begins with.
        let party = parse(to.or(name.split('.').next()).unwrap_or(name))?;
        grant.proof = secret.sign(&grant.message(agreement(stage)?.id(), &party));
    }
    Ok(grant)
}
