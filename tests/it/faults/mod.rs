//! Faults below the real server: of its system calls, of the power, of the disk. What it promised stands.

mod calls;
mod disk;
mod power;
pub(crate) mod promises;
pub(crate) mod server;
mod stores;
mod syscalls;
mod trouble;
