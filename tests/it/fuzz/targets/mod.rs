//! What is done with bytes from outside: one function for each kind, which panics when something is wrong. Run here over seeds and
//! changes to them, and by the fuzzers in `fuzz/` over whatever they find.

pub mod csv;
pub mod feed;
pub mod kept;
pub mod law;
pub mod ledger;
pub mod log;
pub mod notes;
pub mod request;
pub mod settings;
pub mod statements;
pub mod terms;
pub mod texts;

/// Takes bytes that may be anything.
pub type Run = fn(&[u8]);

/// Every target by its name, which is also that of its fuzzer.
pub const TARGETS: [(&str, Run); 17] = [
    ("envelope", statements::envelope),
    ("statement", statements::statement),
    ("entry", ledger::entry),
    ("receipt", ledger::receipt),
    ("proof", ledger::proof),
    ("bundle", ledger::bundle),
    ("note", notes::note),
    ("checkpoint", notes::checkpoint),
    ("cosignature", notes::cosignature),
    ("terms", terms::terms),
    ("settings", settings::settings),
    ("csv", csv::csv),
    ("texts", texts::texts),
    ("request", request::request),
    ("log", log::log),
    ("law", law::law),
    ("kept", kept::kept),
];
