//! What comes before the shares, and what is in doubt, written for the protocol.

use dashu_int::ops::BitTest;

use crate::{
    agreement::settle::Account,
    proto::counterfoil::v1,
    service::{
        status::No,
        views::{is_sendable, party},
    },
    split::{Exact, exact_text},
};

/// Writes the figures of every currency; of one party alone, or of all.
///
/// Errors: [`crate::service::status::REASONS`], `ANSWER_TOO_LARGE`, when the fractions have outgrown a message.
pub(super) fn figures(account: &Account, only: Option<usize>) -> Result<Vec<v1::CurrencyFigures>, No> {
    let mut characters = 0;
    (0..account.figures.len()).map(|currency| of_currency(account, currency, only, &mut characters)).collect()
}

fn of_currency(
    account: &Account,
    position: usize,
    only: Option<usize>,
    characters: &mut usize,
) -> Result<v1::CurrencyFigures, No> {
    let (terms, figures) = (&*account.terms, &account.figures[position]);
    let currency = &terms.currencies[position];
    let fees = terms.waterfall.fees.iter().zip(&figures.fees).filter(|(fee, _)| fee.currency == currency.code);
    let top_ups =
        figures.top_ups.iter().filter(|(party, guarantor, _)| concerns(only, *party) || concerns(only, *guarantor));
    let mut text = |exact: &Exact| counted_text(exact, characters);
    let mut written = v1::CurrencyFigures {
        currency: currency.code.to_string(),
        fees: fees.map(|(fee, sum)| v1::FeeFigure { name: fee.name.to_string(), amount_minor: *sum }).collect(),
        held_back_minor: figures.held_back,
        disputed_minor: figures.disputed,
        reserve_minor: figures.reserve,
        top_ups: Vec::new(),
        parties: Vec::new(),
    };
    for (guaranteed, guarantor, amount) in top_ups {
        written.top_ups.push(v1::TopUp {
            party: party(terms, *guaranteed),
            guarantor: party(terms, *guarantor),
            amount: text(amount)?,
        });
    }
    for place in (0..terms.parties.len()).filter(|place| concerns(only, *place)) {
        let entitled =
            || account.entitlements.get(position).and_then(|exact| exact.exact(place)).unwrap_or(Exact::ZERO);
        let bounds =
            figures.limits.as_ref().and_then(|(low, high)| Some((low.get(place)?.clone(), high.get(place)?.clone())));
        let (low, high) = bounds.unwrap_or_else(|| (entitled(), entitled()));
        let net = account.nets.get(position).and_then(|nets| nets.get(place)).copied();
        written.parties.push(v1::PartyFigures {
            party: party(terms, place),
            low_minor: whole(&low),
            high_minor: whole(&high),
            low: text(&low)?,
            high: text(&high)?,
            recouped: text(&figures.recouped.get(place).unwrap_or(Exact::ZERO))?,
            outstanding: text(&figures.outstanding.get(place).unwrap_or(Exact::ZERO))?,
            net_minor: net.unwrap_or_default(),
        });
    }
    Ok(written)
}

fn concerns(only: Option<usize>, party: usize) -> bool {
    only.is_none_or(|only| only == party)
}

/// Writes a fraction unless the answer has outgrown a message: writing long ones is what costs.
pub(super) fn counted_text(exact: &Exact, characters: &mut usize) -> Result<String, No> {
    // A decimal digit has more than three bits.
    let bits = exact.numerator().bit_len() + exact.denominator().bit_len();
    *characters += bits / 3 + 4;
    is_sendable(*characters)?;
    Ok(exact_text(exact))
}

/// Amounts are within 64 bits: the law computes with no others.
fn whole(exact: &Exact) -> i64 {
    i64::try_from(exact.floor()).unwrap_or(if *exact < Exact::ZERO { i64::MIN } else { i64::MAX })
}
