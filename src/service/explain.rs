//! `ExplainSplit`: how a line comes about, and what it would be without a contribution.

use crate::{
    agreement::{Agreement, settle::Account, without::Without},
    checkpoint::SignedCheckpoint,
    proto::counterfoil::v1::{self, ExplainSplitRequest, ExplainSplitResponse},
    sequencer::{Part, Reader},
    service::{
        agreement::{AgreementFace, Sizes, party_position},
        status::{CONTRIBUTION_NOT_FOUND, CURRENCY_NOT_FOUND, No},
        view_figures::counted_text,
        views,
        wire::{self, agreement, statement_id},
    },
    split::Exact,
    statement::{
        id::StatementId,
        terms::{Currency, Terms},
    },
};

/// Which line.
#[derive(Clone)]
struct Asked {
    party: String,
    currency: String,
}

impl Asked {
    fn line(&self, terms: &Terms) -> Result<(usize, usize), No> {
        let known = |code: &Currency| code.code.as_str() == self.currency;
        let position =
            terms.currencies.iter().position(known).ok_or_else(|| {
                No::new(CURRENCY_NOT_FOUND, "the terms have no such currency").with("field", "currency")
            })?;
        Ok((party_position(terms, &self.party)?, position))
    }
}

/// See the protocol.
pub(super) async fn explain(face: &AgreementFace, request: ExplainSplitRequest) -> Result<ExplainSplitResponse, No> {
    let ExplainSplitRequest { agreement: text, party, currency, tree_size, without_statement_id } = request;
    let id = agreement(&text)?;
    let without = match without_statement_id.is_empty() {
        true => None,
        false => {
            let statement = statement_id(&without_statement_id)?;
            Some((statement, face.index_of(id, statement).await?.ok_or_else(|| no_contribution(statement))?))
        }
    };
    // The books tell the last settlement as it is, and only later sizes as they would be.
    let sizes = if without.is_some() { Sizes::Later { asked: tree_size } } else { Sizes::Settled { asked: tree_size } };
    let asked = Asked { party, currency };
    let then_asked = asked.clone();
    let now = move |reader: &mut Reader, size| {
        let line = asked.line(reader.agreement().terms())?;
        let explained = reader.explain(line, size, views::ANSWER_CHARACTERS_MAX).map_err(No::from)?;
        let steps = views::explanation(explained.ok_or_else(views::too_long)??)?;
        let without = match without {
            Some((statement, index)) => {
                let kept = reader.contribution(index).map_err(No::from)?.ok_or_else(|| no_contribution(statement))?;
                let both = reader.agreement().account_without(&kept, size)?;
                Some(line_without(statement, &both, line)?)
            }
            None => None,
        };
        Ok(ExplainSplitResponse { steps, checkpoint: Some(wire::checkpoint(reader.checkpoint())), without })
    };
    let then = move |law: &Agreement, checkpoint: &SignedCheckpoint| {
        let line = then_asked.line(law.terms())?;
        let steps = views::explanation(law.explain(line.0, line.1, tree_size)?)?;
        let without = match without {
            Some((statement, _)) => {
                let both = law.account_without_id(statement, tree_size).ok_or_else(|| no_contribution(statement))?;
                Some(line_without(statement, &both?, line)?)
            }
            None => None,
        };
        Ok(ExplainSplitResponse { steps, checkpoint: Some(wire::checkpoint(checkpoint)), without })
    };
    face.account(id, sizes, Part::All, now, then).await
}

fn line_without(statement: StatementId, both: &Without, line: (usize, usize)) -> Result<v1::Without, No> {
    let mut characters = 0;
    let (entitlement, allocation_minor) = line_of(&both.now, line, &mut characters)?;
    let (entitlement_without, allocation_minor_without) = line_of(&both.without, line, &mut characters)?;
    Ok(v1::Without {
        statement_id: views::statement_id(statement),
        counts: both.counts,
        entitlement,
        entitlement_without,
        allocation_minor,
        allocation_minor_without,
    })
}

fn line_of(account: &Account, line: (usize, usize), characters: &mut usize) -> Result<(String, i64), No> {
    let (party, currency) = line;
    let exact = account.entitlements.get(currency).and_then(|exact| exact.exact(party)).unwrap_or(Exact::ZERO);
    let allocated = account.settlement.accounts.get(currency).and_then(|lines| lines.parties.get(party));
    Ok((counted_text(&exact, characters)?, allocated.map_or(0, |line| line.allocation)))
}

fn no_contribution(statement: StatementId) -> No {
    No::new(CONTRIBUTION_NOT_FOUND, format!("there is no contribution {statement} at that size"))
        .with("field", "without_statement_id")
}
