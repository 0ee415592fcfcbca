//! Ranges: keys of several sources in one order.

use std::{collections::btree_map, io, iter};

use bytes::Bytes;

use crate::store::log::index::tables::table::Cursor;

/// Where keys come from, in the order that is asked for.
pub(super) enum Source<'a> {
    Forth(iter::Peekable<btree_map::Range<'a, Vec<u8>, Option<Bytes>>>),
    Back(iter::Peekable<iter::Rev<btree_map::Range<'a, Vec<u8>, Option<Bytes>>>>),
    Table(Cursor<'a>),
}

impl<'a> Source<'a> {
    /// Takes what is in no table.
    pub(super) fn fresh(range: btree_map::Range<'a, Vec<u8>, Option<Bytes>>, reverse: bool) -> Self {
        if reverse { Self::Back(range.rev().peekable()) } else { Self::Forth(range.peekable()) }
    }

    fn entry(&mut self) -> Option<(&[u8], Option<&[u8]>)> {
        match self {
            Self::Forth(range) => range.peek().map(|(key, value)| (key.as_slice(), value.as_deref())),
            Self::Back(range) => range.peek().map(|(key, value)| (key.as_slice(), value.as_deref())),
            Self::Table(cursor) => cursor.entry(),
        }
    }

    /// Goes on; `false` if there is nothing more.
    fn go_on(&mut self, reverse: bool) -> io::Result<bool> {
        match self {
            Self::Forth(range) => Ok(range.next().is_some()),
            Self::Back(range) => Ok(range.next().is_some()),
            Self::Table(cursor) if reverse => cursor.back(),
            Self::Table(cursor) => cursor.forth(),
        }
    }
}

/// Collects keys in their order; of several that are alike that of the first source counts.
pub(super) fn collect(
    mut sources: Vec<Source<'_>>,
    (from, upto): (&[u8], &[u8]),
    reverse: bool,
    max: usize,
) -> io::Result<Vec<(Bytes, Bytes)>> {
    let mut found = Vec::new();
    while found.len() < max {
        let mut next: Option<(Bytes, Option<Bytes>)> = None;
        for source in &mut sources {
            let Some((key, value)) = source.entry().filter(|(key, _)| (from..upto).contains(key)) else { continue };
            if next.as_ref().is_none_or(|(other, _)| if reverse { key > other } else { key < other }) {
                next = Some((Bytes::copy_from_slice(key), value.map(Bytes::copy_from_slice)));
            }
        }
        let Some((key, value)) = next else { break };
        let mut at = 0;
        while let Some(source) = sources.get_mut(at) {
            let is_there = source.entry().is_some_and(|(other, _)| other == key);
            if is_there && !source.go_on(reverse)? {
                sources.remove(at);
            } else {
                at += 1;
            }
        }
        found.extend(value.map(|value| (key, value)));
    }
    Ok(found)
}
