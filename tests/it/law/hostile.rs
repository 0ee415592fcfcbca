//! Anything that is well-formed gets an answer, soon, and never a panic.

use counterfoil::{
    agreement::{Agreement, terms::check},
    statement::{Body, terms::Licence},
};
use proptest::{
    collection::vec,
    prelude::{any, prop_assert, proptest},
    sample::select,
};

use crate::{
    arbitrary,
    common::cases,
    law::{Law, START_MS, ms, sign, terms},
};

const SPDX_WORDS: [&str; 18] = [
    "MIT",
    "Apache-2.0",
    "GPL-2.0",
    "GPL-3.0-only",
    "LicenseRef-x",
    "DocumentRef-a:LicenseRef-b",
    "AdditionRef-y",
    "LLVM-exception",
    "OR",
    "AND",
    "WITH",
    "(",
    ")",
    "+",
    "/",
    " ",
    "é",
    "-",
];

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_well_formed_statement_is_admitted_or_refused(
        bodies in vec(arbitrary::body(), 1..8),
        who in select(vec!["community", "enterprise", "stranger"]),
    ) {
        let mut law = Law::in_force(&terms(""));
        for body in bodies {
            if let Body::Proposal(terms) = &body {
                let founded = Agreement::found(&sign(who, None, 1, body.clone()), ms(START_MS));
                prop_assert!(founded.is_err(), "who speaks here is no party of arbitrary terms");
                if check(terms).is_ok() {
                    let books = counterfoil::agreement::settle::Books::new(terms);
                    prop_assert!(books.account_at(1).is_ok());
                }
            } else {
                let _ = law.say(who, body);
            }
        }
    }

    #[test]
    fn any_text_of_a_licence_is_an_expression_or_is_refused(
        words in vec(select(SPDX_WORDS.to_vec()), 0..12),
        spaces in any::<bool>(),
    ) {
        let mut terms = terms("");
        let spdx = words.join(if spaces { " " } else { "" });
        terms.licences.push(Licence { deliverable: "code".to_owned(), spdx });
        let reason = check(&terms).map_err(|fault| fault.reason());
        prop_assert!(matches!(reason, Ok(()) | Err("LICENCE_UNKNOWN")));
    }
}
