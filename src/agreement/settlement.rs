//! Settlements: admitted only when they say what the books say.

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::{
            Refusal,
            settlement::{Line, SettlementRefusal},
        },
        settle::{Account, Books, outlook::Outlook},
    },
    statement::{
        CurrencyAccount, Settlement,
        id::StatementId,
        terms::{Currency, Name, Terms},
    },
    time::Timestamp,
};

/// A settlement as admitted.
#[derive(Clone, Debug)]
pub struct SettlementEntry {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The position of the party that submitted it.
    pub party: usize,
    /// What it says.
    pub settlement: Settlement,
}

/// All settlements of an agreement. What each says stands in its entry; here is what the law needs to find it.
#[derive(Clone, Debug, Default)]
pub(super) struct Settlements {
    /// In ledger order.
    pub(super) places: Vec<SettlementPlace>,
    /// The whole statements, as long as none was forgotten.
    pub(super) whole: Vec<SettlementEntry>,
    /// What the last one says, and the sums behind it.
    pub(super) last: Option<Account>,
}

/// Where a settlement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementPlace {
    /// It covers the entries before this size.
    pub tree_size: u64,
    /// The index of its entry.
    pub index: u64,
}

#[derive(Debug)]
pub(super) struct Change {
    party: usize,
    outlook: Box<Outlook>,
}

impl Change {
    pub(super) const fn tree_size(&self) -> u64 {
        self.outlook.account.settlement.tree_size
    }
}

impl Settlements {
    pub(super) fn apply(&mut self, entry: Entry, change: Change, books: &mut Books, whole: bool) {
        let Change { party, outlook } = change;
        let account = books.settle(*outlook, entry.at);
        self.places.push(SettlementPlace { tree_size: account.settlement.tree_size, index: entry.index });
        if whole {
            let settlement = account.settlement.clone();
            self.whole.push(SettlementEntry {
                id: entry.id,
                index: entry.index,
                admitted: entry.at,
                party,
                settlement,
            });
        }
        self.last = Some(account);
    }

    /// Returns a copy without the whole statements.
    pub(super) fn without_whole(&self) -> Self {
        Self { places: self.places.clone(), whole: Vec::new(), last: self.last.clone() }
    }

    /// Returns the entry of the settlement that covers exactly `cut_off` entries.
    pub(super) fn index_at(&self, cut_off: u64) -> Option<u64> {
        let place = self.places.binary_search_by_key(&cut_off, |place| place.tree_size).ok()?;
        Some(self.places[place].index)
    }
}

impl Agreement {
    /// Returns every settlement in ledger order.
    ///
    /// # Panics
    ///
    /// If something was forgotten: then their entries are read, see [`Self::settlement_places`].
    #[must_use]
    pub fn settlements(&self) -> &[SettlementEntry] {
        self.assert_whole();
        &self.settlements.whole
    }

    /// Returns where every settlement stands, in ledger order. They grow in both size and index.
    #[must_use]
    pub fn settlement_places(&self) -> &[SettlementPlace] {
        &self.settlements.places
    }

    /// Returns the account of the last settlement.
    #[must_use]
    pub fn last_account(&self) -> Option<&Account> {
        self.settlements.last.as_ref()
    }

    pub(super) fn settle(&self, said: Said<'_>, body: &Settlement) -> Result<Change, Refusal> {
        if body.tree_size > self.size {
            return Err(SettlementRefusal::TooNew { tree_size: body.tree_size, size: self.size }.into());
        }
        self.check_cut_off(body)?;
        let outlook = Box::new(self.books.outlook(body.tree_size)?);
        check_equal(body, &outlook.account.settlement, self.terms())?;
        Ok(Change { party: said.speaker.party, outlook })
    }
}

/// Finds the first figure that differs, the plainest first: what is paid, before the digests of what it follows from.
fn check_equal(stated: &Settlement, computed: &Settlement, terms: &Terms) -> Result<(), SettlementRefusal> {
    let codes = |settlement: &Settlement| {
        settlement.accounts.iter().map(|account| account.currency.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (stated_codes, computed_codes) = (codes(stated), codes(computed));
    if stated_codes != computed_codes {
        return Err(SettlementRefusal::SplitMismatch {
            line: Line::Currencies,
            currency: None,
            party: None,
            stated: stated_codes,
            computed: computed_codes,
        });
    }
    for ((stated, computed), currency) in stated.accounts.iter().zip(&computed.accounts).zip(&terms.currencies) {
        check_account(stated, computed, currency, terms)?;
    }
    if stated.shares != computed.shares {
        let (stated, computed) = (stated.shares.to_string(), computed.shares.to_string());
        return Err(SettlementRefusal::SplitMismatch {
            line: Line::Shares,
            currency: None,
            party: None,
            stated,
            computed,
        });
    }
    Ok(())
}

fn check_account(
    stated: &CurrencyAccount,
    computed: &CurrencyAccount,
    currency: &Currency,
    terms: &Terms,
) -> Result<(), SettlementRefusal> {
    let differs = |line, party: Option<Name>, stated: String, computed: String| {
        let currency = Some(currency.code.clone());
        Err(SettlementRefusal::SplitMismatch { line, currency, party, stated, computed })
    };
    let amounts = |line, party, stated: i128, computed: i128| {
        differs(line, party, currency.amount(stated), currency.amount(computed))
    };
    if stated.parties.len() != computed.parties.len() {
        return differs(Line::Parties, None, stated.parties.len().to_string(), computed.parties.len().to_string());
    }
    for ((stated, computed), party) in stated.parties.iter().zip(&computed.parties).zip(&terms.parties) {
        for (line, stated, computed) in
            [(Line::Due, stated.due, computed.due), (Line::Allocation, stated.allocation, computed.allocation)]
        {
            if stated != computed {
                return amounts(line, Some(party.name.clone()), stated.into(), computed.into());
            }
        }
    }
    for (line, stated, computed) in [
        (Line::Pool, stated.pool, computed.pool),
        (Line::Fees, stated.fees, computed.fees),
        (Line::HeldBack, stated.held_back, computed.held_back),
        (Line::Disputed, stated.disputed, computed.disputed),
        (Line::Reserve, stated.reserve, computed.reserve),
    ] {
        if stated != computed {
            return amounts(line, None, stated.into(), computed.into());
        }
    }
    if stated.entitlements != computed.entitlements {
        return differs(Line::Entitlements, None, stated.entitlements.to_string(), computed.entitlements.to_string());
    }
    Ok(())
}
