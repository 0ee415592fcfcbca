//! The walk: frames are read in order, opened on every core, and taken in order. In memory are only a few pieces, and of each ledger
//! the books of the law; what has to be remembered of every entry is in a scratch.

use std::{cell::RefCell, collections::BTreeMap, mem, rc::Rc, sync::Arc};

use crate::{
    cli::{
        error::Failure,
        fsck::{
            ledger::{Ledger, Opened, OpenedAppend},
            report::{Finding, Place, Report},
            scratch::{Own, Scratch},
        },
    },
    digest::Digest,
    keys::KnownKeys,
    ledger::{LedgerId, entry::Entry},
    merkle::{hash::leaf_hash, index::TreeSize},
    parallel::in_order,
    statement::{id::AgreementId, wire},
    store::{
        StoreError,
        disk::Disk,
        log::{
            LogDamage,
            index::Index,
            survey::{Beside, Survey, Surveyed, SurveyedFrame},
            walk::WalkedAppend,
        },
    },
};

/// Checks the store on a disk, with its index if there is one.
pub(super) fn check(disk: &Arc<dyn Disk>, index: Option<Arc<dyn Index>>, report: &mut Report) -> Result<(), Failure> {
    let mut survey = Survey::open(disk, index)?;
    if !survey.is_there() {
        return Err(Failure::configuration(format!("there is no store in {}", disk.place()))
            .hint("name the directory of a store with --store"));
    }
    let known = KnownKeys::default();
    let mut walked = Walked::default();
    let (mut failed, mut ended) = (None, false);
    in_order(
        || {
            let piece = if ended { Vec::new() } else { read_piece(&mut survey, &mut failed, &mut ended) };
            (!piece.is_empty()).then_some(piece)
        },
        |piece| piece.into_iter().map(|frame| open(frame, &known)).collect::<Vec<_>>(),
        |piece: Vec<OpenedPart>| {
            piece.into_iter().for_each(|part| walked.take(part, report));
            !walked.has_failed()
        },
    );
    if let Some(failure) = failed.map(Failure::from).or_else(|| walked.scratch.borrow_mut().failure()) {
        return Err(failure);
    }
    if survey.high_water().is_none() && survey.position().sequence > 0 {
        let place = Place { frame: survey.position().sequence, file: "high-water".into(), offset: 0 };
        let says = "the high-water mark is missing, damaged, or another log's: how much was durable, nobody knows";
        report.find(Finding { ledger: None, entry: None, place, rule: "HIGH_WATER_MISSING", says: says.into() });
    }
    walked.ledgers.values_mut().for_each(|ledger| ledger.end(report));
    report.ledgers = u64::try_from(walked.ledgers.len()).unwrap_or(u64::MAX);
    report.entries = walked.ledgers.values().map(Ledger::size).sum();
    report.torn = survey.is_torn();
    report.index.extend(survey.index_problems());
    Ok(())
}

/// Enough that handing them over costs nothing beside verifying.
const PIECE_ENTRIES: usize = 64;

/// What stands next in the log, with what is kept beside the ledgers that begin in it.
type Piece = Vec<(Surveyed, BTreeMap<LedgerId, Beside>)>;

fn read_piece(survey: &mut Survey, failed: &mut Option<StoreError>, ended: &mut bool) -> Piece {
    let (mut piece, mut entries) = (Vec::new(), 0);
    while entries < PIECE_ENTRIES {
        match survey.next_frame() {
            Ok(Some(next)) => {
                let mut beside = BTreeMap::new();
                if let Surveyed::Frame(frame) = &next {
                    entries += frame.appends.iter().map(|append| append.leaves.len()).sum::<usize>();
                    let begin = frame.appends.iter().filter(|append| append.before == TreeSize::ZERO);
                    beside.extend(begin.filter_map(|append| Some((append.ledger, survey.beside(append.ledger)?))));
                }
                piece.push((next, beside));
            }
            Ok(None) => {
                *ended = true;
                break;
            }
            Err(error) => {
                (*failed, *ended) = (Some(error), true);
                break;
            }
        }
    }
    piece
}

/// A frame, or a damage, with everything in it opened.
struct OpenedPart {
    damage: Option<Box<LogDamage>>,
    frames: Vec<(Place, Vec<OpenedAppend>)>,
}

fn open((part, mut beside): (Surveyed, BTreeMap<LedgerId, Beside>), known: &KnownKeys) -> OpenedPart {
    let (damage, frames) = match part {
        Surveyed::Frame(frame) => (None, vec![frame]),
        Surveyed::Damage(damage, salvaged) => (Some(damage), salvaged),
    };
    let opened = frames.into_iter().map(|mut frame: SurveyedFrame| {
        let appends = mem::take(&mut frame.appends);
        let place = Place { frame: frame.sequence, file: frame.file, offset: frame.offset };
        let appends = appends.into_iter().map(|append| {
            let beside = beside.remove(&append.ledger);
            open_append(append, beside, known)
        });
        (place, appends.collect())
    });
    OpenedPart { damage, frames: opened.collect() }
}

fn open_append(append: WalkedAppend, beside: Option<Beside>, known: &KnownKeys) -> OpenedAppend {
    OpenedAppend {
        beside,
        ledger: agreement_of(append.ledger),
        before: append.before.get(),
        leaves: append.leaves.iter().map(|(id, leaf)| open_leaf(*id, leaf, known)).collect(),
        nodes: append.nodes,
        note: append.note,
    }
}

fn open_leaf(id: Digest, leaf: &[u8], known: &KnownKeys) -> Opened {
    let entry = match Entry::decode(leaf) {
        Err(error) => Err(("ENTRY_MALFORMED", error.to_string())),
        Ok(entry) => match wire::open_with(&entry.envelope, known) {
            Ok(signed) => Ok((entry, signed)),
            Err(error) => Err((error.reason(), error.to_string())),
        },
    };
    Opened { id, leaf_hash: leaf_hash(leaf), entry }
}

fn agreement_of(ledger: LedgerId) -> AgreementId {
    AgreementId::from_digest(ledger.digest())
}

/// What was walked through so far.
#[derive(Default)]
struct Walked {
    ledgers: BTreeMap<AgreementId, Ledger>,
    scratch: Rc<RefCell<Scratch>>,
    /// How much of the entries is in memory.
    held: usize,
    /// Where frames are of which nothing can be read, in their order: what is missing of a ledger was there.
    lost: Vec<Place>,
}

impl Walked {
    fn ledger(&mut self, id: AgreementId) -> &mut Ledger {
        let number = u32::try_from(self.ledgers.len()).unwrap_or(u32::MAX);
        let scratch = &self.scratch;
        self.ledgers.entry(id).or_insert_with(|| Ledger::new(id, Own::new(Rc::clone(scratch), number)))
    }

    fn has_failed(&self) -> bool {
        self.scratch.borrow().has_failed()
    }

    fn take(&mut self, part: OpenedPart, report: &mut Report) {
        let sure = part.damage.is_none();
        if let Some(damage) = part.damage {
            let place = Place { frame: damage.sequence, file: damage.file.clone(), offset: damage.offset };
            let says = format!("frame {} {}", damage.sequence, damage.problem);
            report.find(Finding { ledger: None, entry: None, place: place.clone(), rule: "FRAME_DAMAGED", says });
            if part.frames.is_empty() {
                for id in damage.named {
                    self.ledger(agreement_of(id)).hurt_next(&place, report);
                }
                if self.lost.len() < LOST_MAX {
                    self.lost.push(place);
                }
            }
        }
        for (place, appends) in part.frames {
            report.frames += 1;
            for append in appends {
                let last = self.ledger(append.ledger).last_frame();
                let lost = self.lost.iter().find(|lost| lost.frame > last && lost.frame < place.frame).cloned();
                let ledger = self.ledger(append.ledger);
                let before = ledger.held();
                ledger.take(append, &place, lost.as_ref(), sure, report);
                let now = ledger.held();
                self.held = (self.held + now).saturating_sub(before);
                self.put_away();
            }
        }
    }
}

impl Walked {
    /// Puts away what is in memory of the entries, once it is much.
    fn put_away(&mut self) {
        // To write the books of a ledger must be worth it: a few entries each.
        if self.held > HELD_MAX.max(8 * self.ledgers.len()) {
            self.ledgers.values_mut().filter(|ledger| ledger.held() > 0).for_each(Ledger::put_away);
            self.held = 0;
        }
    }
}

const HELD_MAX: usize = 1_024;

/// So many places are remembered where nothing can be read.
const LOST_MAX: usize = 10_000;
