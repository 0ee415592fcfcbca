//! Stores: where ledgers are kept. One atomic, durable batch per commit with a size check.
