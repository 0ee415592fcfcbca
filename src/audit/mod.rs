//! The auditor: where the log and the law meet to read. Works from one file; has no network, no store and no clock in reach.
