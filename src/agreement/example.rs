//! Worked examples: inputs with the allocations all parties expect, computed by the same books as the agreement itself.

use crate::{
    agreement::{
        directory::Directory, refusal::settlement::SettlementRefusal, refusal::terms::TermsFault, settle::Books,
    },
    statement::terms::{CurrencyCode, Name, Terms, WorkedExample},
};

/// Why a worked example cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleFault {
    /// It names a dimension that there is not.
    #[error("`{dimension}` is no dimension of these terms")]
    UnknownDimension {
        /// The name.
        dimension: Name,
    },
    /// It names a stream that there is not.
    #[error("`{stream}` is no stream of these terms")]
    UnknownStream {
        /// The name.
        stream: Name,
    },
    /// It names a currency that there is not.
    #[error("{currency} is no currency of these terms")]
    UnknownCurrency {
        /// The code.
        currency: CurrencyCode,
    },
    /// It lists a dimension or stream twice.
    #[error("`{name}` is listed twice")]
    ListedTwice {
        /// The name.
        name: Name,
    },
    /// A list has not one number for each party.
    #[error("{found} {what} are given for {parties} parties")]
    Parties {
        /// What is listed.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many parties there are.
        parties: usize,
    },
    /// Its numbers cannot be split.
    #[error("its numbers cannot be split")]
    Split {
        /// Why.
        #[source]
        source: SettlementRefusal,
    },
}

/// Checks that these terms, which fit together otherwise, reproduce an example of theirs.
///
/// Errors: [`TermsFault::ExampleUnfit`], [`TermsFault::ExampleMismatch`].
pub(super) fn check(terms: &Terms, directory: &Directory, example: &WorkedExample) -> Result<(), TermsFault> {
    let computed = compute(terms, directory, example)
        .map_err(|source| TermsFault::ExampleUnfit { title: example.title.clone(), source: Box::new(source) })?;
    let equal = computed.iter().zip(&example.allocations).all(|(ours, theirs)| u64::try_from(*ours) == Ok(*theirs));
    if equal {
        return Ok(());
    }
    let list = |amounts: Vec<i128>| {
        let currency = directory.currency(&example.currency).and_then(|position| terms.currencies.get(position));
        let text = |amount: i128| currency.map_or_else(|| amount.to_string(), |currency| currency.decimal(amount));
        amounts.into_iter().map(text).collect::<Vec<_>>().join(", ")
    };
    Err(TermsFault::ExampleMismatch {
        title: example.title.clone(),
        expected: list(example.allocations.iter().copied().map(i128::from).collect()),
        computed: list(computed.into_iter().map(i128::from).collect()),
        currency: example.currency.clone(),
    })
}

fn compute(terms: &Terms, directory: &Directory, example: &WorkedExample) -> Result<Vec<i64>, ExampleFault> {
    let parties = terms.parties.len();
    let counted = |what, found| {
        if found == parties { Ok(()) } else { Err(ExampleFault::Parties { what, found, parties }) }
    };
    let mut books = Books::new(terms);
    let mut dimensions = Vec::new();
    for (name, points) in &example.points {
        let unknown = || ExampleFault::UnknownDimension { dimension: name.clone() };
        let dimension = directory.dimension(name).ok_or_else(unknown)?;
        once(&mut dimensions, dimension, name)?;
        counted("points", points.len())?;
        for (party, points) in points.iter().enumerate() {
            books.count(0, party, dimension, points.exact());
        }
    }
    let unknown = || ExampleFault::UnknownCurrency { currency: example.currency.clone() };
    let currency = directory.currency(&example.currency).ok_or_else(unknown)?;
    let mut streams = Vec::new();
    for (name, amount) in &example.gross {
        let unknown = || ExampleFault::UnknownStream { stream: name.clone() };
        let stream = directory.stream(name).ok_or_else(unknown)?;
        once(&mut streams, stream, name)?;
        books.take_in(0, stream, currency, *amount);
    }
    counted("allocations", example.allocations.len())?;
    let account = books.account_at(1).map_err(|source| ExampleFault::Split { source })?;
    Ok(account.settlement.accounts[currency].parties.iter().map(|party| party.allocation).collect())
}

fn once(seen: &mut Vec<usize>, position: usize, name: &Name) -> Result<(), ExampleFault> {
    if seen.contains(&position) {
        return Err(ExampleFault::ListedTwice { name: name.clone() });
    }
    seen.push(position);
    Ok(())
}
