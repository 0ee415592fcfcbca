//! Motions and disputes, written for the protocol.

use crate::{
    agreement::{
        Agreement,
        dispute::{Case, DisputeState, Ended, Stands, Subject},
        motion::{Matter, Motion, Quorum},
    },
    proto::counterfoil::v1,
    service::{
        status::No,
        view_figures::{counted_text, figures},
        views::{party, statement_id},
    },
    statement::{
        dispute::Outcome,
        id::StatementId,
        terms::{Party, Terms},
    },
    time::Timestamp,
};

/// Writes the outlines of an agreement that [`v1::GetAgreementResponse`] has beside terms and acceptances.
pub(super) fn outline(agreement: &Agreement, into: &mut v1::GetAgreementResponse) {
    let terms = agreement.terms();
    into.terms_id = statement_id(agreement.terms_id());
    into.version_count = count(agreement.terms_versions().len());
    into.coming = agreement.coming_terms().map(|coming| v1::ComingTerms {
        amendment_id: statement_id(coming.id),
        effective_time_ms: coming.effective.as_ms(),
        retroactive: coming.retroactive,
    });
    into.mediator = agreement.appointed().map(|appointed| v1::AppointedMediator {
        mediator: Some((&appointed.mediator).into()),
        consented: appointed.conflicts.is_some(),
        conflicts: appointed.conflicts.clone().unwrap_or_default(),
    });
    into.motions = agreement.motions().map(|waiting| motion(agreement, waiting)).collect();
    let partings = agreement.partings().iter().map(|parting| v1::PartingView {
        party: party(terms, parting.party),
        leaves_time_ms: parting.leaves.as_ms(),
        factor: Some(parting.factor.into()),
        gone: agreement.has_left(parting.party),
    });
    into.partings = partings.collect();
    into.trial_until_ms = ms(agreement.trial_until());
    into.open_disputes = count(agreement.disputes().len());
}

/// Writes something that waits.
pub(super) fn motion(agreement: &Agreement, motion: &Motion) -> v1::MotionView {
    let parties: &[Party] = match &motion.matter {
        // Newcomers are known by the new terms only.
        Matter::Amendment(amended) => &amended.terms.parties,
        _ => &agreement.terms().parties,
    };
    let name = |position: usize| parties.get(position).map_or_else(String::new, |party| party.name.to_string());
    let mover_has_accepted = |awaited: &[usize]| !awaited.contains(&motion.mover);
    let awaited = agreement.awaited(motion);
    let any_of_awaited = motion.quorum == Quorum::Another && mover_has_accepted(&awaited);
    let (effective, dispute, outcomes): (_, _, &[Outcome]) = match &motion.matter {
        Matter::Amendment(amended) => (amended.effective, None, &[]),
        Matter::Exit { leaves } => (Some(*leaves), None, &[]),
        Matter::Offer { dispute, outcomes } => (None, Some(*dispute), outcomes),
        _ => (None, None, &[]),
    };
    v1::MotionView {
        statement_id: statement_id(motion.id),
        index: motion.index,
        moved_time_ms: motion.moved.as_ms(),
        kind: motion.matter.kind().as_str().to_owned(),
        mover: name(motion.mover),
        awaited: awaited.into_iter().map(name).collect(),
        any_of_awaited,
        mediator_awaited: agreement.awaits_mediator(motion),
        accepted: motion
            .accepted
            .iter()
            .map(|(party, keys)| v1::MotionAcceptance {
                party: name(*party),
                keys: keys.iter().map(|key| key.as_bytes().to_vec().into()).collect(),
            })
            .collect(),
        effective_time_ms: ms(effective),
        dispute_id: dispute.map_or_else(Default::default, statement_id),
        outcomes: outcomes.iter().map(v1::Outcome::from).collect(),
    }
}

/// Writes where a dispute stands.
pub(super) const fn dispute_state(state: DisputeState) -> v1::DisputeState {
    match state {
        DisputeState::Open => v1::DisputeState::Open,
        DisputeState::Evidence => v1::DisputeState::Evidence,
        DisputeState::Settled => v1::DisputeState::Settled,
        DisputeState::Ruled => v1::DisputeState::Ruled,
        DisputeState::Withdrawn => v1::DisputeState::Withdrawn,
    }
}

/// Writes an open dispute in one line, as it stood when the ledger had `tree_size` entries.
pub(super) fn summary_of_open(case: &Case, tree_size: u64) -> v1::DisputeSummary {
    let given = case.evidence.iter().any(|given| given.index < tree_size);
    let state = if given { v1::DisputeState::Evidence } else { v1::DisputeState::Open };
    summary(case.id, case.index, state, 0)
}

/// Writes a dispute that is over in one line, as it stood when the ledger had `tree_size` entries.
pub(super) fn summary_of_ended(ended: &Ended, tree_size: u64) -> v1::DisputeSummary {
    if ended.at < tree_size {
        summary(ended.id, ended.index, dispute_state(ended.state()), ended.at)
    } else {
        summary(ended.id, ended.index, v1::DisputeState::Open, 0)
    }
}

fn summary(id: StatementId, index: u64, state: v1::DisputeState, ended_index: u64) -> v1::DisputeSummary {
    v1::DisputeSummary { statement_id: statement_id(id), index, state: state.into(), ended_index }
}

/// Writes an open dispute as it stands at `now`. What the account at its size needs was recalled before.
pub(super) fn open_dispute(agreement: &Agreement, case: &Case, now: Timestamp) -> Result<v1::OpenDispute, No> {
    let terms = agreement.terms();
    let mut characters = 0;
    let subjects = case.subjects.iter().map(|subject| disputed(subject, terms, &mut characters));
    let subjects = subjects.collect::<Result<_, _>>()?;
    let at_stake = terms.currencies.iter().zip(agreement.at_stake(case, now)?);
    let account = agreement.account_at(agreement.account_size())?;
    let evidence = case.evidence.iter().map(|given| v1::EvidenceView {
        index: given.index,
        party: given.party.map_or_else(String::new, |given| party(terms, given)),
        digest: given.digest.as_bytes().to_vec().into(),
    });
    Ok(v1::OpenDispute {
        opened_time_ms: case.opened.as_ms(),
        party: party(terms, case.party),
        sides: case.sides.iter().map(|side| party(terms, *side)).collect(),
        subjects,
        evidence: evidence.collect(),
        evidence_until_ms: ms(agreement.evidence_until(case)),
        offers: agreement.offers_in(case.id).map(|offer| motion(agreement, offer)).collect(),
        at_stake: at_stake
            .map(|(currency, amount_minor)| v1::AtStake { currency: currency.code.to_string(), amount_minor })
            .collect(),
        figures: figures(&account, None)?,
    })
}

fn disputed(subject: &Subject, terms: &Terms, characters: &mut usize) -> Result<v1::DisputedEntry, No> {
    use v1::disputed_entry::Stands as Wire;
    let currency =
        |position: usize| terms.currencies.get(position).map_or_else(String::new, |known| known.code.to_string());
    let stands = match &subject.stands {
        Stands::Contribution { party: by, dimension, points, full, .. } => {
            Wire::Contribution(v1::DisputedContribution {
                party: party(terms, *by),
                dimension: terms.dimensions.get(*dimension).map_or_else(String::new, |known| known.name.to_string()),
                points: points.as_ref().map_or(Ok(String::new()), |points| counted_text(points, characters))?,
                full_points: counted_text(full, characters)?,
            })
        }
        Stands::Benefit { reporter, came_in, amount, reversed } => Wire::Benefit(v1::DisputedBenefit {
            reporter: party(terms, *reporter),
            stream: terms.streams.get(came_in.stream).map_or_else(String::new, |known| known.name.to_string()),
            currency: currency(came_in.currency),
            amount_minor: *amount,
            reversed_minor: *reversed,
        }),
        Stands::Cost { party: by, currency: of, amount, .. } => {
            Wire::Cost(v1::DisputedCost { party: party(terms, *by), currency: currency(*of), amount_minor: *amount })
        }
    };
    let sought = Outcome { subject: subject.id, remedy: subject.sought.clone() };
    Ok(v1::DisputedEntry {
        statement_id: statement_id(subject.id),
        index: subject.index,
        stands: Some(stands),
        sought: Some((&sought).into()),
    })
}

/// Writes a time; none is 0.
pub(super) fn ms(time: Option<Timestamp>) -> u64 {
    time.map_or(0, Timestamp::as_ms)
}

/// Writes a number that a named constant keeps small.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
