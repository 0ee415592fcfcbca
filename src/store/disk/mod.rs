//! Disks: a flat folder of files, told what to write where and when it must be durable. On the real one stands a folder, on the
//! other nothing but memory, which can be made to fail, to lie, and to lose what was not synced.

pub mod folder;
pub mod memory;

use std::{any::Any, io, sync::Arc};

/// A folder of files. What is written is there at once, and durable only after it is synced.
pub trait Disk: Send + Sync + 'static {
    /// Says where it is, for people.
    fn place(&self) -> String;

    /// Lists names and lengths of all files, in no order.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;

    /// Opens a file that is there.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a file that is not there. Its name is durable once the folder is synced.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file another name, at once instead of a file of that name: whatever happens, one of the two has it. What was opened
    /// before is to be opened again. The name is durable once the folder is synced.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes names durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// Takes the disk for whoever holds what is returned; `None` if somebody has it.
    fn lock(&self) -> io::Result<Option<Held>>;

    /// Returns how many bytes can still be written.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// What a disk is held by, until it is dropped.
pub type Held = Box<dyn Any + Send + Sync>;

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Returns its length.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on. Errors: also when the file ends before.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`; between the end and it are zeros.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file off, or fills it up with zeros.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes durable what was written, and the length. After an error nobody knows what is, and trying again proves nothing.
    fn sync_data(&self) -> io::Result<()>;
}
