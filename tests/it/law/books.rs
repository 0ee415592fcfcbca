//! The books by themselves: refunds, limits, and what they cost.

use counterfoil::{
    agreement::{refusal::settlement::SettlementRefusal, settle::Books},
    split::{Exact, Ratio},
    statement::terms::Terms,
    time::Timestamp,
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest},
};

use crate::{common::cases, law::terms};

const HEAD: &str = "
    party community kappa 3/2
    party enterprise
    party foundation
    dimension T mass 20 defaults 1/2,3/10,1/5
    unit hour T 1
    stream sales enterprise 3/7
    stream support community 1";

#[derive(Clone, Copy, Debug)]
enum Step {
    Count { party: usize, sevenths: u64 },
    TakeIn { stream: usize, amount: u64 },
    Settle,
    Pass,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_usize, 1..70_u64).prop_map(|(party, sevenths)| Step::Count { party, sevenths }),
        (0..2_usize, 0..500_u64).prop_map(|(stream, amount)| Step::TakeIn { stream, amount }),
        proptest::prelude::Just(Step::Settle),
        proptest::prelude::Just(Step::Pass),
    ]
}

/// Plays the steps, and a benefit that comes in at one of them and is given back, in two parts, at later ones.
fn play(terms: &Terms, steps: &[Step], refunded: Option<(usize, u64, [usize; 2])>) -> Books {
    let mut books = Books::new(terms);
    let mut benefit = None;
    for (place, step) in steps.iter().enumerate() {
        let at = u64::try_from(place).unwrap();
        match *step {
            Step::Count { party, sevenths } => {
                books.count(at, party, 0, Ratio::reduced(sevenths, 7).unwrap().exact());
            }
            Step::TakeIn { stream, amount } => drop(books.take_in(at, stream, 0, amount)),
            Step::Settle if at > books.cut_off() => {
                books.settle_at(at, Timestamp::EPOCH).unwrap();
            }
            Step::Settle | Step::Pass => {}
        }
        if let Some((came, amount, gone)) = refunded {
            if came == place {
                benefit = Some(books.take_in(at, 0, 0, amount));
            }
            for (part, gone) in [amount / 3, amount - amount / 3].into_iter().zip(gone) {
                if gone == place {
                    books.reverse(at, benefit.unwrap(), part);
                }
            }
        }
    }
    books
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_full_refund_leaves_what_was_without_the_benefit(
        steps in vec(step(), 4..60),
        amount in 1..100_000_u64,
        places in vec(any::<proptest::sample::Index>(), 3),
    ) {
        let terms = terms(HEAD);
        let mut places: Vec<_> = places.iter().map(|place| place.index(steps.len())).collect();
        places.sort_unstable();
        let with = play(&terms, &steps, Some((places[0], amount, [places[1], places[2]])));
        let without = play(&terms, &steps, None);
        let size = u64::try_from(steps.len()).unwrap();
        let (with, without) = (with.account_at(size), without.account_at(size));
        let (Ok(with), Ok(without)) = (with, without) else { return Ok(()) };
        prop_assert_eq!(&with.shares, &without.shares);
        prop_assert_eq!(
            with.entitlements[0].iter().collect::<Vec<_>>(),
            without.entitlements[0].iter().collect::<Vec<_>>()
        );
        let allocations = |account: &counterfoil::agreement::settle::Account| {
            account.settlement.accounts[0].parties.iter().map(|line| line.allocation).collect::<Vec<_>>()
        };
        prop_assert_eq!(allocations(&with), allocations(&without));
        prop_assert_eq!(with.nets, without.nets);
    }
}

#[test]
fn one_entry_may_count_for_several_parties_and_dimensions() {
    let terms = terms(
        "dimension T weight 1/2 mass none defaults 1/2,1/2
         dimension S weight 1/2 mass none defaults 1/2,1/2
         unit hour T 1",
    );
    let mut books = Books::new(&terms);
    for (party, dimension, points) in [(0, 0, 1), (0, 1, 2), (1, 0, 3), (0, 0, 4), (0, 0, 5), (1, 1, 6)] {
        books.count(7, party, dimension, Exact::from(points));
    }
    let account = books.account_at(8).unwrap();
    let points = |dimension: usize| account.shares.dimensions[dimension].points.iter().collect::<Vec<_>>();
    assert_eq!(points(0), [Exact::from(10), Exact::from(3)]);
    assert_eq!(points(1), [Exact::from(2), Exact::from(6)]);
}

/// Settles under `head`, with new and very fine points each time, until it is refused.
fn settle_until_too_fine(head: &str, dimensions: usize) -> SettlementRefusal {
    let terms = terms(head);
    let mut books = Books::new(&terms);
    let primes = [18_446_744_073_709_551_521_u64, 18_446_744_073_709_551_437, 18_446_744_073_709_551_427];
    let fine = primes.iter().fold(Exact::ONE, |product, prime| product / Exact::from(*prime));
    for settled in 0..1_000 {
        for dimension in 0..dimensions {
            let step = settled * 16 + u64::try_from(dimension).unwrap();
            books.count(settled, 0, dimension, &fine * Exact::from(step * 1_000_003 + 7));
            books.count(settled, 1, dimension, Exact::from(step + 1));
        }
        books.take_in(settled, 0, 0, 1);
        if let Err(refusal) = books.settle_at(settled + 1, Timestamp::EPOCH) {
            return refusal;
        }
    }
    panic!("never too fine");
}

#[test]
fn entitlements_that_grow_too_fine_are_refused_before_they_hurt() {
    // Sixteen dimensions of measured shares: their denominators are the sums of points, new ones each time.
    let dimension = |number: usize| format!("\ndimension D{number} weight 1/16 mass none defaults 1,0");
    let head: String = (0..16).map(dimension).collect();
    let refusal = settle_until_too_fine(&format!("{head}\nunit hour D0 1"), 16);
    assert_eq!(refusal.reason(), "ENTITLEMENT_TOO_FINE");
    let SettlementRefusal::EntitlementTooFine { bits, max, .. } = refusal else { panic!("{refusal}") };
    assert!((262_144..280_000).contains(&bits) && max == 262_144, "{bits} bits of {max}");
}

#[test]
fn more_lines_may_be_less_fine() {
    let parties: String = (0..125).map(|number| format!("\nparty p{number}")).collect();
    let currencies: String = (0..16).map(|number| format!("\ncurrency C{number:02} 2")).collect();
    let defaults = vec!["1/125"; 125].join(",");
    let dimension = |number: usize| format!("\ndimension D{number} weight 1/16 mass none defaults {defaults}");
    let dimensions: String = (0..16).map(dimension).collect();
    let head = format!("{parties}{currencies}{dimensions}\nunit hour D0 1\nstream sales p0 1");
    let refusal = settle_until_too_fine(&head, 16);
    let SettlementRefusal::EntitlementTooFine { bits, max, .. } = refusal else { panic!("{refusal}") };
    // 2,000 lines: the root of 2^40 / 2,000.
    assert!(bits > max && max == 23_446, "{bits} bits of {max}");
}
