//! The disk of a simulation: in memory, and in trouble when the schedule says so.

use std::{
    io,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use counterfoil::store::disk::{
    Disk, DiskFile, Held,
    memory::{Fault, MemoryDisk},
};

/// What befalls a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// It fails.
    Fault(Fault),
    /// The power goes: from this call on nothing works.
    PowerCut,
}

/// A disk that counts the calls of one thread: what a recovery reads on several comes in no order that a seed could say.
#[derive(Clone)]
pub(super) struct TroubledDisk {
    pub(super) memory: MemoryDisk,
    thread: ThreadId,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What befalls the call after so many.
    plan: Option<(usize, Trouble)>,
    struck: bool,
    dead: bool,
    /// Whether a sync only does what the one before should have done.
    late: bool,
    owed: Vec<Arc<dyn DiskFile>>,
}

impl TroubledDisk {
    pub(super) fn new() -> Self {
        Self { memory: MemoryDisk::new(), thread: thread::current().id(), state: Arc::default() }
    }

    pub(super) fn plan(&self, after: usize, trouble: Trouble) {
        self.state.lock().unwrap().plan = Some((after, trouble));
    }

    /// Forgets what was planned; returns whether anything struck since this was asked last.
    pub(super) fn calm(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        state.plan = None;
        std::mem::take(&mut state.struck)
    }

    /// Whether something was planned and has struck.
    pub(super) fn has_struck(&self) -> bool {
        self.state.lock().unwrap().struck
    }

    /// Lets every sync come one too late: a store on it acknowledges before it has synced.
    pub(super) fn sync_late(&self) {
        self.state.lock().unwrap().late = true;
    }

    /// Forgets what a crash has made pointless; returns whether the power was gone already.
    pub(super) fn die(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        state.owed.clear();
        std::mem::take(&mut state.dead)
    }

    fn call(&self) {
        if thread::current().id() != self.thread {
            return;
        }
        let mut state = self.state.lock().unwrap();
        match state.plan {
            Some((0, trouble)) => {
                (state.plan, state.struck) = (None, true);
                match trouble {
                    Trouble::Fault(fault) => self.memory.plan(self.memory.calls(), fault),
                    Trouble::PowerCut => {
                        state.dead = true;
                        self.memory.die_at(self.memory.calls());
                    }
                }
            }
            Some((after, trouble)) => state.plan = Some((after - 1, trouble)),
            None => {}
        }
    }

    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(TroubledFile { disk: self.clone(), file })
    }
}

impl Disk for TroubledDisk {
    fn place(&self) -> String {
        self.memory.place()
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        self.call();
        self.memory.list()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call();
        Ok(self.file(self.memory.open(name)?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call();
        Ok(self.file(self.memory.create(name)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call();
        self.memory.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call();
        self.memory.rename(from, to)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.call();
        self.memory.sync_folder()
    }

    fn lock(&self) -> io::Result<Option<Held>> {
        self.call();
        self.memory.lock()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.call();
        self.memory.free_bytes()
    }
}

struct TroubledFile {
    disk: TroubledDisk,
    file: Arc<dyn DiskFile>,
}

impl DiskFile for TroubledFile {
    fn length(&self) -> io::Result<u64> {
        self.disk.call();
        self.file.length()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.call();
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.call();
        self.file.write_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.disk.call();
        self.file.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.call();
        let owed = {
            let mut state = self.disk.state.lock().unwrap();
            if !state.late {
                drop(state);
                return self.file.sync_data();
            }
            std::mem::replace(&mut state.owed, vec![Arc::clone(&self.file)])
        };
        owed.iter().try_for_each(|file| file.sync_data())
    }
}
