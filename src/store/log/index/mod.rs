//! The index: what finds things in the log, and what the law keeps beside ledgers. Rebuilt from the log whenever it is missing,
//! too old, or not of this log; so it may lose what it likes, as long as it loses whole batches, the last first.

pub mod memory;
pub mod sled;
pub mod tables;

use bytes::Bytes;

use crate::store::StoreError;

/// Ordered keys with values.
pub trait Index: Send + Sync + 'static {
    /// Returns the value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Returns at most `max` keys in `from..upto` with their values, in order; `reverse`: the greatest first.
    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError>;

    /// Puts values, or removes keys, in order and in one atomic step. Only one thread calls this.
    fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError>;

    /// Makes durable what was applied.
    fn sync(&self) -> Result<(), StoreError>;

    /// Throws everything away and begins anew.
    fn reset(&mut self) -> Result<(), StoreError>;
}

/// A key, and its value; `None` removes it.
pub type Change = (Vec<u8>, Option<Bytes>);
