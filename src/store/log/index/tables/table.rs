//! A table: a file of keys in order that never changes once it is written.
//!
//! Its pages stand in groups. Behind the pages of a group stand a page that says where each of them is, by its first key, and the
//! filter of the group's keys; behind all groups one that says where each of these is; then an end of fixed length. In memory is only
//! that last page: some 40 bytes for 600,000 of the file.

use std::{io, sync::Arc};

use prost::encoding::{decode_varint, encode_varint};

use crate::store::{
    disk::{Disk, DiskFile},
    log::{
        index::tables::{
            cache::{Kept, Pages, Place},
            filter,
            page::{Page, PageWriter},
        },
        tail::long,
    },
};

/// A page is ended once it has so many bytes.
const PAGE_BYTES: usize = 4 * 1_024;
/// A group is ended once the page that says where its pages are has so many.
const GROUP_BYTES: usize = 4 * 1_024;
/// So much is written at once.
const WRITE_BYTES: usize = 256 * 1_024;
const END_BYTES: usize = 32;
const MAGIC: &[u8; 8] = b"CFtable1";

/// Returns the name of the file of a table.
pub(super) fn name_of(number: u64) -> String {
    format!("{number:016x}.table")
}

/// Writes a table.
pub(super) struct TableWriter {
    file: Arc<dyn DiskFile>,
    number: u64,
    /// Not yet written, and where it belongs.
    bytes: Vec<u8>,
    offset: u64,
    page: PageWriter,
    group: PageWriter,
    groups: PageWriter,
    beginnings: Vec<u64>,
}

impl TableWriter {
    /// Begins the table with a number that none has yet.
    pub(super) fn create(disk: &dyn Disk, number: u64) -> io::Result<Self> {
        Ok(Self {
            file: disk.create(&name_of(number))?,
            number,
            bytes: Vec::new(),
            offset: 0,
            page: PageWriter::default(),
            group: PageWriter::default(),
            groups: PageWriter::default(),
            beginnings: Vec::new(),
        })
    }

    /// Puts a key behind those that are there; no value: it is removed.
    pub(super) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> io::Result<()> {
        self.page.put(key, value);
        let beginning = filter::beginning(key);
        if self.beginnings.last() != Some(&beginning) {
            self.beginnings.push(beginning);
        }
        if self.page.bytes() >= PAGE_BYTES {
            self.end_page();
        }
        if self.group.bytes() >= GROUP_BYTES {
            self.end_group();
        }
        if self.bytes.len() >= WRITE_BYTES { self.write() } else { Ok(()) }
    }

    /// Ends the table and makes it durable, except for its name. None: it has no key, and its file is of no use.
    pub(super) fn finish(mut self) -> io::Result<Option<Table>> {
        self.end_page();
        self.end_group();
        let at = self.offset + long(self.bytes.len());
        let Some((_, groups)) = self.groups.finish() else { return Ok(None) };
        let length = u32::try_from(groups.len()).map_err(|_| io::Error::other("a table has too many groups"))?;
        self.bytes.extend_from_slice(&groups);
        let mut end = [&MAGIC[..], &at.to_be_bytes(), &length.to_be_bytes(), &[0; 8]].concat();
        end.extend_from_slice(&crc32fast::hash(&end).to_be_bytes());
        self.bytes.extend_from_slice(&end);
        self.write()?;
        self.file.sync_data()?;
        Table::read(self.number, self.file)?.map(Some).ok_or_else(|| damaged(self.number))
    }

    fn end_page(&mut self) {
        let at = self.offset + long(self.bytes.len());
        if let Some((first, page)) = self.page.finish() {
            self.group.put(&first, Some(&numbers(&[at, long(page.len())])));
            self.bytes.extend_from_slice(&page);
        }
    }

    fn end_group(&mut self) {
        // The filter covers what the group says is there, no more and no less.
        self.end_page();
        let at = self.offset + long(self.bytes.len());
        if let Some((first, group)) = self.group.finish() {
            let mut filter = filter::write(&self.beginnings);
            let check = crc32fast::hash(&filter);
            filter.extend_from_slice(&check.to_be_bytes());
            self.groups.put(&first, Some(&numbers(&[at, long(group.len()), long(filter.len())])));
            self.bytes.extend_from_slice(&group);
            self.bytes.extend_from_slice(&filter);
            self.beginnings.clear();
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_at(&self.bytes, self.offset)?;
        self.offset += long(self.bytes.len());
        self.bytes.clear();
        Ok(())
    }
}

/// A table that is there.
pub(super) struct Table {
    pub(super) number: u64,
    file: Arc<dyn DiskFile>,
    /// How long the file is.
    pub(super) bytes: u64,
    groups: Page,
}

impl Table {
    /// Opens a table. None: it is none, or damaged at its end.
    pub(super) fn open(disk: &dyn Disk, number: u64) -> io::Result<Option<Self>> {
        Self::read(number, disk.open(&name_of(number))?)
    }

    fn read(number: u64, file: Arc<dyn DiskFile>) -> io::Result<Option<Self>> {
        let bytes = file.length()?;
        let Some(at) = bytes.checked_sub(long(END_BYTES)) else { return Ok(None) };
        let mut end = [0; END_BYTES];
        file.read_at(&mut end, at)?;
        let Some((groups_at, length)) = read_end(&end) else { return Ok(None) };
        if groups_at.checked_add(u64::from(length)) != Some(at) {
            return Ok(None);
        }
        let mut groups = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_at(&mut groups, groups_at)?;
        Ok(Page::read(&groups).filter(|groups| groups.len() > 0).map(|groups| Self { number, file, bytes, groups }))
    }

    /// Whether the table may hold a key that begins so; `place` is the group that would hold it.
    fn may_hold(&self, pages: &Pages, place: usize, beginning: u64) -> io::Result<bool> {
        let [at, group, length] = self.numbers(self.groups.at(place))?;
        let kept = pages.get_or_read(Place { table: self.number, offset: at + group }, || {
            let mut filter = self.read_bytes(at + group, length)?;
            let check = filter.split_off(filter.len().saturating_sub(4));
            let is_whole = check == crc32fast::hash(&filter).to_be_bytes();
            if is_whole { Ok(Kept::Filter(filter.into())) } else { Err(damaged(self.number)) }
        })?;
        Ok(kept.filter().is_none_or(|filter| filter::may_hold(filter, beginning)))
    }

    fn group(&self, pages: &Pages, place: usize) -> io::Result<Arc<Page>> {
        let [at, length, _] = self.numbers(self.groups.at(place))?;
        self.page(pages, at, length)
    }

    fn page(&self, pages: &Pages, at: u64, length: u64) -> io::Result<Arc<Page>> {
        let read = || {
            let page = Page::read(&self.read_bytes(at, length)?).filter(|page| page.len() > 0);
            Ok(Kept::Page(Arc::new(page.ok_or_else(|| damaged(self.number))?)))
        };
        let kept = pages.get_or_read(Place { table: self.number, offset: at }, read)?;
        kept.page().ok_or_else(|| damaged(self.number))
    }

    fn read_bytes(&self, at: u64, length: u64) -> io::Result<Vec<u8>> {
        if at.checked_add(length).is_none_or(|end| end > self.bytes) {
            return Err(damaged(self.number));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file.read_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// Reads the numbers that stand under a key.
    fn numbers<const N: usize>(&self, found: Option<(&[u8], Option<&[u8]>)>) -> io::Result<[u64; N]> {
        let mut numbers = [0; N];
        let mut value = found.and_then(|(_, value)| value).ok_or_else(|| damaged(self.number))?;
        for number in &mut numbers {
            *number = decode_varint(&mut value).map_err(|_| damaged(self.number))?;
        }
        Ok(numbers)
    }
}

/// A place among the keys of a table. It moves on, or back, and knows the key that it stands at.
pub(super) struct Cursor<'a> {
    table: &'a Table,
    pages: &'a Pages,
    group_place: usize,
    group: Arc<Page>,
    page_place: usize,
    page: Arc<Page>,
    place: usize,
}

impl<'a> Cursor<'a> {
    /// Stands at the first key that is not smaller than `from`; none: there is none.
    ///
    /// `beginning`: only keys that begin so are of interest. Whoever says so may get none where there are others.
    pub(super) fn at_or_after(
        table: &'a Table,
        pages: &'a Pages,
        from: &[u8],
        beginning: Option<u64>,
    ) -> io::Result<Option<Self>> {
        let place = table.groups.upto(from).saturating_sub(1);
        let Some(mut cursor) = Self::in_group(table, pages, place, beginning, |group| group.upto(from))? else {
            return Ok(None);
        };
        cursor.place = cursor.page.below(from);
        let is_there = cursor.place < cursor.page.len() || cursor.forth_to_page()?;
        Ok(is_there.then_some(cursor))
    }

    /// Stands at the last key that is smaller than `upto`; none: there is none. `beginning`: as before.
    pub(super) fn before(
        table: &'a Table,
        pages: &'a Pages,
        upto: &[u8],
        beginning: Option<u64>,
    ) -> io::Result<Option<Self>> {
        let Some(place) = table.groups.below(upto).checked_sub(1) else { return Ok(None) };
        let found = Self::in_group(table, pages, place, beginning, |group| group.below(upto))?;
        Ok(found.and_then(|mut cursor| {
            cursor.place = cursor.page.below(upto).checked_sub(1)?;
            Some(cursor)
        }))
    }

    /// Opens the page of a group behind the first of as many as `upto` counts.
    fn in_group(
        table: &'a Table,
        pages: &'a Pages,
        group_place: usize,
        beginning: Option<u64>,
        upto: impl FnOnce(&Page) -> usize,
    ) -> io::Result<Option<Self>> {
        if let Some(beginning) = beginning
            && !table.may_hold(pages, group_place, beginning)?
            && !Self::may_go_on(table, group_place, beginning)
        {
            return Ok(None);
        }
        let group = table.group(pages, group_place)?;
        let page_place = upto(&group).saturating_sub(1);
        let [at, length] = table.numbers(group.at(page_place))?;
        let page = table.page(pages, at, length)?;
        Ok(Some(Self { table, pages, group_place, group, page_place, page, place: 0 }))
    }

    /// Whether keys that begin so may stand in the next group, too: its first does.
    fn may_go_on(table: &Table, group_place: usize, beginning: u64) -> bool {
        table.groups.at(group_place + 1).is_some_and(|(first, _)| filter::beginning(first) == beginning)
    }

    /// Returns the key it stands at, and what stands under it.
    pub(super) fn entry(&self) -> Option<(&[u8], Option<&[u8]>)> {
        self.page.at(self.place)
    }

    /// Goes to the next key; `false` if it was the last.
    pub(super) fn forth(&mut self) -> io::Result<bool> {
        self.place += 1;
        if self.place < self.page.len() { Ok(true) } else { self.forth_to_page() }
    }

    fn forth_to_page(&mut self) -> io::Result<bool> {
        if self.page_place + 1 < self.group.len() {
            self.page_place += 1;
        } else if self.group_place + 1 < self.table.groups.len() {
            self.group_place += 1;
            self.group = self.table.group(self.pages, self.group_place)?;
            self.page_place = 0;
        } else {
            return Ok(false);
        }
        self.open_page()?;
        self.place = 0;
        Ok(true)
    }

    /// Goes to the key before; `false` if it was the first.
    pub(super) fn back(&mut self) -> io::Result<bool> {
        if let Some(before) = self.place.checked_sub(1) {
            self.place = before;
            return Ok(true);
        }
        if let Some(before) = self.page_place.checked_sub(1) {
            self.page_place = before;
        } else if let Some(before) = self.group_place.checked_sub(1) {
            self.group_place = before;
            self.group = self.table.group(self.pages, before)?;
            self.page_place = self.group.len().saturating_sub(1);
        } else {
            return Ok(false);
        }
        self.open_page()?;
        self.place = self.page.len().saturating_sub(1);
        Ok(true)
    }

    fn open_page(&mut self) -> io::Result<()> {
        let [at, length] = self.table.numbers(self.group.at(self.page_place))?;
        self.page = self.table.page(self.pages, at, length)?;
        Ok(())
    }
}

fn read_end(end: &[u8; END_BYTES]) -> Option<(u64, u32)> {
    let (said, check) = end.split_last_chunk()?;
    if crc32fast::hash(said) != u32::from_be_bytes(*check) {
        return None;
    }
    let (magic, rest) = said.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    (magic == MAGIC).then(|| (u64::from_be_bytes(*at), u32::from_be_bytes(*length)))
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    numbers.iter().for_each(|number| encode_varint(*number, &mut bytes));
    bytes
}

/// What is said of a table whose bytes are not those that were written.
pub(super) fn damaged(number: u64) -> io::Error {
    let name = name_of(number);
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("table {name} is damaged: start again, and the index is made anew"),
    )
}
