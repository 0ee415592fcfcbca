//! Any valid statement of any kind, for tests that must hold for all of them.

mod rules;
mod said;

use counterfoil::{
    digest::Digest,
    keys::SecretKey,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, CurrencyAccount, Decline, PartyAccount, ProposalWithdrawal, Reversal,
        ReversalConfirmation, SeenCheckpoint, Settlement, Statement, Verdict,
        id::{AgreementId, StatementId},
        terms::{
            Currency, CurrencyCode, Dimension, LegalText, Licence, Name, Party, PartyKey, Prevails, Role, Scope,
            Stream, Terms, Unit, WorkedExample,
        },
    },
    time::Timestamp,
};
use proptest::{
    array::uniform32,
    collection::{btree_set, hash_set, vec},
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::{Index, select, subsequence},
};

/// Any valid statement of `signer`, of any kind.
pub(crate) fn statement(signer: &SecretKey) -> impl Strategy<Value = Statement> + use<> {
    let signer = signer.public();
    let head = (any::<[u8; 16]>(), time(), option::of(seen()), digest());
    (head, body()).prop_map(move |((nonce, claimed_time, seen, agreement), body)| Statement {
        agreement: (!matches!(body, Body::Proposal(_))).then(|| AgreementId::from_digest(agreement)),
        signer,
        nonce,
        claimed_time,
        // A closing must say what its signer has seen.
        seen: seen
            .or_else(|| matches!(body, Body::Closing(_)).then_some(SeenCheckpoint { tree_size: 1, root: agreement })),
        body,
    })
}

fn seen() -> impl Strategy<Value = SeenCheckpoint> {
    (1..=u64::MAX, digest()).prop_map(|(tree_size, root)| SeenCheckpoint { tree_size, root })
}

/// Any valid body, each kind as often as the others.
pub(crate) fn body() -> impl Strategy<Value = Body> {
    // On the heap: as one value, all of them outgrow the stack of a test.
    let (first, change) = (first().boxed(), said::change().boxed());
    let (work, money, dispute) = (said::work().boxed(), said::money().boxed(), said::dispute().boxed());
    prop_oneof![12 => first, 12 => change, 10 => work, 7 => money, 4 => dispute]
}

/// The kinds that every agreement needs: 12.
fn first() -> impl Strategy<Value = Body> {
    prop_oneof![
        terms().boxed().prop_map(Body::Proposal),
        id().prop_map(|proposal| Body::Acceptance(Acceptance { proposal })),
        (id(), text(2_000)).prop_map(|(proposal, reason)| Body::Decline(Decline { proposal, reason })),
        (id(), text(2_000))
            .prop_map(|(proposal, reason)| { Body::ProposalWithdrawal(ProposalWithdrawal { proposal, reason }) }),
        contribution().prop_map(Body::Contribution),
        (id(), text(2_000)).prop_map(|(contribution, reason)| {
            Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason })
        }),
        attestation().prop_map(Body::Attestation),
        benefit().prop_map(Body::Benefit),
        ids().prop_map(|benefits| Body::BenefitConfirmation(BenefitConfirmation { benefits })),
        (id(), 1..=u64::MAX, digest(), text(2_000)).prop_map(|(benefit, amount, evidence, note)| {
            Body::Reversal(Reversal { benefit, amount, evidence, note })
        }),
        ids().prop_map(|reversals| Body::ReversalConfirmation(ReversalConfirmation { reversals })),
        settlement().prop_map(Body::Settlement),
    ]
}

fn contribution() -> impl Strategy<Value = Contribution> {
    let artifacts = vec(artifact(), 0..4).prop_map(|mut artifacts| {
        artifacts.sort_by_key(|artifact| artifact.digest);
        artifacts.dedup_by_key(|artifact| artifact.digest);
        artifacts
    });
    (name(), name(), positive(), period(), artifacts, text(2_000), option::of(name())).prop_map(
        |(party, unit, quantity, (work_start, work_end), artifacts, note, task)| Contribution {
            party,
            unit,
            quantity,
            work_start,
            work_end,
            artifacts,
            note,
            task,
        },
    )
}

fn artifact() -> impl Strategy<Value = Artifact> {
    let kinds = vec![
        ArtifactKind::PullRequest,
        ArtifactKind::Release,
        ArtifactKind::Dataset,
        ArtifactKind::ModelWeights,
        ArtifactKind::Evaluation,
        ArtifactKind::ComputeInvoice,
        ArtifactKind::Grant,
        ArtifactKind::Documentation,
        ArtifactKind::Support,
        ArtifactKind::SecurityAdvisory,
        ArtifactKind::Other,
    ];
    let what = prop_oneof![
        any::<[u8; 20]>().prop_map(|id| (ArtifactKind::GitCommit, ArtifactDigest::GitSha1(id))),
        digest().prop_map(|id| (ArtifactKind::GitCommit, ArtifactDigest::Sha256(id))),
        (select(kinds), digest()).prop_map(|(kind, digest)| (kind, ArtifactDigest::Sha256(digest))),
    ];
    let fraction = at_most_one().prop_filter("a claim of nothing is none", |fraction| !fraction.is_zero());
    (what, text(255), text(2_000), fraction).prop_map(|((kind, digest), media_type, uri, fraction)| Artifact {
        kind,
        digest,
        media_type,
        uri,
        fraction,
    })
}

fn attestation() -> impl Strategy<Value = Attestation> {
    let judgement = prop_oneof![
        (at_most_one(), any::<bool>(), text(2_000))
            .prop_map(|(quality, unplanned, reason)| (Verdict::Accepted { quality, unplanned }, reason)),
        some_text(2_000).prop_map(|reason| (Verdict::Rejected, reason)),
        some_text(2_000).prop_map(|reason| (Verdict::ChangesRequested, reason)),
    ];
    (ids(), judgement).prop_map(|(contributions, (verdict, reason))| Attestation { contributions, verdict, reason })
}

fn benefit() -> impl Strategy<Value = Benefit> {
    (name(), code(), any::<u64>(), period(), digest(), text(2_000)).prop_map(
        |(stream, currency, amount, (period_start, period_end), evidence, note)| Benefit {
            stream,
            currency,
            amount,
            period_start,
            period_end,
            evidence,
            note,
        },
    )
}

fn settlement() -> impl Strategy<Value = Settlement> {
    let line = (any::<i64>(), any::<i64>()).prop_map(|(allocation, due)| PartyAccount { allocation, due });
    let aside = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    let account = (code(), any::<u64>(), digest(), vec(line, 0..8), aside).prop_map(
        |(currency, pool, entitlements, parties, (fees, held_back, disputed, reserve))| CurrencyAccount {
            currency,
            pool,
            entitlements,
            parties,
            fees,
            held_back,
            disputed,
            reserve,
        },
    );
    (1..=u64::MAX, digest(), vec(account, 0..4)).prop_map(|(tree_size, shares, accounts)| Settlement {
        tree_size,
        shares,
        accounts,
    })
}

/// Any terms within the limits of every field; whether they fit together is left to chance.
pub(crate) fn terms() -> impl Strategy<Value = Terms> {
    let lists = (
        parties(),
        hash_set(code(), 1..4),
        hash_set(name(), 1..4).prop_flat_map(|names| names.into_iter().map(dimension).collect::<Vec<_>>()),
        hash_set(name(), 1..6).prop_flat_map(|names| names.into_iter().map(unit).collect::<Vec<_>>()),
        hash_set(name(), 1..4).prop_flat_map(|names| names.into_iter().map(stream).collect::<Vec<_>>()),
        vec((some_text(200), some_text(200)), 0..3),
        vec(example(), 0..3),
    );
    let legal_text = (digest(), text(2_000), select(vec![Prevails::Prose, Prevails::Computation]))
        .prop_map(|(digest, uri, prevails)| LegalText { digest, uri, prevails });
    let limits = (option::of(time()), any::<bool>(), option::of(1..=u32::MAX));
    (some_text(200), lists.boxed(), legal_text.boxed(), limits, rules::rules().boxed()).prop_map(
        |(title, lists, legal_text, limits, rules)| {
            let (parties, codes, dimensions, units, streams, licences, examples) = lists;
            let (deadline, lapses_on_decline, back_date_days_max) = limits;
            let currency = |(exponent, code)| Currency { code, exponent };
            Terms {
                title,
                parties,
                legal_text,
                currencies: (0..=18).rev().zip(codes).map(currency).collect(),
                dimensions,
                units,
                streams,
                licences: licences.into_iter().map(|(deliverable, spdx)| Licence { deliverable, spdx }).collect(),
                examples,
                acceptance_deadline: deadline.filter(|deadline| *deadline != Timestamp::EPOCH),
                lapses_on_decline,
                back_date_days_max,
                mediator: rules.mediator,
                calendar: rules.calendar,
                windows: rules.windows,
                waterfall: rules.waterfall,
                share_policy: rules.share_policy,
                rounding: rules.rounding,
                decay: rules.decay,
                trial: rules.trial,
                exit: rules.exit,
                tail_days: rules.tail_days,
                baselines: rules.baselines,
                daily_claims_max: rules.daily_claims_max,
            }
        },
    )
}

/// Between two and five parties whose keys are made from the seeds 1, 2, 3, ...
fn parties() -> impl Strategy<Value = Vec<Party>> {
    let roles =
        vec![Role::Community, Role::Enterprise, Role::Foundation, Role::Individual, Role::Academic, Role::Other];
    let scopes = || subsequence(vec![Scope::Claim, Scope::Attest, Scope::Report], 0..=3);
    let party = (some_text(200), select(roles), vec(scopes(), 1..4), any::<Index>(), positive());
    (hash_set(name(), 2..6), vec(party, 5)).prop_map(|(names, parties)| {
        let mut seeds = 1..=u8::MAX;
        let named = names.into_iter().zip(parties);
        named
            .map(|(name, (display_name, role, scopes, threshold, coefficient))| Party {
                name,
                display_name,
                role,
                govern_threshold: u32::try_from(threshold.index(scopes.len()) + 1).unwrap(),
                keys: scopes
                    .into_iter()
                    .map(|others| PartyKey {
                        key: SecretKey::from_seed(&[seeds.next().unwrap(); 32]).public(),
                        scopes: [vec![Scope::Govern], others].concat(),
                    })
                    .collect(),
                coefficient,
            })
            .collect()
    })
}

fn dimension(name: Name) -> impl Strategy<Value = Dimension> {
    (some_text(200), ratio(), ratio(), vec(ratio(), 0..6), vec(positive(), 0..6)).prop_map(
        move |(title, weight, floor_mass, default_shares, coefficients)| Dimension {
            name: name.clone(),
            title,
            weight,
            floor_mass,
            default_shares,
            coefficients,
            no_floor_mass: floor_mass.is_zero(),
        },
    )
}

fn unit(unit: Name) -> impl Strategy<Value = Unit> {
    (name(), positive(), 1..=u32::MAX, hash_set(name(), 0..4)).prop_map(
        move |(dimension, points, attestations, attestors)| Unit {
            name: unit.clone(),
            dimension,
            points,
            attestations,
            attestors: attestors.into_iter().collect(),
        },
    )
}

fn stream(stream: Name) -> impl Strategy<Value = Stream> {
    (some_text(200), name(), at_most_one()).prop_map(move |(title, collector, pool_rate)| Stream {
        name: stream.clone(),
        title,
        collector,
        pool_rate,
    })
}

fn example() -> impl Strategy<Value = WorkedExample> {
    let points = hash_set(name(), 0..3)
        .prop_flat_map(|names| names.into_iter().map(|name| (Just(name), vec(ratio(), 0..4))).collect::<Vec<_>>());
    let gross = hash_set(name(), 0..3)
        .prop_flat_map(|names| names.into_iter().map(|name| (Just(name), any::<u64>())).collect::<Vec<_>>());
    (some_text(200), points, code(), gross, vec(any::<u64>(), 0..4)).prop_map(
        |(title, points, currency, gross, allocations)| WorkedExample { title, points, currency, gross, allocations },
    )
}

fn name() -> impl Strategy<Value = Name> {
    "[a-zA-Z0-9._-]{1,64}".prop_map(|text| text.parse().unwrap())
}

fn code() -> impl Strategy<Value = CurrencyCode> {
    "[A-Z0-9]{3,8}".prop_map(|text| text.parse().unwrap())
}

/// Any text of at most `max` bytes, mostly short.
fn text(max: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        8 => ".{0,12}",
        1 => Just("x".repeat(max)),
    ]
}

fn some_text(max: usize) -> impl Strategy<Value = String> {
    text(max).prop_map(|text| if text.is_empty() { "said".to_owned() } else { text })
}

fn ratio() -> impl Strategy<Value = Ratio> {
    let part = || prop_oneof![0..=12_u64, any::<u64>()];
    (part(), part()).prop_map(|(numerator, denominator)| Ratio::reduced(numerator, denominator.max(1)).unwrap())
}

fn positive() -> impl Strategy<Value = Ratio> {
    ratio().prop_map(|ratio| if ratio.is_zero() { Ratio::ONE } else { ratio })
}

fn at_most_one() -> impl Strategy<Value = Ratio> {
    ratio().prop_map(|ratio| {
        if ratio.is_at_most_one() { ratio } else { Ratio::new(ratio.denominator(), ratio.numerator()).unwrap() }
    })
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..=253_402_207_200_000_u64).prop_map(|ms| Timestamp::from_ms(ms).unwrap())
}

fn period() -> impl Strategy<Value = (Timestamp, Timestamp)> {
    (time(), time()).prop_map(|(one, other)| (one.min(other), one.max(other)))
}

fn digest() -> impl Strategy<Value = Digest> {
    uniform32(any::<u8>()).prop_map(Digest::from_bytes)
}

fn id() -> impl Strategy<Value = StatementId> {
    digest().prop_map(StatementId::from_digest)
}

fn ids() -> impl Strategy<Value = Vec<StatementId>> {
    btree_set(id(), 1..8).prop_map(|ids| ids.into_iter().collect())
}
