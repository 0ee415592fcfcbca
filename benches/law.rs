//! What questions about an agreement cost at many entries, beside recomputation from scratch: the fold of every entry, measured in
//! the same run.
//!
//! `cargo bench --bench law [-- --entries 100000] [--full] [--rounds 5]`. For 2, 10 and 100 parties: contributions that are attested in
//! batches, a benefit every thousand entries, a settlement every twentieth part of them; at the end work that is disputed. Each
//! figure is the best of several rounds, but for the fold, which is what building the agreement cost the law (signatures are verified
//! beside it and not counted).
//!
//! What must hold, and is asserted from 100,000 entries on: questions to the books cost as much as folding so many entries, however
//! many there are; what reads every contribution once costs a part of the fold.
//!
//! | question | at most |
//! | --- | --- |
//! | what-if (`account_at`), settling, what is at stake, a ruling's effect, what would be without an entry | 50 entries for each party, and 200 |
//! | explaining one party, everything at hand | half of the fold |
//! | explaining one party from slips, as the service does | the fold |
//!
//! Measured on 2 cores (AMD EPYC), milliseconds, with 20 settlements and one open dispute:
//!
//! | | 2 parties, 100,000 | 2, 1,000,000 | 10, 1,000,000 | 100, 99,000 |
//! | --- | --- | --- | --- | --- |
//! | the fold | 306 | 4,069 | 3,065 | 287 |
//! | what-if | 0.15 | 0.28 | 0.63 | 4.9 |
//! | settling | 0.15 | 0.28 | 0.61 | 4.9 |
//! | what is at stake | 0.15 | 0.29 | 0.59 | 4.9 |
//! | a ruling's effect | 0.22 | 0.42 | 0.77 | 5.0 |
//! | without a contribution | 0.22 | 0.42 | 0.78 | 6.1 |
//! | explaining, at hand | 43 | 679 | 126 | 14 |
//! | explaining, from slips | 92 | 1,113 | 643 | 79 |
//!
//! Memory is told for the first agreement alone: the allocator keeps what it had for those that follow. A million entries at hand
//! take 804 MB, their slips 42 MB.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

#[path = "load/machine.rs"]
#[expect(dead_code, reason = "the load tool asks the machine for more")]
mod machine;

use std::{
    collections::BTreeMap,
    error::Error,
    hint::black_box,
    num::NonZero,
    process, thread,
    time::{Duration, Instant},
};

use clap::Parser;
use counterfoil::{
    agreement::{
        Agreement,
        explain::Gathered,
        put_away::{Place, PutAway, key},
    },
    digest::Digest,
    keys::SecretKey,
    split::Ratio,
    statement::{
        Acceptance, Attestation, Benefit, BenefitConfirmation, Body, Contribution, Signed, Statement, Verdict,
        change::MediatorConsent,
        dispute::{Dispute, Outcome, Remedy},
        id::{AgreementId, StatementId},
        rules::Mediator,
        terms::{Currency, Dimension, LegalText, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit},
        wire,
    },
    time::Timestamp,
};

type Failed = Box<dyn Error + Send + Sync>;

/// What is measured.
#[derive(Parser)]
#[command(name = "law")]
struct Asked {
    /// How many entries each agreement has, about
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(2_000..=2_000_000))]
    entries: u64,
    /// As many entries as the project promises: a million
    #[arg(long)]
    full: bool,
    /// How often each question is asked
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// How many contributions one attestation judges.
const BATCH: u64 = 49;
const BENEFIT_EVERY: u64 = 1_000;
const SETTLEMENTS: u64 = 20;
/// How many statements are signed, and kept in memory, at a time.
const PART: usize = 20_000;
/// From how many entries on the bounds hold.
const BOUNDED_FROM: u64 = 100_000;
const START_MS: u64 = 1_800_000_000_000;

fn main() -> Result<(), Failed> {
    let asked = Asked::parse();
    let entries = if asked.full { 1_000_000 } else { asked.entries };
    println!("{}", machine::describe());
    println!(
        "{entries} entries, {SETTLEMENTS} settlements, best of {} rounds; milliseconds, and parts of the fold\n",
        asked.rounds
    );
    for parties in [2, 10, 100] {
        measure(parties, entries, asked.rounds)?;
    }
    Ok(())
}

/// Builds one agreement and asks it everything.
fn measure(parties: usize, entries: u64, rounds: u32) -> Result<(), Failed> {
    let before = resident();
    let mut built = Built::new(parties, entries)?;
    let (dispute, outcomes) = built.dispute()?;
    let fold = built.fold;
    let whole = resident();
    let agreement = &built.agreement;
    let size = agreement.size();
    println!("{parties} parties, {size} entries");
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    // What the books are asked costs as much as so many entries, however many there are.
    let books = number(50 * u64::try_from(parties)? + 200) / number(size);
    let line = |what: &str, took: Duration, of_fold: f64| {
        let part = took.as_secs_f64() / fold.as_secs_f64();
        println!("  {what:<44}{:>12.3}{:>14.7}", took.as_secs_f64() * 1_000.0, part);
        assert!(size < BOUNDED_FROM || part <= of_fold, "{what} costs {part} of the fold, and may cost {of_fold}");
    };
    line("recomputation from scratch: the fold", fold, 1.0);
    line("what-if: the account of everything", best(rounds, || drop(black_box(agreement.account_at(size)))), books);
    let settlement = agreement.account_at(size)?.settlement;
    let signed = sign(0, Some(agreement.id()), size, Body::Settlement(settlement))?;
    line(
        "settling: judged and recomputed",
        best(rounds, || drop(black_box(agreement.admit(&signed, built.clock)))),
        books,
    );
    let case = agreement.dispute(&dispute).ok_or("the dispute is open")?;
    line(
        "what is at stake in a dispute",
        best(rounds, || drop(black_box(agreement.at_stake(case, built.clock)))),
        books,
    );
    line(
        "a ruling's effect",
        best(rounds, || drop(black_box(agreement.effect(dispute, &outcomes, built.clock)))),
        books,
    );
    let other = built.last.ok_or("something was accepted")?;
    line(
        "explaining without a contribution",
        best(rounds, || drop(black_box(agreement.account_without_id(other, size)))),
        books,
    );
    line(
        "the effect of its not counting",
        best(rounds, || drop(black_box(agreement.effect_without(other, built.clock)))),
        books,
    );
    line(
        "explaining one party, everything at hand",
        best(rounds, || drop(black_box(agreement.explain(1, 0, size)))),
        0.5,
    );
    let slips = built.put_away();
    let agreement = &mut built.agreement;
    if let Some(wanted) = agreement.wanted_at(size) {
        let Place::Last(range) = wanted.place(0) else { return Err("sheets are found by a range".into()) };
        let found = slips.range(range.start..range.end).next_back();
        agreement.recall(&wanted, found.map(|(key, slip)| (key.as_slice(), slip.as_slice())))?;
    }
    line("what-if, when all is put away", best(rounds, || drop(black_box(agreement.account_at(size)))), books);
    line(
        "explaining one party, from slips",
        best(rounds.min(2), || drop(black_box(explained(agreement, &slips, size)))),
        1.0,
    );
    let megabytes = |bytes: u64| bytes >> 20;
    let slips = slips.iter().map(|(key, slip)| key.len() + slip.len()).sum::<usize>() >> 20;
    println!(
        "  memory: {} MB more with everything at hand; slips {slips} MB\n",
        megabytes(whole.saturating_sub(before))
    );
    Ok(())
}

type Slips = BTreeMap<Vec<u8>, Vec<u8>>;

/// Explains one party's line as the service does: from the slips of every contribution and benefit.
fn explained(agreement: &Agreement, slips: &Slips, size: u64) -> Result<usize, Failed> {
    let mut gathered = Gathered::new(1, 0, size);
    for (key, slip) in slips.range(key::contributions_from(0)) {
        gathered.take_contribution(agreement, &agreement.read_contribution(key, slip)?);
    }
    for (key, slip) in slips.range(key::benefits_from(0)) {
        gathered.take_benefit(&agreement.read_benefit(key, slip, [])?);
    }
    Ok(agreement.without_slips().explain_from(gathered)?.steps.len())
}

struct Built {
    agreement: Agreement,
    clock: Timestamp,
    /// What judging and taking in cost so far.
    fold: Duration,
    spoken: u64,
    parties: usize,
    /// The last contribution that was accepted.
    last: Option<StatementId>,
}

impl Built {
    fn new(parties: usize, entries: u64) -> Result<Self, Failed> {
        let clock = Timestamp::from_ms(START_MS)?;
        let proposal = sign(0, None, 0, Body::Proposal(terms(parties)?))?;
        let agreement = Agreement::found(&proposal, clock)?;
        let mut built = Self { agreement, clock, fold: Duration::ZERO, spoken: 0, parties, last: None };
        let accepts = || Body::Acceptance(Acceptance { proposal: proposal.id() });
        for party in 1..parties {
            built.say(party, accepts())?;
        }
        let consent = MediatorConsent { proposal: proposal.id(), conflicts: String::new() };
        built.say(MEDIATOR, Body::MediatorConsent(consent))?;
        let (mut settled, mut reported) = (0, 0);
        while built.agreement.size() < entries {
            built.part(entries)?;
            if built.agreement.size() / BENEFIT_EVERY > reported {
                reported = built.agreement.size() / BENEFIT_EVERY;
                let benefit = built.say(0, benefit(reported)?)?;
                built.say(1, Body::BenefitConfirmation(BenefitConfirmation { benefits: vec![benefit] }))?;
            }
            if built.agreement.size() * SETTLEMENTS / entries > settled {
                settled = built.agreement.size() * SETTLEMENTS / entries;
                let settlement = built.agreement.account_at(built.agreement.size())?.settlement;
                built.say(1, Body::Settlement(settlement))?;
            }
        }
        let benefit = built.say(0, benefit(7)?)?;
        built.say(1, Body::BenefitConfirmation(BenefitConfirmation { benefits: vec![benefit] }))?;
        Ok(built)
    }

    /// Contributions and their judgement, as many as until something else is to be said.
    fn part(&mut self, entries: u64) -> Result<(), Failed> {
        let until = (BENEFIT_EVERY / (BATCH + 1)).min(entries / (BATCH + 1)).max(1);
        let rounds = until.min(u64::try_from(PART)? / BATCH);
        let (id, spoken) = (self.agreement.id(), self.spoken);
        self.spoken += rounds * (BATCH + 1);
        let parties = u64::try_from(self.parties)?;
        let claims = on_every_core(usize::try_from(rounds * BATCH)?, |place| {
            let place = u64::try_from(place)?;
            let party = usize::try_from((spoken + place / BATCH) % parties)?;
            sign(party, Some(id), spoken + place, claim(party, place % 7 + 1)?)
        })?;
        for (round, claims) in claims.chunks(usize::try_from(BATCH)?).enumerate() {
            for claim in claims {
                self.enter(claim)?;
            }
            let judge = usize::try_from((spoken + u64::try_from(round)? + 1) % parties)?;
            let contributions: Vec<StatementId> = claims.iter().map(Signed::id).collect();
            self.last = contributions.last().copied();
            let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
            let body = Body::Attestation(Attestation { contributions, verdict, reason: String::new() });
            let signed = sign(judge, Some(id), spoken + rounds * BATCH + u64::try_from(round)?, body)?;
            self.enter(&signed)?;
        }
        Ok(())
    }

    /// Disputes the last contribution, and says what may come of it.
    fn dispute(&mut self) -> Result<(StatementId, Vec<Outcome>), Failed> {
        let outcomes = vec![Outcome { subject: self.last.ok_or("something was accepted")?, remedy: Remedy::Reject }];
        let body = Dispute { outcomes: outcomes.clone(), reason: "a reason".to_owned() };
        Ok((self.say(0, Body::Dispute(body))?, outcomes))
    }

    fn say(&mut self, who: usize, body: Body) -> Result<StatementId, Failed> {
        self.spoken += 1;
        let signed = sign(who, Some(self.agreement.id()), self.spoken, body)?;
        self.enter(&signed)?;
        Ok(signed.id())
    }

    fn enter(&mut self, signed: &Signed) -> Result<(), Failed> {
        self.clock = Timestamp::from_ms(self.clock.as_ms() + 1)?;
        let began = Instant::now();
        let admission = self.agreement.admit(signed, self.clock)?;
        self.agreement.apply(admission);
        self.fold += began.elapsed();
        Ok(())
    }

    /// Puts everything away, and forgets it.
    fn put_away(&mut self) -> Slips {
        let PutAway { slips, .. } = self.agreement.put_away(1);
        self.agreement.forget(0);
        slips.into_iter().filter_map(|(key, slip)| Some((key, slip?))).collect()
    }
}

/// The signer that is no party.
const MEDIATOR: usize = usize::MAX;

fn secret(who: usize) -> SecretKey {
    SecretKey::from_seed(Digest::of(&[b"the law's bench", &who.to_be_bytes()]).as_bytes())
}

fn sign(who: usize, agreement: Option<AgreementId>, number: u64, body: Body) -> Result<Signed, Failed> {
    let key = secret(who);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let claimed_time = Timestamp::from_ms(START_MS)?;
    let statement = Statement { agreement, signer: key.public(), nonce, claimed_time, seen: None, body };
    Ok(wire::open(&wire::sign(&statement, &key)?)?)
}

fn claim(party: usize, quarters: u64) -> Result<Body, Failed> {
    let at = Timestamp::from_ms(START_MS)?;
    Ok(Body::Contribution(Contribution {
        party: format!("p{party}").parse()?,
        unit: "hour".parse()?,
        quantity: Ratio::reduced(quarters, 4)?,
        work_start: at,
        work_end: at,
        artifacts: Vec::new(),
        note: String::new(),
        task: None,
    }))
}

fn benefit(amount: u64) -> Result<Body, Failed> {
    let at = Timestamp::from_ms(START_MS)?;
    Ok(Body::Benefit(Benefit {
        stream: "sales".parse()?,
        currency: "EUR".parse()?,
        amount: amount * 1_000 + 7,
        period_start: at,
        period_end: at,
        evidence: Digest::of(&[]),
        note: String::new(),
    }))
}

fn terms(parties: usize) -> Result<Terms, Failed> {
    let all = u64::try_from(parties)?;
    let party = |place: usize| -> Result<Party, Failed> {
        let scopes = vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report];
        Ok(Party {
            name: format!("p{place}").parse()?,
            display_name: format!("Party {place}"),
            role: Role::Other,
            keys: vec![PartyKey { key: secret(place).public(), scopes }],
            govern_threshold: 1,
            coefficient: Ratio::ONE,
        })
    };
    Ok(Terms {
        parties: (0..parties).map(party).collect::<Result<_, _>>()?,
        currencies: vec![Currency { code: "EUR".parse()?, exponent: 2 }],
        dimensions: vec![Dimension {
            name: "T".parse()?,
            title: "Co-creation".to_owned(),
            weight: Ratio::ONE,
            floor_mass: Ratio::new(100, 1)?,
            default_shares: vec![Ratio::new(1, all)?; parties],
            coefficients: vec![Ratio::ONE; parties],
            no_floor_mass: false,
        }],
        units: vec![Unit {
            name: "hour".parse()?,
            dimension: "T".parse()?,
            points: Ratio::ONE,
            attestations: 1,
            attestors: Vec::new(),
        }],
        streams: vec![Stream {
            name: "sales".parse()?,
            title: "Sales".to_owned(),
            collector: "p0".parse()?,
            pool_rate: Ratio::new(1, 2)?,
        }],
        mediator: Some(Mediator { display_name: "A mediator".to_owned(), keys: vec![secret(MEDIATOR).public()] }),
        ..Terms::titled(
            "A model and its tools".to_owned(),
            LegalText { digest: Digest::of(&[]), uri: String::new(), prevails: Prevails::Prose },
        )
    })
}

/// Makes as many of something as asked for, in their order, on every core.
fn on_every_core<T: Send>(count: usize, make: impl Fn(usize) -> Result<T, Failed> + Sync) -> Result<Vec<T>, Failed> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = count.div_ceil(cores).max(1);
    let parts = thread::scope(|scope| {
        let make = &make;
        let starts = (0..count).step_by(share);
        let workers: Vec<_> = starts
            .map(|start| {
                scope.spawn(move || (start..count.min(start + share)).map(make).collect::<Result<Vec<T>, Failed>>())
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker failed")).collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(count);
    for part in parts {
        all.extend(part??);
    }
    Ok(all)
}

fn best(rounds: u32, mut question: impl FnMut()) -> Duration {
    let times = (0..rounds).map(|_| {
        let began = Instant::now();
        question();
        began.elapsed()
    });
    times.min().unwrap_or_default()
}

fn resident() -> u64 {
    machine::memory(process::id()).unwrap_or_default().resident
}
