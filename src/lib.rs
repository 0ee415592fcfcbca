//! Counterfoil: the book between parties who build together.
//!
//! Every party signs what it contributes, an append-only hashed ledger per agreement keeps it in order, the other party
//! attests it, and the split of the benefit follows from the agreement's formula, exactly, to the last cent: so that any
//! dispute can be audited, offline, by anybody, from one file, without trusting the server.
//!
//! # The map
//!
//! Two wings that never see each other, and two rooms where they meet:
//!
//! ```text
//!                       cli            one file per verb
//!                    service           the gRPC face
//!             sequencer      audit     the wings meet only here: one writes, one reads
//!         store                 agreement
//!         ledger                statement
//!         checkpoint            split
//!         merkle
//!        THE LOG                THE LAW
//!    keeps bytes in order    knows parties and what they may say,
//!    and proves it; never    never where it is kept
//!    knows what they mean
//!           (envelope + keys: the bridge of signed bytes)
//! ```
//!
//! # What always holds
//!
//! - The signed statement *is* the event. Its bytes are never written anew: they are signed, hashed, kept, exported and
//!   audited as they came. Ids are digests of what was signed.
//! - State is derived: [`agreement::Agreement`] is a pure fold over the entries of its ledger. The sequencer calls
//!   `admit` and `apply` to write, the auditor calls the same two to replay.
//! - One task per ledger is its only writer, and the store compares sizes all the same.
//! - A reply speaks only of what is durable, refusals included.
//! - Time is admitted, not believed: the admission time is the sequencer's and never runs back; a party's time is a claim.
//! - There is no float, no clock, no randomness and no IO below [`store`] and [`client`], no update, no delete, and no
//!   administrator's override.
//!
//! # Where to begin
//!
//! To follow one contribution: [`cli`], [`envelope`], [`statement::wire`], [`sequencer`], [`store`], [`client`]. To follow
//! an audit: [`ledger::bundle`], [`audit`]. What a party may say and what it does: [`agreement`]. The arithmetic:
//! [`split`]. Every byte that is signed, hashed or written: `proto/README.md`. Which room may import which is held by
//! `tests/it/architecture`.

pub mod agreement;
pub mod audit;
pub mod causes;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod digest;
pub mod envelope;
pub mod keys;
pub mod ledger;
pub mod merkle;
pub mod parallel;
pub mod proto;
pub mod sequencer;
pub mod service;
pub mod split;
pub mod statement;
pub mod store;
pub mod text;
pub mod time;
pub mod together;
