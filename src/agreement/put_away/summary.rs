//! The summary: everything of an agreement that is not in a slip, and not in its terms. It grows with parties, dimensions
//! and settlements, and with what was given back since the last one; never with entries.

use std::{collections::BTreeMap, sync::Arc};

use dashu_int::{IBig, UBig};
use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement,
        benefit::Benefits,
        contribution::Contributions,
        directory::Directory,
        negotiation::Negotiation,
        put_away::slips::{CameInForm, ChangesForm, SumsForm, flow, position},
        settle::{
            Account, Back, Books, Flow, Instalment, StreamSum,
            figures::{nets_of, shares_digest},
            pending::{FlowKey, Since, Sums},
            shares_of,
        },
        settlement::{SettlementPlace, Settlements},
        state::Phase,
    },
    digest::Digest,
    split::{Entitlements, Fractions},
    statement::{Body, CurrencyAccount, PartyAccount, Settlement, Signed, id::AgreementId, terms::Terms},
    time::Timestamp,
};

/// Numbers over a common denominator.
pub(super) type Common = (UBig, Vec<IBig>);

/// See [`Agreement`].
#[derive(Serialize, Deserialize)]
pub(super) struct SummaryForm {
    agreement: [u8; 32],
    size: u64,
    last_admitted_ms: u64,
    negotiation: NegotiationForm,
    /// By dimension; see [`Contributions`].
    denominators: Vec<UBig>,
    /// By currency; see [`Benefits`].
    confirmed: Vec<u64>,
    /// Size and entry of each settlement.
    settlements: Vec<(u64, u64)>,
    last: Option<AccountForm>,
    books: BooksForm,
}

impl SummaryForm {
    pub(super) fn of(agreement: &Agreement) -> Self {
        let places = agreement.settlements.places.iter();
        Self {
            agreement: *agreement.id.digest().as_bytes(),
            size: agreement.size,
            last_admitted_ms: agreement.last_admitted.as_ms(),
            negotiation: NegotiationForm::of(&agreement.negotiation, &agreement.terms),
            denominators: agreement.contributions.denominators.clone(),
            confirmed: agreement.benefits.confirmed.clone(),
            settlements: places.map(|place| (place.tree_size, place.index)).collect(),
            last: agreement.settlements.last.as_ref().map(AccountForm::of),
            books: BooksForm::of(&agreement.books),
        }
    }

    /// Leaves out what depends on when changes were put away: which of those since the last settlement stand in the tail, and which
    /// settlements share their shares in memory.
    pub(super) fn without_history(mut self) -> (Self, Vec<(u64, Option<Common>)>) {
        (self.books.before_tail, self.books.tail, self.books.sheets) = (None, ChangesForm::default(), None);
        let shares = std::mem::take(&mut self.books.shares);
        let instalments = std::mem::take(&mut self.books.instalments);
        let instalments = instalments.into_iter().map(|(cut_off, place)| (cut_off, shares.get(place).cloned()));
        let instalments = instalments.collect();
        (self, instalments)
    }

    /// Reads the agreement that `founding` founded. `None` if it is another one's, or something does not fit its terms.
    pub(super) fn read(self, founding: &Signed) -> Option<Agreement> {
        let Body::Proposal(terms) = &founding.statement().body else { return None };
        let id = AgreementId::from(founding.id());
        let directory = Directory::new(terms);
        let fits = self.agreement == *id.digest().as_bytes()
            && self.size > 0
            && self.denominators.len() == terms.dimensions.len()
            && self.denominators.iter().all(|denominator| !denominator.is_zero())
            && self.confirmed.len() == terms.currencies.len()
            && self.settlements.is_sorted();
        if !fits {
            return None;
        }
        let places = self.settlements.into_iter().map(|(tree_size, index)| SettlementPlace { tree_size, index });
        let places: Vec<SettlementPlace> = places.collect();
        let settled = self.books.settled.read(terms)?;
        let last = match (self.last, places.last()) {
            (Some(last), Some(place)) => Some(last.read(place.tree_size, terms, &settled)?),
            (None, None) => None,
            _ => return None,
        };
        let rest =
            BooksRest { shares: self.books.shares, instalments: self.books.instalments, flows: self.books.flows };
        let since = Since::restored(
            settled,
            self.books.before_tail.map(|sums| sums.read(terms)).map_or(Some(None), |sums| sums.map(Some))?,
            self.books.tail.read(terms)?,
            self.books.sheets.filter(|(from, upto)| from < upto),
        );
        let backs = self
            .books
            .backs
            .into_iter()
            .map(|(at, benefit, amount)| Some(Back { at, benefit: benefit.read(terms)?, amount }));
        let backs = backs.collect::<Option<Vec<_>>>().filter(|backs| backs.is_sorted_by_key(|back| back.at))?;
        let books = rest.read(terms, since, backs, last.as_ref())?;
        let mut contributions = Contributions::restored(terms);
        contributions.denominators = self.denominators;
        let mut benefits = Benefits::restored(terms);
        benefits.confirmed = self.confirmed;
        Some(Agreement {
            id,
            negotiation: self.negotiation.read(terms, founding, &directory)?,
            terms: Arc::new(terms.clone()),
            directory: Arc::new(directory),
            size: self.size,
            last_admitted: Timestamp::from_ms(self.last_admitted_ms).ok()?,
            contributions,
            benefits,
            settlements: Settlements { places, whole: Vec::new(), last },
            books,
            forgotten: 1,
        })
    }
}

/// Keys by the positions of their parties in the terms, and their own positions there.
#[derive(Serialize, Deserialize)]
struct NegotiationForm {
    phase: PhaseForm,
    accepted: Vec<Vec<usize>>,
    declined: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum PhaseForm {
    Negotiating,
    InForce,
    Lapsed,
}

impl NegotiationForm {
    fn of(negotiation: &Negotiation, terms: &Terms) -> Self {
        let place = |key: &_| {
            let of_party = |(party, listed): (usize, &crate::statement::terms::Party)| {
                Some((party, listed.keys.iter().position(|listed| listed.key == *key)?))
            };
            terms.parties.iter().enumerate().find_map(of_party)
        };
        let accepted = negotiation.accepted.iter();
        Self {
            phase: match negotiation.phase {
                Phase::Negotiating => PhaseForm::Negotiating,
                Phase::InForce => PhaseForm::InForce,
                Phase::Lapsed => PhaseForm::Lapsed,
            },
            accepted: accepted
                .map(|keys| keys.iter().filter_map(place).map(|(_, position)| position).collect())
                .collect(),
            declined: negotiation.declined.iter().filter_map(place).collect(),
        }
    }

    fn read(self, terms: &Terms, founding: &Signed, directory: &Directory) -> Option<Negotiation> {
        if self.accepted.len() != terms.parties.len() {
            return None;
        }
        let key = |party: usize, position: usize| Some(terms.parties.get(party)?.keys.get(position)?.key);
        let accepted = self.accepted.into_iter().enumerate().map(|(party, positions)| {
            positions.into_iter().map(|position| key(party, position)).collect::<Option<Vec<_>>>()
        });
        let declined = self.declined.into_iter().map(|(party, position)| key(party, position));
        Some(Negotiation {
            proposal: founding.id(),
            proposer: directory.speaker(founding.statement().signer)?.party,
            accepted: accepted.collect::<Option<_>>()?,
            declined: declined.collect::<Option<_>>()?,
            phase: match self.phase {
                PhaseForm::Negotiating => Phase::Negotiating,
                PhaseForm::InForce => Phase::InForce,
                PhaseForm::Lapsed => Phase::Lapsed,
            },
        })
    }
}

/// What an account says that does not follow from the points counted at its size.
#[derive(Serialize, Deserialize)]
struct AccountForm {
    /// By currency.
    accounts: Vec<LinesForm>,
    streams: Vec<StreamForm>,
    /// By currency.
    entitlements: Vec<Common>,
}

/// Pool, digest of the entitlements; by party, allocation and due.
type LinesForm = (u64, [u8; 32], Vec<(i64, i64)>);
/// Stream and currency; gross and pooled; both at the settlement before.
type StreamForm = (FlowKey, (u64, u64), (u64, u64));

impl AccountForm {
    fn of(account: &Account) -> Self {
        let lines =
            |account: &CurrencyAccount| account.parties.iter().map(|line| (line.allocation, line.due)).collect();
        let streams = account
            .streams
            .iter()
            .map(|sum| ((sum.stream, sum.currency), (sum.gross, sum.pooled), (sum.gross_before, sum.pooled_before)));
        let accounts = account.settlement.accounts.iter();
        let entitlements = account.entitlements.iter();
        Self {
            accounts: accounts
                .map(|account| (account.pool, *account.entitlements.as_bytes(), lines(account)))
                .collect(),
            streams: streams.collect(),
            entitlements: entitlements.map(|all| (all.denominator().clone(), all.numerators().to_vec())).collect(),
        }
    }

    fn read(self, tree_size: u64, terms: &Terms, settled: &Sums) -> Option<Account> {
        let (currencies, parties) = (terms.currencies.len(), terms.parties.len());
        if self.accounts.len() != currencies || self.entitlements.len() != currencies {
            return None;
        }
        let shares = shares_of(terms, &settled.points).ok()?;
        let streams = self.streams.into_iter().map(|((stream, currency), (gross, pooled), before)| {
            let (currency, stream) = flow((currency, stream), terms)?;
            Some(StreamSum { stream, currency, gross, pooled, gross_before: before.0, pooled_before: before.1 })
        });
        let streams: Vec<StreamSum> = streams.collect::<Option<_>>()?;
        let (mut accounts, mut nets) = (Vec::with_capacity(currencies), Vec::with_capacity(currencies));
        for (position, (pool, digest, lines)) in self.accounts.into_iter().enumerate() {
            if lines.len() != parties {
                return None;
            }
            let allocations: Vec<i64> = lines.iter().map(|(allocation, _)| *allocation).collect();
            let of_currency = streams.iter().filter(|sum| sum.currency == position);
            nets.push(nets_of(terms, &allocations, of_currency).ok()?);
            let lines = lines.into_iter().map(|(allocation, due)| PartyAccount { allocation, due });
            let (currency, entitlements) = (terms.currencies[position].code.clone(), Digest::from_bytes(digest));
            accounts.push(CurrencyAccount { currency, pool, entitlements, parties: lines.collect() });
        }
        let entitlements = self.entitlements.into_iter().map(|(denominator, numerators)| {
            Entitlements::from_parts(denominator, numerators).filter(|all| all.parties() == parties)
        });
        Some(Account {
            settlement: Settlement { tree_size, shares: shares_digest(&shares), accounts },
            shares,
            streams,
            entitlements: entitlements.collect::<Option<_>>()?,
            nets,
        })
    }
}

/// See [`Books`].
#[derive(Serialize, Deserialize)]
struct BooksForm {
    settled: SumsForm,
    before_tail: Option<SumsForm>,
    tail: ChangesForm,
    sheets: Option<(u64, u64)>,
    backs: Vec<(u64, CameInForm, u64)>,
    /// The shares of the instalments, each once.
    shares: Vec<Common>,
    /// The cut-off of each, and the place of its shares.
    instalments: Vec<(u64, usize)>,
    flows: Vec<(FlowKey, Vec<(usize, u128)>)>,
}

struct BooksRest {
    shares: Vec<Common>,
    instalments: Vec<(u64, usize)>,
    flows: Vec<(FlowKey, Vec<(usize, u128)>)>,
}

impl BooksForm {
    fn of(books: &Books) -> Self {
        let mut shares: Vec<&Arc<Fractions>> = Vec::new();
        let mut instalments = Vec::with_capacity(books.instalments.len());
        for instalment in &books.instalments {
            if shares.last().is_none_or(|last| !Arc::ptr_eq(last, &instalment.shares)) {
                shares.push(&instalment.shares);
            }
            instalments.push((instalment.cut_off, shares.len() - 1));
        }
        let backs = books.backs.iter().map(|back| (back.at, CameInForm::of(back.benefit), back.amount));
        Self {
            settled: SumsForm::of(&books.since.settled),
            before_tail: books.since.before_tail.as_ref().map(SumsForm::of),
            tail: ChangesForm::of(&books.since.tail),
            sheets: books.since.sheets,
            backs: backs.collect(),
            shares: shares.into_iter().map(|all| (all.denominator().clone(), all.numerators().to_vec())).collect(),
            instalments,
            flows: books.flows.iter().map(|(key, flow)| (*key, flow.net.clone())).collect(),
        }
    }
}

impl BooksRest {
    fn read(self, terms: &Terms, since: Since, backs: Vec<Back>, last: Option<&Account>) -> Option<Books> {
        let parties = terms.parties.len();
        let shares = self.shares.into_iter().map(|(denominator, numerators)| {
            Fractions::from_parts(denominator, numerators).filter(|all| all.len() == parties).map(Arc::new)
        });
        let shares: Vec<Arc<Fractions>> = shares.collect::<Option<_>>()?;
        let instalments = self
            .instalments
            .into_iter()
            .map(|(cut_off, place)| Some(Instalment { cut_off, shares: Arc::clone(shares.get(place)?) }));
        let instalments: Vec<Instalment> = instalments.collect::<Option<_>>()?;
        let flows = self.flows.into_iter().map(|(key, net)| {
            let fits = net.iter().all(|(place, _)| position(*place, &instalments).is_some());
            let total = net.iter().try_fold(0_u128, |total, (_, net)| total.checked_add(*net))?;
            fits.then_some((flow(key, terms)?, Flow { net, total }))
        });
        let flows: BTreeMap<FlowKey, Flow> = flows.collect::<Option<_>>()?;
        let mut books = Books::new(terms);
        if let Some(last) = last {
            let accounts = last.settlement.accounts.iter();
            let allocations = accounts.map(|account| account.parties.iter().map(|line| line.allocation).collect());
            books.allocations = allocations.collect();
            books.entitlements.clone_from(&last.entitlements);
            books.cut_off = last.settlement.tree_size;
        }
        Some(Books { since, backs, instalments, flows, ..books })
    }
}
