//! Which tables are live: one small file, written anew under the next number whenever it changes, and the one before removed when it
//! is durable. A crash between leaves two, of which the later counts if it is whole, and files that no list names.

use std::io;

use crate::store::disk::Disk;

const MAGIC: &[u8; 8] = b"CFlive 1";
/// What the names of lists end with.
pub(super) const SUFFIX: &str = ".live";

/// What the folder of an index holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The lists that are whole, the latest first. That one may name a table whose own name was not durable when the power went:
    /// then the one before it is there, too.
    pub(super) lists: Vec<Live>,
    /// The first number that no file has.
    pub(super) next: u64,
    /// The names of all files.
    pub(super) files: Vec<String>,
}

/// A list of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Live {
    /// Its own number.
    pub(super) number: u64,
    /// The numbers of the tables, the newest first.
    pub(super) tables: Vec<u64>,
}

impl Live {
    fn name(number: u64) -> String {
        format!("{number:016x}{SUFFIX}")
    }

    /// Returns the name of its file.
    pub(super) fn file(&self) -> String {
        Self::name(self.number)
    }

    /// Makes it durable, with the names of the tables; `before` is removed then.
    pub(super) fn write(&self, disk: &dyn Disk, before: Option<&Self>) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        self.tables.iter().for_each(|table| bytes.extend_from_slice(&table.to_be_bytes()));
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        let file = disk.create(&self.file())?;
        file.write_at(&bytes, 0)?;
        file.sync_data()?;
        disk.sync_folder()?;
        before.map_or(Ok(()), |before| disk.remove(&before.file()))
    }

    fn read(disk: &dyn Disk, number: u64) -> io::Result<Option<Self>> {
        let file = disk.open(&Self::name(number))?;
        let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX).min(BYTES_MAX)];
        file.read_at(&mut bytes, 0)?;
        Ok(Self::parse(number, &bytes))
    }

    fn parse(number: u64, bytes: &[u8]) -> Option<Self> {
        let (said, check) = bytes.split_last_chunk()?;
        let listed = said.strip_prefix(MAGIC).filter(|_| crc32fast::hash(said) == u32::from_be_bytes(*check))?;
        let (tables, rest) = listed.as_chunks();
        rest.is_empty()
            .then(|| Self { number, tables: tables.iter().map(|table| u64::from_be_bytes(*table)).collect() })
    }
}

/// There are never so many tables.
const BYTES_MAX: usize = 64 * 1_024;

/// Looks what is in the folder.
pub(super) fn find(disk: &dyn Disk) -> io::Result<Found> {
    let mut found = Found::default();
    let mut numbers = Vec::new();
    for (name, _) in disk.list()? {
        let Some((digits, suffix)) = name.split_at_checked(16) else { continue };
        let Ok(number) = u64::from_str_radix(digits, 16) else { continue };
        found.next = found.next.max(number.saturating_add(1));
        if suffix == SUFFIX {
            numbers.push(number);
        }
        found.files.push(name);
    }
    numbers.sort_unstable();
    for number in numbers.into_iter().rev() {
        found.lists.extend(Live::read(disk, number)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Live, find};
    use crate::store::disk::{Disk as _, memory::MemoryDisk};

    #[test]
    fn the_latest_whole_list_counts() {
        let disk = MemoryDisk::new();
        assert!(find(&disk).unwrap().lists.is_empty());
        let first = Live { number: 3, tables: vec![2, 1] };
        first.write(&disk, None).unwrap();
        let second = Live { number: 9, tables: vec![8] };
        second.write(&disk, Some(&first)).unwrap();
        let found = find(&disk).unwrap();
        assert_eq!((found.lists, found.next), (vec![second.clone()], 10));
        // One whose writing was not finished.
        let torn = disk.create(&Live { number: 10, tables: Vec::new() }.file()).unwrap();
        torn.write_at(b"CFlive 1\0\0", 0).unwrap();
        let found = find(&disk).unwrap();
        assert_eq!((found.lists, found.next, found.files.len()), (vec![second], 11, 2));
    }
}
