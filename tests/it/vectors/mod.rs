//! Published test vectors, read from beside the project.

mod split;
