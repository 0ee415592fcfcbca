//! What was read of tables and may be needed again, so many bytes of it.

use std::{io, sync::Arc};

use quick_cache::{Weighter, sync::Cache};

use crate::store::log::{index::tables::page::Page, tail::long};

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) table: u64,
    pub(super) offset: u64,
}

/// Something that was read, and whole.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Page(Arc<Page>),
    Filter(Arc<[u8]>),
}

impl Kept {
    pub(super) fn page(self) -> Option<Arc<Page>> {
        match self {
            Self::Page(page) => Some(page),
            Self::Filter(_) => None,
        }
    }

    pub(super) fn filter(&self) -> Option<&[u8]> {
        match self {
            Self::Filter(filter) => Some(filter),
            Self::Page(_) => None,
        }
    }
}

/// What was read last. Tables never change, so nothing in it is ever wrong.
pub(super) struct Pages {
    kept: Option<Cache<Place, Kept, Memory>>,
}

#[derive(Clone)]
struct Memory;

impl Weighter<Place, Kept> for Memory {
    fn weight(&self, _place: &Place, kept: &Kept) -> u64 {
        let bytes = match kept {
            Kept::Page(page) => page.memory(),
            Kept::Filter(filter) => filter.len(),
        };
        long(bytes) + BESIDE_BYTES
    }
}

/// What the cache itself takes for each.
const BESIDE_BYTES: u64 = 100;

impl Pages {
    /// Keeps so many bytes at most.
    pub(super) fn new(bytes: u64) -> Self {
        let expected = usize::try_from(bytes / 8_192).unwrap_or(usize::MAX);
        Self { kept: Some(Cache::with_weighter(expected, bytes, Memory)) }
    }

    /// Keeps nothing: for who reads everything once.
    pub(super) const fn none() -> Self {
        Self { kept: None }
    }

    pub(super) fn get_or_read(&self, place: Place, read: impl FnOnce() -> io::Result<Kept>) -> io::Result<Kept> {
        let Some(cache) = &self.kept else { return read() };
        if let Some(kept) = cache.get(&place) {
            return Ok(kept);
        }
        let kept = read()?;
        cache.insert(place, kept.clone());
        Ok(kept)
    }
}
