//! The worked examples of the money half: limits, recoupment, holdback, disputes, and the rules that terms may choose.

use counterfoil::{
    agreement::settle::{Account, Books},
    split::{
        DimensionInput, Disputed, Entitlements, Exact, Fractions, Inflow, Intervals, Ratio, Scenario, Step, Tiers,
        Waterfall, after_exit, clamp, faded, largest_remainder, risk_corrected, scenarios, shapley, share_intervals,
        surplus, undisputed,
    },
    statement::rules::SharePolicy,
    time::Timestamp,
};
use serde_json::Value;

use crate::law::terms;

use super::{by_points, differences, equal, exact, exacts, int, ints, list, one_pool, ratio, ratios, same, sum};

pub fn caps_and_floors(input: &Value, expected: &Value) {
    let weights = Fractions::of(&exacts(&input["weights"]));
    let pool = Exact::from(int(&input["pool"]));
    let floors = exacts(&input["floor"]);
    let caps_exact: Vec<Option<Exact>> =
        list(&input["cap_exact"]).iter().map(|cap| (!cap.is_null()).then(|| exact(cap))).collect();
    let caps_whole: Vec<Option<Exact>> =
        list(&input["cap_integer"]).iter().map(|cap| cap.as_i64().map(Exact::from)).collect();
    for (caps, expected) in [(caps_exact, &expected["exact_cap"]), (caps_whole, &expected["integer_cap"])] {
        let clamped = clamp(&weights, &pool, &floors, &caps).unwrap();
        assert_eq!(clamped.level, Some(exact(&expected["lambda"])));
        assert_eq!(clamped.reserve, Exact::ZERO);
        same(clamped.parts.iter(), &expected["entitlement"]);
        let parts: Vec<Exact> = clamped.parts.iter().collect();
        assert_eq!(largest_remainder(&parts).unwrap(), ints(&expected["allocation"]));
    }

    // As terms say it: half of what an instalment leaves, rounded down.
    let half = Ratio::new(1, 2).unwrap();
    let mut waterfall = Waterfall { bounds: vec![Default::default(); 3], ..Waterfall::default() };
    waterfall.bounds[0].cap = Some(half);
    waterfall.bounds[2].floor = 15_000;
    let mut tiers = Tiers::new(3);
    take(&mut tiers, &weights, int(&input["pool"]), &[0; 3], &waterfall);
    same(tiers.entitlements().iter(), &expected["integer_cap"]["entitlement"]);
    assert_eq!(units(&tiers), ints(&expected["integer_cap"]["allocation"]));
}

pub fn recoupment(input: &Value, expected: &Value) {
    let shares = Fractions::of(&exacts(&input["shares"]));
    let costs: Vec<u64> = ints(&input["costs"]).into_iter().map(|cost| u64::try_from(cost).unwrap()).collect();
    let events = ints(&input["events"]);
    let rates = ratios(&input["recoup_rate"]);
    let corridor = |rate| Waterfall { corridor: Some(rate), ..Waterfall::default() };
    let recouped = |tiers: &Tiers| tiers.recouped_costs().sum();

    let (mut tiers, mut before) = (Tiers::new(2), vec![0; 2]);
    assert_eq!(events.len(), list(&expected["rate_1"]).len());
    for (position, (event, expected)) in events.iter().zip(list(&expected["rate_1"])).enumerate() {
        let fresh = if position == 0 { costs.clone() } else { vec![0; 2] };
        take(&mut tiers, &shares, *event, &fresh, &corridor(rates[0]));
        assert_eq!(recouped(&tiers), exact(&expected["recouped"]));
        same(tiers.entitlements().iter(), &expected["E"]);
        assert_eq!(units(&tiers), ints(&expected["A"]));
        assert_eq!(differences(&units(&tiers), &before), ints(&expected["due"]));
        before = units(&tiers);
    }

    // With a corridor, in the instalments and in one.
    let expected = &expected["rate_1_2_total"];
    for events in [events.clone(), vec![events.iter().sum()]] {
        let mut tiers = Tiers::new(2);
        let mut fresh = costs.clone();
        for event in events {
            take(&mut tiers, &shares, event, &fresh, &corridor(rates[1]));
            fresh.fill(0);
        }
        assert_eq!(recouped(&tiers), exact(&expected["recouped"]));
        same(tiers.entitlements().iter(), &expected["E"]);
        assert_eq!(units(&tiers), ints(&expected["A"]));
    }
}

pub fn holdback(input: &Value, expected: &Value) {
    let shares = Fractions::of(&exacts(&input["shares"]));
    let waterfall = Waterfall { holdback: Some(ratio(&input["holdback"])), ..Waterfall::default() };
    let mut tiers = Tiers::new(2);
    let step = take(&mut tiers, &shares, int(&input["pool"]), &[0; 2], &waterfall);
    let held = int(&expected["held"]);
    assert_eq!(i64::try_from(step.held).unwrap(), held);
    assert_eq!(step.remainder, Exact::from(int(&expected["payable_now_pool"])));
    let statements = list(&expected["statements"]);
    assert_eq!(statements.len(), 2);
    let statement = |tiers: &Tiers, before: &[i64], expected: &Value| {
        same(tiers.entitlements().iter(), &expected["E"]);
        assert_eq!(units(tiers), ints(&expected["A"]));
        assert_eq!(differences(&units(tiers), before), ints(&expected["due"]));
        units(tiers)
    };
    let before = statement(&tiers, &[0, 0], &statements[0]);
    tiers.release(0, &Inflow { shares: &shares, pool: held, costs: &[0; 2], waterfall: &waterfall }).unwrap();
    statement(&tiers, &before, &statements[1]);
}

pub fn interval_of_a_dispute(input: &Value, expected: &Value) {
    let (points, disputed) = (exacts(&input["undisputed_points"]), exacts(&input["disputed_points"]));
    let items: Vec<Disputed> =
        disputed.into_iter().enumerate().map(|(party, points)| Disputed { party, dimension: 0, points }).collect();
    let (defaults, ones, pool) = (equal(2), [Ratio::ONE; 2], int(&input["pool"]));
    let dimension = DimensionInput {
        weight: Ratio::ONE,
        floor_mass: Ratio::ZERO,
        default_shares: &defaults,
        coefficients: &ones,
        points: &points,
    };
    let shares = share_intervals(&[dimension], &ones, &items, &[]).unwrap();
    same(shares.low.iter().cloned(), &expected["low_share"]);
    same(shares.high.iter().cloned(), &expected["high_share"]);

    // The scenarios say the same, one party at a time.
    for scenario in scenarios(&ones, &items).unwrap() {
        let Scenario { party: Some(party), end } = scenario else { panic!("both have disputed items") };
        let points = scenario.points(std::slice::from_ref(&points), &items).unwrap();
        let ends = match end {
            counterfoil::split::End::Low => &shares.low,
            counterfoil::split::End::High => &shares.high,
        };
        assert_eq!(by_points(&points[0], &ones).shares.get(party).as_ref(), Some(&ends[party]));
    }

    let (mut tiers, mut intervals) = (Tiers::new(2), Intervals::new(2));
    let waterfall = Waterfall::default();
    let step = take(&mut tiers, &by_points(&points, &ones).shares, pool, &[0; 2], &waterfall);
    intervals.add(&shares, &waterfall, &step).unwrap();
    let now = undisputed(&intervals.low(), pool).unwrap();
    assert_eq!(now.payable, ints(&expected["payable_now"]));
    assert_eq!(now.held, int(&expected["held"]));

    let ruling = [&input["ruling"]["COM_disputed_accepted"], &input["ruling"]["ENT_disputed_accepted"]];
    let points: Vec<Exact> = points.iter().zip(ruling).map(|(points, accepted)| points + exact(accepted)).collect();
    let split = by_points(&points, &ones).shares;
    same(split.iter(), &expected["final_shares"]);
    let mut tiers = Tiers::new(2);
    take(&mut tiers, &split, pool, &[0; 2], &waterfall);
    same(tiers.entitlements().iter(), &expected["final_entitlement"]);
    assert_eq!(units(&tiers), ints(&expected["final_allocation"]));
    assert_eq!(differences(&units(&tiers), &now.payable), ints(&expected["due_after_ruling"]));
}

/// Two benefits, each settled; what counts at the second one is in `points`. Returns the account.
fn settled(policy: SharePolicy, points: [&Value; 2], benefits: &[i64]) -> Account {
    let mut terms =
        terms("party community\nparty enterprise\ndimension T mass none defaults 1/2,1/2\nstream sales enterprise 1");
    terms.share_policy = policy;
    let mut books = Books::new(&terms);
    let mut before = vec![Exact::ZERO; 2];
    let mut account = None;
    for (size, (points, benefit)) in (1..).zip(points.into_iter().zip(benefits)) {
        for (party, points) in exacts(points).into_iter().enumerate() {
            books.count(size - 1, party, 0, &points - &before[party]);
            before[party] = points;
        }
        books.take_in(size - 1, 0, 0, u64::try_from(*benefit).unwrap());
        account = Some(books.settle_at(size, Timestamp::EPOCH).unwrap());
    }
    account.unwrap()
}

pub fn late_contributions(input: &Value, expected: &Value) {
    let benefits = ints(&input["benefits"]);
    let [first, second, extreme] =
        ["points_at_b1", "points_at_b2", "points_at_b2_extreme"].map(|points| &input[points]);
    let check = |policy, second, expected: &Value| {
        let account = settled(policy, [first, second], &benefits);
        same(account.entitlements[0].iter(), &expected["E"]);
        let lines = &account.settlement.accounts[0].parties;
        assert_eq!(lines.iter().map(|line| line.allocation).collect::<Vec<_>>(), ints(&expected["A"]));
        lines.iter().map(|line| line.due).collect::<Vec<i64>>()
    };
    let dues = check(SharePolicy::Prospective, second, &expected["prospective"]);
    assert_eq!(dues, ints(&expected["prospective"]["due_b2"]));
    let dues = check(SharePolicy::TrueUp, second, &expected["true_up"]);
    assert_eq!(dues, ints(&expected["true_up"]["due_b2"]));
    // Who was paid more than it is entitled to owes it: nothing is cut off, so nothing has to be scaled to the cash there is.
    let expected = &expected["true_up_extreme"];
    let dues = check(SharePolicy::TrueUp, extreme, expected);
    assert_eq!(dues, ints(&expected["due_b2_unclamped"]));
    let overpaid: Vec<i64> = dues.iter().map(|due| (*due).min(0)).collect();
    assert_eq!(overpaid, ints(&expected["overpaid_carry"]));
}

pub fn leaver(input: &Value, expected: &Value) {
    let (mut points, pool) = (exacts(&input["points"]), int(&input["pool"]));
    let good = by_points(&points, &[Ratio::ONE; 3]).shares;
    let mut entitlements = Entitlements::new(3);
    entitlements.add(&good, pool).unwrap();
    assert_eq!(entitlements.largest_remainder().unwrap(), ints(&expected["good_leaver"]));
    let expected = &expected["bad_leaver"];
    points[0] = after_exit(&points[0], ratio(&input["bad_leaver_factor"])).unwrap();
    same(points.iter().cloned(), &expected["points"]);
    let bad = by_points(&points, &[Ratio::ONE; 3]).shares;
    same(bad.iter(), &expected["shares"]);
    one_pool(&bad, pool, expected);
}

pub fn shapley_values(input: &Value, expected: &Value) {
    let worth = |of: &Value, coalitions: &[&str]| -> Vec<Exact> {
        [Exact::ZERO].into_iter().chain(coalitions.iter().map(|coalition| exact(&of[*coalition]))).collect()
    };
    let two = shapley(&worth(&input["two_party"], &["v1", "v2", "v12"])).unwrap();
    same(two.into_iter(), &expected["two_party"]);
    let three = shapley(&worth(&input["three_party"], &["1", "2", "12", "3", "13", "23", "123"])).unwrap();
    same(three.iter().cloned(), &expected["three_party"]);
    let total = sum(&three);
    let shares: Vec<Exact> = three.iter().map(|value| value / &total).collect();
    let mut entitlements = Entitlements::new(3);
    entitlements.add(&Fractions::of(&shares), int(&input["pool"])).unwrap();
    same(entitlements.iter(), &expected["three_party_entitlement"]);
    assert_eq!(entitlements.largest_remainder().unwrap(), ints(&expected["three_party_allocation"]));

    let risk = &input["risk"];
    let values = exacts(&risk["phi"]);
    assert_eq!(sum(&values), exact(&risk["V"]));
    let corrected = risk_corrected(&values, &exacts(&risk["R"])).unwrap();
    same(corrected.iter().cloned(), &expected["risk_corrected_exact"]);
    // The publication rounds the coefficient to three places; the difference is money.
    let published = exacts(&expected["published_with_3_decimals"]);
    same(published.iter().zip(&corrected).map(|(other, ours)| other - ours), &expected["published_minus_exact"]);
}

pub fn decaying_basis(input: &Value, expected: &Value) {
    let decay = ratio(&input["decay"]);
    let basis = |party: &str| {
        let periods = ints(&input["points_by_period"][party]);
        periods.into_iter().fold(Exact::ZERO, |basis, new| faded(&basis, decay).unwrap() + Exact::from(new))
    };
    let points = [basis("A"), basis("B")];
    same(points.iter().cloned(), &expected["points"]);
    let split = by_points(&points, &[Ratio::ONE; 2]).shares;
    same(split.iter(), &expected["shares"]);
    let mut entitlements = Entitlements::new(2);
    entitlements.add(&split, int(&input["pool"])).unwrap();
    assert_eq!(entitlements.largest_remainder().unwrap(), ints(&expected["allocation"]));
}

pub fn everybody_wins(input: &Value, expected: &Value) {
    let of = |what: &str| ints(&input[what]).into_iter().map(i128::from).collect::<Vec<_>>();
    let (retained, allocation) = (of("retained"), of("allocation"));
    let (costs, baseline) = (of("costs"), of("standalone_baseline"));
    let of_party = |party: usize| surplus(retained[party], allocation[party], costs[party], baseline[party]);
    let found: Vec<i128> = (0..retained.len()).map(of_party).collect();
    assert_eq!(found, ints(&expected["surplus"]).into_iter().map(i128::from).collect::<Vec<_>>());
    assert_eq!(Value::from(found.iter().all(|surplus| *surplus >= 0)), expected["win_win"]);
}

fn take(tiers: &mut Tiers, shares: &Fractions, pool: i64, costs: &[u64], waterfall: &Waterfall) -> Step {
    tiers.take(&Inflow { shares, pool, costs, waterfall }).unwrap()
}

/// The units of the parties; nothing is left in reserve.
fn units(tiers: &Tiers) -> Vec<i64> {
    let mut units = tiers.allocations().unwrap();
    assert_eq!(units.pop(), Some(0));
    units
}
