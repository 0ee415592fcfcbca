//! The sequencer: where the log and the law meet to write. One task per live ledger is its only writer.
