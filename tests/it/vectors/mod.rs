//! Published test vectors, read from beside the project.

mod dsse;
mod ed25519;
mod split;
