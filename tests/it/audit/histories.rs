//! Histories over every kind of statement, read from their exported bundles.

use counterfoil::ledger::entry::Entry;
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest},
};

use super::{audited, bundle};
use crate::{
    common::cases,
    law::whole::{played, step},
};

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..cases(16) })]

    #[test]
    fn the_auditor_reads_any_history_as_the_fold_does(head in any::<u8>(), steps in vec(step(), 1..90)) {
        let world = played(usize::from(head), &steps);
        let entry = |(signed, at): &(counterfoil::statement::Signed, counterfoil::time::Timestamp)| Entry {
            admitted: *at,
            envelope: world.envelopes[&signed.id()].clone(),
        };
        let entries: Vec<Entry> = world.entries.iter().map(entry).collect();
        let audit = audited(&bundle(&entries));
        prop_assert!(audit.report.is_sound(), "{}", audit.report);
        let agreement = audit.agreement.unwrap();
        prop_assert!(agreement.is_like(world.agreement()));
        let size = agreement.size();
        prop_assert_eq!(agreement.account_at(size), world.agreement().account_at(size));
    }
}
