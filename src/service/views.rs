//! What the law knows, written for the protocol.

use crate::{
    agreement::{
        attestation::Judgement,
        benefit::{BenefitView, ReversalView},
        contribution::ContributionView,
        explain::Explanation,
        settle::{Account, StreamSum},
        settlement::SettlementEntry,
        state::{BenefitState, ContributionState, Phase},
    },
    proto::counterfoil::v1,
    service::{
        status::{ANSWER_TOO_LARGE, No},
        view_figures::figures,
    },
    split::{DimensionShares, Entitlements, Fractions, exact_text},
    statement::{
        Verdict,
        id::StatementId,
        terms::{Name, Terms},
    },
};

/// Writes a phase.
pub(super) const fn phase(phase: Phase) -> v1::Phase {
    match phase {
        Phase::Negotiating => v1::Phase::Negotiating,
        Phase::InForce => v1::Phase::InForce,
        Phase::Trial => v1::Phase::Trial,
        Phase::Suspended => v1::Phase::Suspended,
        Phase::WindingDown => v1::Phase::WindingDown,
        Phase::Closed => v1::Phase::Closed,
        Phase::Lapsed => v1::Phase::Lapsed,
    }
}

/// Writes where a contribution stands.
pub(super) const fn contribution_state(state: ContributionState) -> v1::ContributionState {
    match state {
        ContributionState::Claimed => v1::ContributionState::Claimed,
        ContributionState::Accepted => v1::ContributionState::Accepted,
        ContributionState::Rejected => v1::ContributionState::Rejected,
        ContributionState::ChangesRequested => v1::ContributionState::ChangesRequested,
        ContributionState::Withdrawn => v1::ContributionState::Withdrawn,
        ContributionState::Final => v1::ContributionState::Final,
        ContributionState::Corrected => v1::ContributionState::Corrected,
    }
}

/// Writes where a benefit or a reversal stands.
pub(super) const fn benefit_state(state: BenefitState) -> v1::BenefitState {
    match state {
        BenefitState::Reported => v1::BenefitState::Reported,
        BenefitState::Confirmed => v1::BenefitState::Confirmed,
        BenefitState::Settled => v1::BenefitState::Settled,
    }
}

/// Writes a contribution.
pub(super) fn contribution(view: &ContributionView<'_>, terms: &Terms) -> v1::ContributionView {
    v1::ContributionView {
        statement_id: statement_id(view.id),
        index: view.index,
        admitted_time_ms: view.admitted.as_ms(),
        contribution: Some(view.contribution.into()),
        state: contribution_state(view.state).into(),
        attestations: view.judgements.iter().map(|judgement| attestation(judgement, terms)).collect(),
        points: view.points.map_or_else(String::new, exact_text),
        counts_for: view.counts_for.map_or_else(String::new, |for_whom| party(terms, for_whom)),
        challenged: view.challenged,
    }
}

fn attestation(judgement: &Judgement, terms: &Terms) -> v1::AttestationView {
    let quality = match judgement.verdict {
        Verdict::Accepted { quality, .. } => Some(quality.into()),
        Verdict::Rejected | Verdict::ChangesRequested => None,
    };
    v1::AttestationView {
        party: party(terms, judgement.party),
        index: judgement.index,
        verdict: v1::Verdict::from(judgement.verdict).into(),
        quality,
    }
}

/// Writes a benefit and what was given back of it.
pub(super) fn benefit(view: &BenefitView<'_>, terms: &Terms) -> v1::BenefitView {
    v1::BenefitView {
        statement_id: statement_id(view.id),
        index: view.index,
        admitted_time_ms: view.admitted.as_ms(),
        benefit: Some(view.benefit.into()),
        reporter: party(terms, view.reporter),
        state: benefit_state(view.state).into(),
        reversals: view.reversals().map(|view| reversal(&view)).collect(),
    }
}

fn reversal(view: &ReversalView) -> v1::ReversalView {
    v1::ReversalView {
        statement_id: statement_id(view.id),
        index: view.index,
        amount_minor: view.amount,
        state: benefit_state(view.state).into(),
    }
}

/// Writes a settlement.
pub(super) fn settlement(entry: &SettlementEntry, terms: &Terms) -> v1::SettlementView {
    v1::SettlementView {
        statement_id: statement_id(entry.id),
        index: entry.index,
        admitted_time_ms: entry.admitted.as_ms(),
        party: party(terms, entry.party),
        settlement: Some((&entry.settlement).into()),
    }
}

/// Writes a party's line of every currency.
pub(super) fn account_lines(account: &Account, party: usize) -> Vec<v1::AccountLine> {
    let currencies = account.terms.currencies.iter().zip(&account.settlement.accounts).zip(&account.entitlements);
    currencies
        .map(|((currency, lines), entitlements)| v1::AccountLine {
            currency: currency.code.to_string(),
            exponent: currency.exponent,
            entitlement: entitlements.exact(party).map_or_else(String::new, |exact| exact_text(&exact)),
            account: lines.parties.get(party).map(|line| (*line).into()),
        })
        .collect()
}

/// Writes a statement of account: T, S and W under their names.
///
/// Errors: [`ANSWER_TOO_LARGE`], when the fractions have outgrown a message.
pub(super) fn statement_of_account(account: &Account) -> Result<v1::StatementOfAccount, No> {
    let (terms, shares) = (&*account.terms, &account.shares);
    let fractions = shares.dimensions.iter().flat_map(|sums| [&sums.points, &sums.weighted, &sums.shares]);
    let digits: usize = fractions.chain([&shares.shares]).map(|all| digits(all.len(), all.denominator_bits())).sum();
    let exact = account.entitlements.iter();
    let digits = digits + exact.map(|all| self::digits(all.parties(), all.denominator_bits())).sum::<usize>();
    is_sendable(digits)?;
    let dimensions = terms.dimensions.iter().zip(&shares.dimensions);
    let currencies = terms.currencies.iter().zip(&account.entitlements);
    Ok(v1::StatementOfAccount {
        dimensions: dimensions
            .map(|(dimension, sums)| v1::DimensionSum {
                dimension: dimension.name.to_string(),
                total: exact_text(&sums.total),
                unfilled: exact_text(&sums.unfilled),
                parts: dimension_parts(sums),
            })
            .collect(),
        streams: account.streams.iter().map(|sum| stream_sum(sum, terms)).collect(),
        shares: texts(&shares.shares),
        entitlements: currencies
            .map(|(currency, exact)| v1::CurrencyEntitlements {
                currency: currency.code.to_string(),
                entitlements: entitlement_texts(exact),
            })
            .collect(),
        figures: figures(account, None)?,
    })
}

/// The most characters of exact fractions and explanations in one answer; clients take 4 MiB without being asked.
pub(super) const ANSWER_CHARACTERS_MAX: usize = 2_000_000;

/// How many digits `count` fractions over a denominator of so many bits have at most, about.
const fn digits(count: usize, denominator_bits: usize) -> usize {
    // A decimal digit has more than three bits, and the numerators are about as long as the denominator.
    count.saturating_mul(denominator_bits / 3 * 2 + 20)
}

fn dimension_parts(sums: &DimensionShares) -> Vec<v1::DimensionPart> {
    let rates = sums.rates();
    let parties = sums.points.iter().zip(sums.weighted.iter()).zip(sums.shares.iter()).enumerate();
    parties
        .map(|(party, ((points, weighted), share))| v1::DimensionPart {
            points: exact_text(&points),
            weighted: exact_text(&weighted),
            rate: rates.as_ref().and_then(|rates| rates.get(party)).map_or_else(String::new, |rate| exact_text(&rate)),
            share: exact_text(&share),
        })
        .collect()
}

fn stream_sum(sum: &StreamSum, terms: &Terms) -> v1::StreamSum {
    let stream = terms.streams.get(sum.stream);
    let name = |name: Option<&Name>| name.map_or_else(String::new, ToString::to_string);
    let currency = terms.currencies.get(sum.currency);
    v1::StreamSum {
        stream: name(stream.map(|stream| &stream.name)),
        collector: name(stream.map(|stream| &stream.collector)),
        currency: currency.map_or_else(String::new, |currency| currency.code.to_string()),
        gross_minor: sum.gross,
        pooled_minor: sum.pooled,
    }
}

/// Writes an explanation.
///
/// Errors: [`ANSWER_TOO_LARGE`].
pub(super) fn explanation(explanation: Explanation) -> Result<Vec<v1::ExplanationStep>, No> {
    let bytes = explanation.steps.iter().map(|step| step.text.len() + step.value.len() + 8 * step.indexes.len()).sum();
    is_sendable(bytes)?;
    let steps = explanation.steps.into_iter().map(|step| v1::ExplanationStep {
        kind: step.kind.as_str().to_owned(),
        text: step.text,
        value: step.value,
        indexes: step.indexes,
    });
    Ok(steps.collect())
}

/// The no to an explanation that was not finished, for it would be too long.
pub(super) fn too_long() -> No {
    let message = format!("the answer has more than {ANSWER_CHARACTERS_MAX} characters, which are not sent");
    No::new(ANSWER_TOO_LARGE, message)
}

/// Errors: [`ANSWER_TOO_LARGE`].
pub(super) fn is_sendable(characters: usize) -> Result<(), No> {
    if characters <= ANSWER_CHARACTERS_MAX {
        return Ok(());
    }
    let message = format!("the answer has about {characters} characters, at most {ANSWER_CHARACTERS_MAX} are sent");
    Err(No::new(ANSWER_TOO_LARGE, message))
}

fn texts(numbers: &Fractions) -> Vec<String> {
    numbers.iter().map(|number| exact_text(&number)).collect()
}

fn entitlement_texts(numbers: &Entitlements) -> Vec<String> {
    numbers.iter().map(|number| exact_text(&number)).collect()
}

/// Writes a statement's id.
pub(super) fn statement_id(id: StatementId) -> bytes::Bytes {
    id.digest().as_bytes().to_vec().into()
}

/// Writes the name of the party at a position.
pub(super) fn party(terms: &Terms, position: usize) -> String {
    terms.parties.get(position).map_or_else(String::new, |party| party.name.to_string())
}
