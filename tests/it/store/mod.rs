//! Stores: one suite that all of them pass, and what each has to answer for alone.

mod damage;
mod index;
mod log;
pub(crate) mod model;
mod sled;
mod suite;

use counterfoil::store::memory::MemoryStore;

#[test]
fn the_store_in_memory_passes_the_suite() {
    let store = MemoryStore::new();
    suite::all(|check| check(&store));
}
