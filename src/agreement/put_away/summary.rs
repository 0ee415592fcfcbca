//! The summary: everything of an agreement that is not in a slip, and not in its terms. It grows with parties, dimensions
//! and settlements, and with what was given back since the last one; never with entries.

use std::sync::Arc;

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement,
        benefit::Benefits,
        change::{Appointed, Parting},
        contribution::Contributions,
        course::Course,
        dispute::Disputes,
        keyring::Keyring,
        money::Money,
        motion::Motions,
        negotiation::Negotiation,
        put_away::{
            books::{BooksForm, PointsForm},
            form::{Number, exacts, number},
            slips::flow,
        },
        settle::{
            Account, Books, StreamSum,
            figures::{Figures, nets_of, shares_digest},
            pending::FlowKey,
        },
        settlement::{SettlementPlace, Settlements},
        versions::{Coming, Version, Versions},
        work::Work,
    },
    digest::Digest,
    split::Exact,
    statement::{
        Body, CurrencyAccount, PartyAccount, Settlement, Signed,
        id::{AgreementId, StatementId},
        terms::Terms,
    },
    time::Timestamp,
};

/// See [`Agreement`].
#[derive(Serialize, Deserialize)]
pub(super) struct SummaryForm {
    agreement: [u8; 32],
    size: u64,
    last_admitted_ms: u64,
    /// What is not in slips nor in the books.
    rest: Rest,
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
            rest: Rest::of(agreement),
            denominators: agreement.contributions.denominators.clone(),
            confirmed: agreement.benefits.confirmed.clone(),
            settlements: places.map(|place| (place.tree_size, place.index)).collect(),
            last: agreement.settlements.last.as_ref().map(AccountForm::of),
            books: BooksForm::of(&agreement.books),
        }
    }

    /// Leaves out what depends on when changes were put away: which of those since the last settlement stand in the tail, and which
    /// settlements share their points in memory.
    pub(super) fn without_history(mut self) -> (Self, Vec<PointsForm>) {
        let points = self.books.leave_history_out();
        (self, points)
    }

    /// Reads the agreement that `founding` founded. `None` if it is another one's, or something does not fit its terms.
    pub(super) fn read(mut self, founding: &Signed) -> Option<Agreement> {
        let Body::Proposal(founded) = &founding.statement().body else { return None };
        let id = AgreementId::from(founding.id());
        let versions = self.rest.read_versions(founding, founded)?;
        let terms = &*Arc::clone(&versions.current().terms);
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
        let books = self.books.read(&versions)?;
        let last = match (self.last, places.last()) {
            (Some(last), Some(place)) if place.tree_size == books.cut_off => Some(last.read(&books)?),
            (None, None) => None,
            _ => return None,
        };
        let mut contributions = Contributions::restored(terms);
        contributions.denominators = self.denominators;
        let mut benefits = Benefits::restored(terms);
        benefits.confirmed = self.confirmed;
        Some(Agreement {
            id,
            course: self.rest.course,
            negotiation: self.rest.negotiation,
            motions: self.rest.motions,
            keyring: self.rest.keyring,
            appointed: self.rest.appointed,
            partings: self.rest.partings,
            work: self.rest.work,
            money: self.rest.money,
            disputes: self.rest.disputes,
            versions,
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

/// What an agreement keeps as it is.
#[derive(Serialize, Deserialize)]
struct Rest {
    /// Of each version but the one that was founded: what proposed it, from which entry on, and its terms.
    versions: Vec<(StatementId, u64, Terms)>,
    coming: Option<Box<Coming>>,
    course: Course,
    negotiation: Negotiation,
    motions: Motions,
    keyring: Keyring,
    appointed: Option<Appointed>,
    partings: Vec<Parting>,
    work: Work,
    money: Money,
    disputes: Disputes,
}

impl Rest {
    fn of(agreement: &Agreement) -> Self {
        let founding = StatementId::from_digest(agreement.id.digest());
        let versions = agreement.versions.all().iter().filter(|version| version.id != founding);
        Self {
            versions: versions.map(|version| (version.id, version.from, Terms::clone(&version.terms))).collect(),
            coming: agreement.versions.coming.clone(),
            course: agreement.course.clone(),
            negotiation: agreement.negotiation.clone(),
            motions: agreement.motions.clone(),
            keyring: agreement.keyring.clone(),
            appointed: agreement.appointed.clone(),
            partings: agreement.partings.clone(),
            work: agreement.work.clone(),
            money: agreement.money.clone(),
            disputes: agreement.disputes.clone(),
        }
    }

    /// Returns the versions; `None` if they do not follow each other.
    fn read_versions(&mut self, founding: &Signed, founded: &Terms) -> Option<Versions> {
        let mut versions = std::mem::take(&mut self.versions).into_iter().peekable();
        let first = match versions.next_if(|(_, from, _)| *from == 0) {
            Some((id, from, terms)) => Version::new(id, from, terms),
            None => Version::new(founding.id(), 0, founded.clone()),
        };
        let mut all = Versions::new(first);
        for (id, from, terms) in versions {
            if from <= all.current().from {
                return None;
            }
            all.push(Version::new(id, from, terms));
        }
        all.coming = self.coming.take();
        Some(all)
    }
}

/// What an account says that does not follow from the books at its size.
#[derive(Serialize, Deserialize)]
struct AccountForm {
    /// By currency: the pool, the digest of the entitlements; by party, allocation and due.
    accounts: Vec<LinesForm>,
    streams: Vec<StreamForm>,
    /// By currency, where there were doubts: what each party had at least and at most.
    limits: Vec<Option<(Vec<Number>, Vec<Number>)>>,
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
            .map(|sum| ((sum.currency, sum.stream), (sum.gross, sum.pooled), (sum.gross_before, sum.pooled_before)));
        let accounts = account.settlement.accounts.iter();
        let numbers = |all: &[Exact]| all.iter().map(number).collect::<Vec<_>>();
        let limits = account.figures.iter().map(|figures| figures.limits.as_ref());
        Self {
            accounts: accounts
                .map(|account| (account.pool, *account.entitlements.as_bytes(), lines(account)))
                .collect(),
            streams: streams.collect(),
            limits: limits.map(|limits| limits.map(|(low, high)| (numbers(low), numbers(high)))).collect(),
        }
    }

    fn read(self, books: &Books) -> Option<Account> {
        let instalment = books.instalments.last()?;
        let terms = Arc::clone(&books.terms.get(instalment.version)?.1);
        let (currencies, parties) = (terms.currencies.len(), terms.parties.len());
        if [self.accounts.len(), self.limits.len()] != [currencies; 2] || books.state.tiers.len() < currencies {
            return None;
        }
        let shares = books.shares_of(instalment).ok()?;
        let streams = self.streams.into_iter().map(|(key, (gross, pooled), (gross_before, pooled_before))| {
            let (currency, stream) = flow(key, &terms)?;
            let rates = books.rates_of(&books.instalments, key)?;
            Some(StreamSum { stream, currency, gross, pooled, gross_before, pooled_before, rates })
        });
        let streams: Vec<StreamSum> = streams.collect::<Option<_>>()?;
        let mut account = Account {
            terms: Arc::clone(&terms),
            settlement: Settlement {
                tree_size: instalment.cut_off,
                shares: shares_digest(&shares),
                accounts: Vec::new(),
            },
            shares,
            streams,
            entitlements: Vec::new(),
            figures: Vec::new(),
            nets: Vec::new(),
        };
        for (position, ((pool, digest, lines), limits)) in self.accounts.into_iter().zip(self.limits).enumerate() {
            if lines.len() != parties {
                return None;
            }
            let allocations: Vec<i64> = lines.iter().map(|(allocation, _)| *allocation).collect();
            let limits = match limits {
                Some((low, high)) => Some((exacts(low)?, exacts(high)?)),
                None => None,
            };
            let figures = Figures::restored(&books.state.tiers[position], limits, allocations).ok()?;
            let of_currency = account.streams.iter().filter(|sum| sum.currency == position);
            account.nets.push(nets_of(&terms, &figures.allocations, of_currency).ok()?);
            let parties = lines.into_iter().map(|(allocation, due)| PartyAccount { allocation, due }).collect();
            account.settlement.accounts.push(CurrencyAccount {
                currency: terms.currencies[position].code.clone(),
                pool,
                entitlements: Digest::from_bytes(digest),
                parties,
                fees: figures.fees.iter().sum(),
                held_back: figures.held_back,
                disputed: figures.disputed,
                reserve: figures.reserve,
            });
            account.entitlements.push(books.state.tiers[position].owed());
            account.figures.push(figures);
        }
        Some(account)
    }
}
