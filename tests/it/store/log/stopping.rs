//! A store that stops while the index is behind: whoever waits for something to be kept hears of it, whichever call of a commit
//! it was that failed.

use std::{
    io::ErrorKind,
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::Duration,
};

use bytes::Bytes;
use counterfoil::store::{
    Store as _, StoreError,
    disk::memory::{Fault, MemoryDisk},
    log::{
        LogConfig, LogStore, Settling,
        index::{Change, Index, memory::MemoryIndex},
    },
};

use crate::store::{
    log::config,
    model::{Model, leaf},
};

/// An index that takes as long as it is told to write.
#[derive(Clone, Default)]
struct Held {
    index: MemoryIndex,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    shut: bool,
    waiting: bool,
}

impl Held {
    fn shut(&self, shut: bool) {
        self.gate.0.lock().unwrap().shut = shut;
        self.gate.1.notify_all();
    }

    fn wait_until_it_writes(&self) {
        drop(self.gate.1.wait_while(self.gate.0.lock().unwrap(), |gate| !gate.waiting).unwrap());
    }
}

impl Index for Held {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.index.get(key)
    }

    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.index.range(from, upto, reverse, max)
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut gate = self.gate.0.lock().unwrap();
        gate.waiting = true;
        self.gate.1.notify_all();
        drop(self.gate.1.wait_while(gate, |gate| gate.shut).unwrap());
        self.index.apply(changes)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.index.sync()
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        self.index.reset()
    }
}

/// What waits for the index when it fails is there: calls of a commit beyond its last.
const CALLS: u64 = 10;

#[test]
fn whoever_waits_to_have_something_kept_hears_of_it_when_the_log_fails() {
    let mut stopped = 0;
    for call in 0..CALLS {
        let (disk, index) = (MemoryDisk::new(), Held::default());
        let boxed: Box<dyn Index> = Box::new(index.clone());
        let behind = LogConfig { settling: Settling::Behind, ..config() };
        let store = Arc::new(LogStore::open_on(Arc::new(disk.clone()), move || Ok(boxed), behind).unwrap());
        let mut model = Model::new("one");
        index.shut(true);
        store.commit(vec![model.append([leaf(0, 100)])]).unwrap();
        index.wait_until_it_writes();
        // It waits behind what is being written.
        let (answer, answered) = mpsc::channel();
        let (keeping, ledger) = (Arc::clone(&store), model.id);
        let keeper = thread::spawn(move || answer.send(keeping.keep(ledger, Bytes::from_static(b"kept"), Vec::new())));
        assert!(answered.recv_timeout(Duration::from_millis(20)).is_err());
        disk.plan(disk.calls() + call, Fault::Fails(ErrorKind::Other));
        let _ = store.commit(vec![model.append([leaf(1, 100)])]);
        stopped += u64::from(store.position().is_err());
        index.shut(false);
        let heard = answered.recv_timeout(Duration::from_secs(10));
        let heard = heard.unwrap_or_else(|_| panic!("nobody told it when call {call} of the commit failed"));
        assert!(matches!(heard, Ok(()) | Err(StoreError::Stopped)), "call {call}: {heard:?}");
        keeper.join().unwrap().unwrap();
        if store.position().is_err() {
            let after = store.keep(model.id, Bytes::from_static(b"more"), Vec::new());
            assert!(matches!(after, Err(StoreError::Stopped)), "call {call}: {after:?}");
        }
    }
    assert!((2..CALLS).contains(&stopped), "{stopped} of {CALLS} failures stopped the store");
}
