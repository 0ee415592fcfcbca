//! Costs, payments and balances by the command line, and periods as far as the clock of the machine lets them go.

use super::{Parties, parties_under};

const RULES: &str = "
[waterfall]
cost_categories = [\"compute\", \"audit\"]
corridor = \"1/2\"

[[waterfall.fees]]
name = \"hosting\"
payee = \"who hosts\"
rate = \"1/10\"

[windows]
statement_days = 14

[[baselines]]
party = \"community\"
amount = \"100.00\"

[[baselines]]
party = \"enterprise\"
amount = \"5000.00\"
";

fn earns(parties: &Parties, amount: &str) {
    let args = ["benefit", "support-sales", amount, "--period", "2026-07-01", "--evidence", "agreement.md", "--yes"];
    parties.world.good("enterprise", &args);
    parties.world.good("community", &["confirm", "--all", "--yes"]);
}

#[test]
fn a_cost_comes_back_first_and_payments_bring_balances_to_nothing() {
    let parties = parties_under(RULES, false);
    let world = &parties.world;
    let cost = ["cost", "compute", "30.00", "EUR", "--invoice", "agreement.toml", "--note", "March", "--yes"];
    let said = world.json("community", &cost);
    assert_eq!(said["recorded"][0]["says"], "reports a cost of 30.00 EUR for compute: March");
    let cost = said["recorded"][0]["entry"].to_string();
    assert_eq!(world.json("community", &["costs"])["costs"][0]["state"], "REPORTED");
    earns(&parties, "1000.00 EUR");
    world.good("enterprise", &["confirm", &cost, "--yes"]);
    assert!(world.good("community", &["costs"]).contains("CONFIRMED"));
    let said = world.bad(2, "community", &["balances"]);
    assert!(said.contains("nothing is settled yet") && said.contains("counterfoil split"), "{said}");
    world.good("enterprise", &["settle", "--yes"]);

    // 200.00 are pooled: 20.00 are the fee, 30.00 come back, and 70 % of 150.00 are the community's.
    let account = world.json("community", &["account"]);
    let euro = &account["accounts"][0];
    assert_eq!(euro["fees"][0]["minor"], 2_000);
    assert_eq!(euro["parties"][0]["recouped_minor"], "3000");
    assert_eq!(
        (&euro["parties"][0]["allocation_minor"], &euro["parties"][1]["allocation_minor"]),
        (&13_500.into(), &4_500.into())
    );
    assert_eq!(account["acknowledged"]["silent"], serde_json::json!(["community", "enterprise"]));
    assert_eq!(account["win_win"][0]["surplus_minor"], 500, "135.00 less 30.00 of costs and 100.00 alone");
    assert_eq!(
        (&account["win_win"][1]["surplus_minor"], &account["win_win"][1]["wins"]),
        (&(-415_500).into(), &false.into())
    );
    assert_eq!(account["not_proved"].as_array().unwrap().len(), 5);
    let text = world.good("community", &["account"]);
    for line in [
        "fee hosting, 1/10 to who hosts",
        "has back",
        "waits for community and enterprise",
        "WORSE OFF than alone",
        "no bank was asked",
    ] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }

    world.good("community", &["acknowledge", "--yes"]);
    let next = world.run("enterprise", &["acknowledge", "--yes"]);
    assert!(next.err.contains("it is final for payment"), "{}", next.err);
    let pay = |who: &str, to: &str, amount: &str| {
        world.run(who, &["pay", to, amount, "EUR", "--evidence", "agreement.md", "--yes", "--json"])
    };
    let paid = pay("enterprise", "community", "100.00");
    assert_eq!(paid.code, 0, "{}", paid.err);
    assert!(paid.err.contains("you still owe 55.00 EUR"), "the fee is passed on, too: {}", paid.err);
    let entry = serde_json::from_str::<serde_json::Value>(&paid.out).unwrap()["recorded"][0]["entry"].to_string();
    assert_eq!(world.json("community", &["balances"])["balances"][0]["received_unconfirmed_minor"], 10_000);
    world.good("community", &["confirm", &entry, "--yes"]);
    let balances = world.json("enterprise", &["balances"]);
    assert_eq!(
        (&balances["balances"][0]["balance_minor"], &balances["balances"][1]["balance_minor"]),
        (&3_500.into(), &(-5_500).into())
    );
    // What is nobody's balance is named, so that the table adds up.
    assert_eq!(balances["kept_by_collectors"][0]["minor"], 2_000);
    let text = world.run("enterprise", &["balances"]);
    assert!(text.out.contains("fee hosting, 1/10 to who hosts  20.00 EUR"), "{}", text.out);
    assert!(text.err.contains("who owes pays"), "{}", text.err);
    assert!(pay("enterprise", "community", "50.00").err.contains("PAYMENT_EXCEEDS"));
    assert!(pay("community", "enterprise", "1.00").err.contains("NOT_DEBTOR"));
    let mistaken = pay("enterprise", "community", "35.00");
    let entry = serde_json::from_str::<serde_json::Value>(&mistaken.out).unwrap()["recorded"][0]["entry"].to_string();
    world.good("enterprise", &["withdraw", &entry, "--yes"]);
    assert!(world.good("community", &["log"]).contains("says that it paid 100.00 EUR to community"));
    assert!(world.good("stranger", &["audit", &world.exported()]).contains("sound"));
}

#[test]
fn a_running_period_is_neither_closed_nor_settled() {
    let parties = parties_under("\n[windows]\nclosing_days = 20\n", false);
    let said = parties.world.bad(12, "community", &["close-period", "--yes"]);
    assert!(said.contains("NO_CALENDAR") && said.contains("hint"), "{said}");
    assert!(parties.world.good("community", &["periods"]).contains("no calendar"));
    let parties = parties_under("calendar", false);
    let world = &parties.world;
    let shown = world.json("community", &["periods"]);
    assert_eq!(
        (&shown["periods"][0]["state"], &shown["periods"][0]["closed_by"]),
        (&"RUNNING".into(), &serde_json::json!([]))
    );
    let period = shown["periods"][0]["period"].as_str().unwrap();
    assert!(period.contains("-Q"), "{period}");
    for (code, args, remedy) in [
        (12, vec!["close-period", "--yes"], "counterfoil periods"),
        (12, vec!["close-period", period, "--yes"], "PERIOD_NOT_OVER"),
        (12, vec!["close-period", period, "--yes"], &format!("error: {period} goes on at")),
        (
            12,
            vec!["benefit", "sponsoring", "1 EUR", "--period", "2099-Q1", "--evidence", "agreement.md", "--yes"],
            "period_end lies in 2099-Q1, which has not begun",
        ),
        (2, vec!["close-period", "2026-03", "--yes"], "write it like 2026-Q1"),
        (2, vec!["close-period", "soon", "--yes"], "2026-Q1, 2026-03 or 2026"),
        (12, vec!["settle", "--yes"], "counterfoil close-period"),
        (12, vec!["nil-report", "support-sale", "--period", period, "--yes"], "did you mean `support-sales`?"),
        (12, vec!["cost", "compute", "1 EUR", "--invoice", "agreement.md", "--yes"], "cost_categories"),
        (12, vec!["acknowledge", "--yes"], "counterfoil split"),
        (12, vec!["pay", "enterprise", "1 EUR", "--evidence", "agreement.md", "--yes"], "counterfoil split"),
        (2, vec!["confirm", "--all", "--yes"], "counterfoil costs"),
        (2, vec!["confirm", "0", "--yes"], "counterfoil costs"),
    ] {
        let said = world.bad(code, "community", &args);
        assert!(said.contains(remedy), "{args:?} does not say `{remedy}`:\n{said}");
    }
}

#[test]
fn what_cannot_be_taken_back_is_told_what_can() {
    let parties = parties_under("", false);
    let world = &parties.world;
    earns(&parties, "10.00 EUR");
    for entry in ["1", "2", "3"] {
        let said = world.bad(2, "enterprise", &["withdraw", entry, "--yes"]);
        assert!(said.contains(&format!("entry {entry} is nothing that can be taken back")), "{said}");
        assert!(said.contains("nil reports of periods that are not closed"), "{said}");
    }
}
