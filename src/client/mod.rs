//! A client that checks every receipt it gets.
