//! What is recalled for a statement that is refused: nothing for who is not heard, and nothing of it stays.

use counterfoil::{
    agreement::put_away::Wanted,
    digest::Digest,
    split::Ratio,
    statement::{
        Attestation, Body, Verdict,
        change::{KeyGrant, KeyRevocation, Suspension},
        id::StatementId,
        terms::Scope,
    },
};

use crate::{
    keeper::Keeper,
    law::{
        Law, accept, contribution, hours, judge,
        put_away::{artifact, both, keeper},
        withdraw,
        work::agree,
    },
    stories::secret,
};

/// Whoever may not say a thing, or not now, does not have the server look anything up for it.
#[test]
fn nothing_is_wanted_for_who_is_refused_at_the_door() {
    let (mut keeper, mut law) = keeper("party community keys 2 threshold 1\nparty enterprise");
    let claim = both(&mut keeper, &mut law, "enterprise", hours("enterprise", 3));
    let stolen = secret("community.2").public();
    let reporter = secret("reporter");
    let (key, scopes, proof) = (reporter.public(), vec![Scope::Report], reporter.sign(b""));
    let mut grant = KeyGrant { key, scopes, expires: None, daily_max: None, proof };
    grant.proof = reporter.sign(&grant.message(law.agreement.id(), &"community".parse().unwrap()));
    both(&mut keeper, &mut law, "community.1", Body::KeyGrant(grant));
    let wanted = |keeper: &Keeper, law: &mut Law, who: &str| {
        let signed = law.sign(who, accept(claim));
        let wanted = keeper.agreement.wanted(&signed, law.clock);
        (wanted, keeper.agreement.admit(&signed, law.clock).map(|_| ()).unwrap_err().reason())
    };
    keeper.put_away(1);
    keeper.agreement.forget(0);
    let signed = law.sign("community.2", accept(claim));
    assert_eq!(keeper.agreement.wanted(&signed, law.clock), [Wanted::Contribution(claim)]);
    assert_eq!(wanted(&keeper, &mut law, "reporter"), (Vec::new(), "SCOPE_MISSING"));
    both(
        &mut keeper,
        &mut law,
        "community.1",
        Body::KeyRevocation(KeyRevocation { key: stolen, reason: "stolen".into() }),
    );
    assert_eq!(wanted(&keeper, &mut law, "community.2"), (Vec::new(), "KEY_REVOKED"));
    let suspension =
        both(&mut keeper, &mut law, "enterprise", Body::Suspension(Suspension { reason: "a pause".into() }));
    both(&mut keeper, &mut law, "community.1", agree(suspension));
    assert_eq!(wanted(&keeper, &mut law, "community.1"), (Vec::new(), "SUSPENDED"));
}

#[test]
fn what_was_recalled_is_forgotten_and_what_is_kept_nowhere_is_not() {
    let (mut keeper, mut law) = keeper("");
    let claims: Vec<_> = (1..40).map(|n| both(&mut keeper, &mut law, "community", hours("community", n))).collect();
    let mut said = contribution("community", "3".parse().unwrap());
    said.artifacts = vec![artifact(1, "2/3"), artifact(2, "1/3")];
    let artful = both(&mut keeper, &mut law, "community", Body::Contribution(said.clone()));
    keeper.put_away(1);
    keeper.agreement.forget(0);
    assert_eq!(keeper.agreement.recalled(), 0);
    // One's own, with some that nobody made: refused, and recalled all the same.
    let unknown = (0..40_u64).map(|number| StatementId::from_digest(Digest::of(&[&number.to_be_bytes()])));
    let contributions = claims.iter().copied().chain(unknown).collect();
    let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
    let own = law.sign("community", Body::Attestation(Attestation { contributions, verdict, reason: String::new() }));
    for _ in 0..3 {
        assert_eq!(keeper.enter(&own, law.clock).unwrap_err().reason(), "OWN_CONTRIBUTION");
        assert_eq!(keeper.agreement.recalled(), 79);
        keeper.agreement.forget_recalled();
        assert_eq!(keeper.agreement.recalled(), 0);
    }
    assert_eq!(keeper.recalled.len(), 3 * 79);
    // What has changed is no longer as it was recalled; what was put away stays until it is kept.
    both(&mut keeper, &mut law, "enterprise", accept(claims[7]));
    both(&mut keeper, &mut law, "enterprise", judge(artful, Verdict::Rejected));
    assert_eq!((keeper.agreement.recalled(), keeper.agreement.changed()), (0, 4));
    let kept = keeper.slips.clone();
    keeper.put_away(1);
    keeper.slips = kept;
    keeper.agreement.forget_recalled();
    both(&mut keeper, &mut law, "community", withdraw(claims[7]));
    both(&mut keeper, &mut law, "community", Body::Contribution(said));
    assert_eq!(keeper.recalled.len(), 3 * 79 + 4, "all of it was at hand");
}
