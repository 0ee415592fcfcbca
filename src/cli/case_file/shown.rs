//! The file of a dispute in words.

use crate::{
    agreement::{
        Agreement,
        dispute::{Stands, Subject},
    },
    cli::{
        case_file::{CaseFile, EndedFile, Heard, PointSums, evidence_text, heard::party_name},
        figures::short,
        output::{heading, plain},
        remedies::{currency_of as subject_currency, grouped, remedies_words, remedy_words},
        statement_of_account::major,
        table::Table,
        words::{and, clause, span_of},
    },
    split::Exact,
    statement::{
        dispute::{Outcome, Remedy},
        id::StatementId,
        terms::Currency,
    },
};

impl CaseFile<'_> {
    /// Returns the file in words, in lines that end with a line end.
    #[must_use]
    pub fn words(&self) -> String {
        let case = self.case;
        let mut text = format!("{}\n", heading(&format!("Dispute of entry {}: {}", case.index, case.state())));
        let sides: Vec<&str> = case.sides.iter().map(|party| self.name(*party)).collect();
        text.push_str(&format!("   {}\n", case.id));
        text.push_str(&format!(
            "   opened by {} on {}: {}\n",
            self.name(case.party),
            case.opened,
            plain(self.reason())
        ));
        text.push_str(&format!("   sides: {}\n\n{}\n", and(&sides), heading("What is disputed")));
        self.subject_lines(&mut text);
        text.push_str(&format!("\n{}\n", heading("Evidence")));
        evidence_lines(&mut text, self.heard, case.id, self.agreement);
        text.push_str(&format!("   {}\n", evidence_text(self.agreement.evidence_until(case))));
        text.push_str(&format!("\n{}\n", heading("Offers")));
        self.offer_lines(&mut text);
        for (position, currency) in self.agreement.terms().currencies.iter().enumerate() {
            text.push_str(&format!("\n{}\n", heading(&format!("At stake, {}", currency.code))));
            self.stake_lines(&mut text, position, currency);
        }
        text
    }

    fn subject_lines(&self, text: &mut String) {
        let mut groups: Vec<(String, Vec<&Subject>)> = Vec::new();
        for subject in &self.case.subjects {
            let key = format!("{:?} {}", subject.sought, subject.stands.owner());
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.push(subject),
                None => groups.push((key, vec![subject])),
            }
        }
        for (_, group) in groups {
            let indexes: Vec<u64> = group.iter().map(|subject| subject.index).collect();
            let stands = self.stands_words(&group);
            let sought = match group.as_slice() {
                [one] => format!("sought: it {}", self.remedy(one.index, &one.sought)),
                [first, ..] => format!("sought: they {}", remedies_words(&first.sought, |minor| minor.to_string())),
                [] => String::new(),
            };
            text.push_str(&format!("   {}: {stands}; {sought}\n", span_of(&indexes)));
        }
    }

    fn stands_words(&self, group: &[&Subject]) -> String {
        let terms = self.agreement.terms();
        let mut points = PointSums::new();
        let mut others = Vec::new();
        for subject in group {
            match &subject.stands {
                Stands::Contribution { party, dimension, points: counts, .. } => {
                    let sum = points.entry((*party, *dimension)).or_insert(Exact::ZERO);
                    *sum += counts.clone().unwrap_or(Exact::ZERO);
                }
                Stands::Benefit { reporter, came_in, amount, .. } => {
                    let amount = terms.currencies[came_in.currency].amount((*amount).into());
                    others.push(format!("{amount} that {} reported", self.name(*reporter)));
                }
                Stands::Cost { party, currency, amount, .. } => {
                    let amount = terms.currencies[*currency].amount((*amount).into());
                    others.push(format!("a cost of {amount} of {}", self.name(*party)));
                }
            }
        }
        let of_points = points.iter().map(|((party, dimension), sum)| {
            format!("{} points of {} for {}", short(sum), terms.dimensions[*dimension].name, self.name(*party))
        });
        let stands: Vec<String> = of_points.chain(others).collect();
        format!("as it stands, {}", and(&stands.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn offer_lines(&self, text: &mut String) {
        let mut any = false;
        for (motion, outcomes) in self.offers() {
            any = true;
            let awaited = self.agreement.awaited(motion);
            let awaited: Vec<&str> = awaited.into_iter().map(|party| self.name(party)).collect();
            let says = self.outcomes_words(outcomes);
            let mover = self.name(motion.mover);
            let waits = if awaited.is_empty() { "nobody".to_owned() } else { and(&awaited) };
            text.push_str(&format!("   entry {}, {mover}: {says}; waits for {waits}\n", motion.index));
        }
        if !any {
            text.push_str("   none\n");
        }
    }

    fn outcomes_words(&self, outcomes: &[Outcome]) -> String {
        outcomes_words(outcomes, self.agreement)
    }

    fn remedy(&self, index: u64, remedy: &Remedy) -> String {
        let subject = self.case.subjects.iter().find(|subject| subject.index == index);
        let currency = subject.and_then(|subject| currency_of(&subject.stands, self.agreement));
        remedy_words(remedy, |minor| amount_text(currency, minor))
    }

    fn stake_lines(&self, text: &mut String, position: usize, currency: &Currency) {
        let stake = self.alone.figures[position].disputed;
        let held = self.now.figures[position].disputed;
        text.push_str(&format!(
            "   {} are at stake until it is decided; {} are held for all that is in doubt, and what was paid before stays paid\n",
            currency.amount(stake.into()),
            currency.amount(held.into())
        ));
        let mut table = Table::new(&["", ">at least", ">at most", ">settled so far", ">payable now"]);
        let parties = self.agreement.terms().parties.len();
        for party in 0..parties {
            let (low, high) = self.interval(position, party);
            table.row([
                self.name(party).to_owned(),
                major(&low, currency),
                major(&high, currency),
                currency.decimal(self.settled(position, party).into()),
                currency.decimal(self.payable(position, party).into()),
            ]);
        }
        text.push_str(&table.text(3));
        let heads: Vec<String> = [String::new()]
            .into_iter()
            .chain((0..parties).flat_map(|party| [format!(">{}", self.name(party)), ">due".to_owned()]))
            .collect();
        let mut table = Table::new(&heads);
        for choice in &self.options {
            let mut cells = vec![choice.name.clone()];
            for line in &choice.effect.after.settlement.accounts[position].parties {
                cells.extend([currency.decimal(line.allocation.into()), currency.decimal(line.due.into())]);
            }
            table.row(cells);
        }
        text.push_str("\n   What each outcome comes to: allocated in all, and due with the next settlement\n");
        text.push_str(&table.text(3));
    }
}

impl EndedFile<'_> {
    /// Returns it in words, in lines that end with a line end.
    #[must_use]
    pub fn words(&self) -> String {
        let ended = self.ended;
        let mut text = format!("{}\n", heading(&format!("Dispute of entry {}: {}", ended.index, ended.state())));
        text.push_str(&format!("   {}\n", ended.id));
        if let Some(said) = self.heard.disputes.get(&ended.id) {
            text.push_str(&format!("   opened by {} on {}: {}\n", said.by, said.at, plain(&said.reason)));
            text.push_str(&format!("   sought: {}\n", outcomes_words(&said.outcomes, self.agreement)));
        }
        text.push_str(&format!("\n{}\n", heading("Evidence")));
        evidence_lines(&mut text, self.heard, ended.id, self.agreement);
        text.push_str(&format!("\n{}\n   entry {} ended it", heading("How it ended"), ended.at));
        match self.decided() {
            Some(outcomes) => text.push_str(&format!(": {}\n", outcomes_words(outcomes, self.agreement))),
            None => text.push_str(": it was taken back\n"),
        }
        text
    }
}

/// Says what outcomes make of their entries: `36 entries, 120 to 341, count for community`.
#[must_use]
pub fn outcomes_words(outcomes: &[Outcome], agreement: &Agreement) -> String {
    let place = |id: &StatementId| {
        let contribution = agreement.contribution(id).map(|view| view.index);
        let benefit = || agreement.benefit(id).map(|view| view.index);
        contribution.or_else(benefit).or_else(|| agreement.cost(*id).map(|cost| cost.index)).unwrap_or_default()
    };
    let groups = grouped(outcomes).into_iter().map(|(remedy, ids)| {
        let indexes: Vec<u64> = ids.iter().map(place).collect();
        let currency = ids.first().and_then(|id| subject_currency(*id, agreement));
        let amount = |minor| amount_text(currency, minor);
        let says = if ids.len() == 1 { remedy_words(remedy, amount) } else { remedies_words(remedy, amount) };
        clause(&span_of(&indexes), &says)
    });
    groups.collect::<Vec<_>>().join("; ")
}

fn evidence_lines(text: &mut String, heard: &Heard, dispute: StatementId, agreement: &Agreement) {
    let mut any = false;
    for given in heard.evidence_in(dispute) {
        any = true;
        let by = party_name(agreement, given.signer);
        let about = [given.said.media_type.as_str(), given.said.uri.as_str(), given.said.note.as_str()];
        let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).map(plain).collect();
        text.push_str(&format!("   entry {}, {by}: sha256 {} {}\n", given.index, given.said.digest, about.join(", ")));
    }
    if !any {
        text.push_str("   none yet\n");
    }
}

fn currency_of<'a>(stands: &Stands, agreement: &'a Agreement) -> Option<&'a Currency> {
    let position = match stands {
        Stands::Contribution { .. } => return None,
        Stands::Benefit { came_in, .. } => came_in.currency,
        Stands::Cost { currency, .. } => *currency,
    };
    agreement.terms().currencies.get(position)
}

fn amount_text(currency: Option<&Currency>, minor: u64) -> String {
    currency.map_or_else(|| format!("{minor} minor units"), |currency| currency.amount(minor.into()))
}
