//! A world that follows from one seed: the real sequencer on the real log, a disk, a clock and clients, and a schedule that picks
//! what happens next.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use counterfoil::{
    keys::SecretKey,
    ledger::LedgerId,
    merkle::index::LeafIndex,
    sequencer::{Commits, Memory, Sequencer, SequencerConfig, Threads},
    store::{
        Store, StoreError,
        disk::{Disk, memory::Fault},
        log::{
            LogConfig, LogId, LogStore, Settling,
            index::{Index, memory::MemoryIndex},
        },
    },
};
use tokio::{runtime::Builder, task::yield_now, time::advance};

use crate::{
    common::Chance,
    parties::NOW_MS,
    simulation::{
        cast::{Cast, DAY_MS, ms},
        client::{Answer, Answers, Client, Weather, hold, look, lot},
        disk::{Trouble, TroubledDisk},
        observed::Observed,
        record::{Check, Record, long},
    },
};

/// What is broken on purpose, to see that it is caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Syncs succeed and do nothing.
    SyncsLie,
    /// A commit is acknowledged before it is synced.
    SyncsLate,
    /// A commit is signed and acknowledged and not written: its size is signed again.
    SignsTwice,
}

/// How a life of the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    PowerCut,
    Killed,
    Stopped,
}

pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) record: Arc<Mutex<Record>>,
    pub(super) cast: Cast,
    pub(super) disk: TroubledDisk,
    index: MemoryIndex,
    /// The index as it was once: a crash may bring it back.
    old_index: Option<MemoryIndex>,
    clock: Arc<AtomicU64>,
    clients: BTreeMap<u64, Client>,
    answers: Answers,
    asked: u64,
    steps: usize,
    flaw: Option<Flaw>,
    /// Whether something failed in this life of the server.
    troubled: bool,
}

/// The server as it lives, until a crash or its end.
pub(super) struct Server {
    pub(super) sequencer: Sequencer,
    commits: Commits,
    store: Arc<Observed>,
}

impl World {
    pub(super) fn new(seed: u64, steps: usize, flaw: Option<Flaw>, verbose: bool) -> Self {
        let mut chance = Chance::from_seed(seed);
        let deals = 1 + chance.below(4);
        let world = Self {
            cast: Cast::new(deals),
            chance,
            record: Arc::new(Mutex::new(Record::new(verbose))),
            disk: TroubledDisk::new(),
            index: MemoryIndex::new(),
            old_index: None,
            clock: Arc::new(AtomicU64::new(0)),
            clients: BTreeMap::new(),
            answers: Answers::default(),
            asked: 0,
            steps,
            flaw,
            troubled: false,
        };
        world.set_clock(NOW_MS);
        match flaw {
            Some(Flaw::SyncsLie) => world.disk.memory.lie(true),
            Some(Flaw::SyncsLate) => world.disk.sync_late(),
            Some(Flaw::SignsTwice) | None => {}
        }
        world
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    fn is_over(&self) -> bool {
        self.steps == 0 || self.record().violation.is_some()
    }

    /// Lives until the steps are used up, then once more to see that everything is there.
    pub(super) fn run(&mut self) {
        while !self.is_over() {
            self.troubled = false;
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let end = runtime.block_on(self.live());
            // Everything in memory is gone, as it is.
            drop(runtime);
            self.die(end);
        }
        if self.record().violation.is_none() {
            self.troubled = false;
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(self.finish());
        }
    }

    fn die(&mut self, end: End) {
        self.clients.clear();
        self.answers.lock().unwrap().clear();
        self.disk.calm();
        // Without power nobody stops it, and nothing that it wrote is left in memory.
        let end = if self.disk.die() { End::PowerCut } else { end };
        self.record().trace(&format!("{end:?}"));
        self.index.fail(false);
        match end {
            End::PowerCut => {
                self.record().told.crashes += 1;
                self.disk.memory.crash(self.chance.next());
                self.index.crash(self.chance.below(3));
            }
            End::Killed => {
                self.record().told.crashes += 1;
                self.disk.memory.kill();
            }
            End::Stopped => self.record().told.stops += 1,
        }
        match self.chance.below(8) {
            0 => self.index = self.old_index.take().unwrap_or_default(),
            1 => self.old_index = Some(self.index.copy()),
            _ => {}
        }
    }

    pub(super) fn open_log(&self, disk: Arc<dyn Disk>, index: &MemoryIndex) -> Result<LogStore, StoreError> {
        let index: Box<dyn Index> = Box::new(index.clone());
        let usual = LogConfig::new(LogId([7; 8]));
        let config = LogConfig { segment_bytes: 20_000, ahead_bytes: 0, settling: Settling::WhenAsked, ..usual };
        LogStore::open_on(disk, move || Ok(index), config)
    }

    /// Opens store and sequencer; none, if the disk was in trouble meanwhile.
    pub(super) async fn open(&mut self, may_fail: bool) -> Option<Server> {
        if may_fail && self.chance.below(8) == 0 {
            self.plan_trouble(30);
        }
        let log = match self.open_log(Arc::new(self.disk.clone()), &self.index) {
            Ok(log) => log,
            Err(error) => {
                let struck = self.disk.calm();
                self.record().trace(&format!("the store does not open: {error}"));
                self.record().hold(Check::Opens, struck, || format!("nothing failed, and it says: {error}"));
                return None;
            }
        };
        // What is read from here on is read on several threads, in no order that a seed could say.
        if self.disk.calm() {
            return None;
        }
        match held(&log) {
            Ok(held) => self.record().reconcile(&held),
            Err(error) => self.record().violate(Check::Kept, error.to_string()),
        }
        let forgets = (self.flaw == Some(Flaw::SignsTwice)).then(|| self.chance.next() % 8);
        let (record, restored) = (Arc::clone(&self.record), Mutex::default());
        let store = Arc::new(Observed { log, record, forgets: Mutex::new(forgets), restored });
        let clock = Arc::clone(&self.clock);
        let clock = Arc::new(move || ms(clock.load(Ordering::SeqCst)));
        let mut config = SequencerConfig::new("log.example", SecretKey::from_seed(&[9; 32]), clock);
        (config.threads, config.idle_after) = (Threads::Inline, Duration::from_secs(20));
        config.live_max = 1 + self.chance.below(4);
        config.queue_max = 2 + self.chance.below(20);
        config.batch_max = 1 + self.chance.below(20);
        // So little that the law's state is put away, forgotten and recalled all the time. Who recalls what was acknowledged and not
        // written notices that it is not there, before any size could be signed twice.
        if self.flaw != Some(Flaw::SignsTwice) {
            config.memory = Memory {
                changed_max: 1 + self.chance.below(12),
                at_hand_max: self.chance.below(4),
                changes_max: 1 + self.chance.below(4),
                folded_max: 1 + self.chance.next() % 24,
            };
        }
        let shared: Arc<dyn Store> = store.clone();
        let opened = Sequencer::open_stepped(shared, config).await;
        self.record().told.restored += long(store.restored.lock().unwrap().len());
        match opened {
            Ok((sequencer, commits)) => Some(Server { sequencer, commits, store }),
            Err(error) => {
                self.record().violate(Check::Opens, format!("nothing failed, and it says: {error}"));
                None
            }
        }
    }

    async fn live(&mut self) -> End {
        let Some(mut server) = self.open(true).await else {
            return if self.chance.below(2) == 0 { End::PowerCut } else { End::Killed };
        };
        while !self.is_over() {
            self.steps -= 1;
            if let Some(end) = self.step(&mut server).await {
                return end;
            }
            self.collect(&server, false);
            // Nobody serves with a store that has stopped for long.
            if server.store.log.position().is_err() {
                self.troubled = true;
                if self.chance.below(8) == 0 {
                    return if self.chance.below(2) == 0 { End::PowerCut } else { End::Killed };
                }
            }
        }
        End::PowerCut
    }

    /// Lets the next thing happen.
    async fn step(&mut self, server: &mut Server) -> Option<End> {
        match self.chance.below(200) {
            0..60 => yield_now().await,
            60..100 => self.submit(&server.sequencer),
            100..112 => self.ask(&server.sequencer),
            112..140 => self.commit(server),
            140..145 => self.settle_index(server),
            145..155 => self.pass_time().await,
            155..158 => self.plan_trouble(12),
            158..164 => self.abandon(),
            164..168 => self.validate(&server.sequencer),
            168..190 => {
                for _ in 0..5 {
                    yield_now().await;
                }
                self.commit(server);
            }
            190..192 => return Some(End::PowerCut),
            192 => return Some(End::Killed),
            193 => {
                self.stop(server).await;
                return Some(End::Stopped);
            }
            _ => yield_now().await,
        }
        None
    }

    fn client(&mut self, sequencer: &Sequencer, ledger: LedgerId, ask: impl Future<Output = Answer> + Send + 'static) {
        self.asked += 1;
        let (number, answers, sequencer) = (self.asked, Arc::clone(&self.answers), sequencer.clone());
        let task = tokio::spawn(async move {
            let answer = ask.await;
            answers.lock().unwrap().push((number, answer));
            // To the end: it is a caller of the server for as long as it waits.
            drop(sequencer);
        });
        let asked = self.record().asked(ledger);
        self.clients.insert(number, Client { asked, task: task.abort_handle() });
    }

    fn submit(&mut self, sequencer: &Sequencer) {
        let again = self.chance.below(4) == 0;
        let said = if again {
            self.cast.again(&mut self.chance)
        } else {
            self.cast.next(&mut self.chance, &self.record.lock().unwrap())
        };
        self.record().trace(&format!("submits {:?} {}", said.signed().statement().body.kind(), said.signed().id()));
        let asking = sequencer.clone();
        self.client(sequencer, said.ledger(), async move {
            let answer = asking.submit(said.0.clone()).await;
            Answer::Submitted(said, answer)
        });
    }

    fn validate(&mut self, sequencer: &Sequencer) {
        let said = if self.chance.below(2) == 0 {
            self.cast.again(&mut self.chance)
        } else {
            self.cast.next(&mut self.chance, &self.record.lock().unwrap())
        };
        self.record().trace("validates");
        let asking = sequencer.clone();
        self.client(sequencer, said.ledger(), async move {
            let answer = asking.validate(said.signed().clone()).await;
            Answer::Validated(said, answer)
        });
    }

    fn ask(&mut self, sequencer: &Sequencer) {
        let agreements = self.cast.agreements();
        let agreement = agreements[self.chance.below(agreements.len())];
        let ledger = LedgerId::new(agreement.digest());
        let lot = lot(&mut self.chance);
        let told = self.record().asked(ledger).told;
        self.record().trace("asks");
        self.client(sequencer, ledger, look(sequencer.clone(), agreement, told, lot));
    }

    fn commit(&mut self, server: &mut Server) {
        let stepped = server.commits.step();
        let struck = self.disk.has_struck();
        self.record().trace(&format!("steps {stepped} {struck}"));
    }

    fn settle_index(&mut self, server: &Server) {
        self.record().trace("index");
        if self.chance.below(20) == 0 {
            self.troubled = true;
            self.index.fail(true);
        }
        server.store.log.settle();
    }

    async fn pass_time(&mut self) {
        let now = self.clock.load(Ordering::SeqCst);
        let (kind, lot) = (self.chance.below(8), self.chance.next());
        match kind {
            0 => self.set_clock(now.saturating_sub(lot % 10_000_000)),
            1 => self.set_clock(now + lot % DAY_MS),
            2..5 => self.set_clock(now + lot % 1_000),
            // It stands still; others see time pass.
            _ => advance(Duration::from_secs(lot % 30)).await,
        }
    }

    fn set_clock(&self, now: u64) {
        // Two weeks at most, so that no work of these agreements is older than the law takes.
        let now = now.clamp(NOW_MS - 7 * DAY_MS, NOW_MS + 7 * DAY_MS);
        self.clock.store(now, Ordering::SeqCst);
        let mut record = self.record();
        record.clock.push(ms(now));
        record.trace(&format!("clock {now}"));
    }

    fn plan_trouble(&mut self, within: usize) {
        let kinds = [ErrorKind::Other, ErrorKind::StorageFull];
        let kind = kinds[self.chance.below(2)];
        let trouble = match self.chance.below(5) {
            0 => Trouble::PowerCut,
            1 => Trouble::Fault(Fault::Tears(kind)),
            _ => Trouble::Fault(Fault::Fails(kind)),
        };
        let after = self.chance.below(within);
        self.record().trace(&format!("{trouble:?} after {after} calls"));
        self.disk.plan(after, trouble);
    }

    /// Somebody gives up; the answer is lost, and the entry is not.
    fn abandon(&mut self) {
        let waiting: Vec<u64> = self.clients.keys().copied().collect();
        if waiting.is_empty() {
            return;
        }
        let number = waiting[self.chance.below(waiting.len())];
        if let Some(client) = self.clients.remove(&number) {
            self.record().trace(&format!("{number} gives up"));
            client.task.abort();
        }
    }

    /// Holds every answer that came against what was acknowledged and told.
    pub(super) fn collect(&mut self, server: &Server, stopping: bool) {
        self.troubled |= self.disk.has_struck();
        let weather = Weather { troubled: self.troubled, stopping };
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        for (number, answer) in answers {
            let Some(client) = self.clients.remove(&number) else { continue };
            let mut record = self.record.lock().unwrap();
            record.trace(&format!("{number} is answered"));
            hold(&mut record, &server.sequencer, client.asked, answer, weather);
        }
    }

    /// Stops the server as its operator does: everybody is answered.
    async fn stop(&mut self, server: &mut Server) {
        self.record().trace("stops");
        let sequencer = server.sequencer.clone();
        let stopping = tokio::spawn(async move { sequencer.shut_down().await });
        for _ in 0..1_000 {
            if stopping.is_finished() && self.clients.is_empty() {
                return;
            }
            yield_now().await;
            server.commits.step();
            self.collect(server, true);
        }
        let (ended, waiting) = (stopping.is_finished(), self.clients.len());
        self.record().violate(Check::Answer, format!("it was told to stop, ended {ended}, and {waiting} still wait"));
    }

    /// Waits until somebody is answered.
    pub(super) async fn until<R>(&mut self, server: &mut Server, asking: impl Future<Output = R> + Send + 'static) -> R
    where
        R: Send + 'static,
    {
        let asking = tokio::spawn(asking);
        while !asking.is_finished() {
            yield_now().await;
            server.commits.step();
        }
        asking.await.unwrap()
    }
}

/// All leaves of a store.
pub(super) fn held(store: &LogStore) -> Result<BTreeMap<LedgerId, Vec<Bytes>>, StoreError> {
    let heads = store.ledgers(None, usize::MAX)?;
    let ids = heads.into_iter().map(|(id, _)| id);
    ids.map(|id| Ok((id, store.leaves(id, LeafIndex::new(0), usize::MAX, usize::MAX)?))).collect()
}
