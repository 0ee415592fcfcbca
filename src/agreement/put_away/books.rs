//! How the books are written into the summary.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        put_away::{
            form::{Number, Stated, exact, exacts, number, ratio, stated},
            slips::{ChangesForm, SumsForm},
        },
        settle::{
            Back, Books, Cost,
            doubt::{Correction, Open},
            instalment::{Instalment, Leaver, Points},
            pending::{FlowKey, Since},
            replay::{Event, Flow, State},
        },
        versions::Versions,
    },
    split::{Exact, Tiers, TiersForm},
    time::Timestamp,
};

/// Points by dimension and party.
pub(super) type PointsForm = Vec<Vec<Number>>;

/// See [`Books`].
#[derive(Serialize, Deserialize)]
pub(super) struct BooksForm {
    settled: SumsForm,
    before_tail: Option<SumsForm>,
    tail: ChangesForm,
    sheets: Option<(u64, u64)>,
    cut_off: u64,
    backs: Vec<Back>,
    costs: Vec<Cost>,
    corrections: Vec<Correction>,
    withdrawn: Vec<Correction>,
    doubts: Vec<Open>,
    shared_anew: Vec<(u64, usize)>,
    leavers: Vec<Leaver>,
    releases: VecDeque<(Timestamp, usize)>,
    released: Vec<(u64, usize)>,
    /// The points of the instalments; those of several that follow each other once.
    points: Vec<PointsForm>,
    instalments: Vec<InstalmentForm>,
    events: Vec<Event>,
    flows: Vec<(FlowKey, u128, Number)>,
    tiers: Vec<TiersForm>,
    allocations: Vec<Vec<i64>>,
}

#[derive(Serialize, Deserialize)]
struct InstalmentForm {
    cut_off: u64,
    version: usize,
    decay: Stated,
    /// The place of its points.
    points: usize,
    net: Vec<(FlowKey, u128)>,
    costs: Vec<((usize, usize), u64)>,
}

impl BooksForm {
    pub(super) fn of(books: &Books) -> Self {
        let mut points: Vec<&Arc<Points>> = Vec::new();
        let mut instalments = Vec::with_capacity(books.instalments.len());
        for instalment in &books.instalments {
            if points.last().is_none_or(|last| !Arc::ptr_eq(last, &instalment.points)) {
                points.push(&instalment.points);
            }
            instalments.push(InstalmentForm {
                cut_off: instalment.cut_off,
                version: instalment.version,
                decay: stated(instalment.decay),
                points: points.len() - 1,
                net: instalment.net.iter().map(|(key, net)| (*key, *net)).collect(),
                costs: instalment.costs.iter().map(|(key, cost)| (*key, *cost)).collect(),
            });
        }
        let rows = |points: &Points| points.iter().map(|row| row.iter().map(number).collect()).collect();
        let flows = books.state.flows.iter();
        Self {
            settled: SumsForm::of(&books.since.settled),
            before_tail: books.since.before_tail.as_ref().map(SumsForm::of),
            tail: ChangesForm::of(&books.since.tail),
            sheets: books.since.sheets,
            cut_off: books.cut_off,
            backs: books.backs.clone(),
            costs: books.costs.clone(),
            corrections: books.corrections.clone(),
            withdrawn: books.withdrawn.clone(),
            doubts: books.doubts.values().cloned().collect(),
            shared_anew: books.shared_anew.clone(),
            leavers: books.leavers.clone(),
            releases: books.releases.clone(),
            released: books.released.clone(),
            points: points.into_iter().map(|points| rows(points)).collect(),
            instalments,
            events: books.events.clone(),
            flows: flows.map(|(key, flow)| (*key, flow.gross, number(&flow.reached))).collect(),
            tiers: books.state.tiers.iter().map(Tiers::to_form).collect(),
            allocations: books.allocations.clone(),
        }
    }

    /// Leaves out what depends on when changes were put away; returns the points of each instalment.
    pub(super) fn leave_history_out(&mut self) -> Vec<PointsForm> {
        (self.before_tail, self.tail, self.sheets) = (None, ChangesForm::default(), None);
        let points = std::mem::take(&mut self.points);
        let places = self.instalments.iter_mut().map(|instalment| std::mem::take(&mut instalment.points));
        places.map(|place| points.get(place).cloned().unwrap_or_default()).collect()
    }

    /// Reads the books of an agreement with these versions of its terms. `None` if something does not fit them.
    pub(super) fn read(self, versions: &Versions) -> Option<Books> {
        let terms: Vec<_> = versions.all().iter().map(|version| (version.from, Arc::clone(&version.terms))).collect();
        let now = &*terms.last()?.1;
        let points = self.points.into_iter().map(|rows| rows.into_iter().map(exacts).collect::<Option<Points>>());
        let points: Vec<Arc<Points>> = points.map(|points| points.map(Arc::new)).collect::<Option<_>>()?;
        let fits = self.allocations.len() == now.currencies.len()
            && self.allocations.iter().all(|lines| lines.len() == now.parties.len())
            && points.iter().all(|points| points.len() <= now.dimensions.len());
        if !fits {
            return None;
        }
        let mut cut_off = 0;
        let mut instalments = Vec::with_capacity(self.instalments.len());
        for form in self.instalments {
            if form.cut_off <= cut_off || form.version >= terms.len() {
                return None;
            }
            cut_off = form.cut_off;
            instalments.push(Instalment {
                cut_off,
                version: form.version,
                decay: ratio(form.decay).filter(|decay| decay.is_at_most_one())?,
                points: Arc::clone(points.get(form.points)?),
                net: form.net.into_iter().collect(),
                costs: form.costs.into_iter().collect(),
            });
        }
        let tiers = self.tiers.into_iter().map(|form| Tiers::from_form(form.parties(), form));
        let flows = self.flows.into_iter().map(|(key, gross, reached)| {
            Some((key, Flow { gross, reached: exact(reached).filter(|reached| *reached >= Exact::ZERO)? }))
        });
        let state =
            State { flows: flows.collect::<Option<BTreeMap<_, _>>>()?, tiers: tiers.collect::<Option<Vec<_>>>()? };
        let places = |event: &Event| event.place() < instalments.len();
        let fits = cut_off == self.cut_off
            && self.events.iter().all(places)
            && self.releases.iter().all(|(_, place)| *place < instalments.len())
            && self.released.iter().all(|(_, place)| *place < instalments.len())
            && self.shared_anew.iter().all(|(_, version)| *version < terms.len())
            && self.leavers.iter().all(|leaver| leaver.party < now.parties.len())
            && state.tiers.len() <= now.currencies.len()
            && state.tiers.iter().all(|tiers| tiers.instalments() <= instalments.len());
        if !fits {
            return None;
        }
        let before_tail = match self.before_tail {
            Some(sums) => Some(sums.read(now)?),
            None => None,
        };
        Some(Books {
            since: Since::restored(
                self.settled.read(now)?,
                before_tail,
                self.tail.read(now)?,
                self.sheets.filter(|(from, upto)| from < upto),
            ),
            points: instalments.last().map_or_else(Arc::default, |last| Arc::clone(&last.points)),
            terms,
            cut_off,
            backs: self.backs,
            costs: self.costs,
            corrections: self.corrections,
            withdrawn: self.withdrawn,
            doubts: self.doubts.into_iter().map(|open| ((open.subject, open.at), open)).collect(),
            shared_anew: self.shared_anew,
            leavers: self.leavers,
            releases: self.releases,
            released: self.released,
            instalments,
            events: self.events,
            state,
            allocations: self.allocations,
        })
    }
}
