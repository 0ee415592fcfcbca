//! Published test vectors, read from beside the project.

mod checkpoint;
mod dsse;
mod ed25519;
mod frozen;
mod merkle;
mod note;
mod split;
mod tiles;
