//! A statement of account for people: the three sums T, S and W under their names and with their numbers, what follows
//! from them for each party, and what the ledger does not show.
//!
//! The source writes `T = a1*C1 + a2*C2`, `S = b1*A1 + b2*A2` and `W = c1*P1 + c2*P2`. Of W both readings are there: the
//! money reading is the sum over the streams, the score reading multiplies shares where a party's coefficient is not 1.

mod before_shares;

use serde_json::{Value, json};

pub(super) use before_shares::{kept_back, major};

use crate::{
    agreement::{
        money::views::NOT_PROVED,
        settle::{Account, StreamSum},
    },
    audit::NOT_SHOWN,
    cli::{
        figures::{percent, short},
        output::{heading, plain},
        table::Table,
    },
    split::{DimensionShares, Exact, Ratio, exact_text},
    statement::{
        rules::Rounding,
        terms::{Currency, Dimension, Terms},
    },
};

/// Returns the account in words, in lines that end with a line end.
#[must_use]
pub fn words(account: &Account) -> String {
    words_and(account, "")
}

/// Returns the account in words, as [`words`], with `more` lines before what the ledger does not prove.
#[must_use]
pub fn words_and(account: &Account, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("\n{more}") };
    sums(&title_of(account), account) + &more + &not_proved()
}

fn title_of(account: &Account) -> String {
    let size = account.settlement.tree_size;
    let entries = if size == 1 { "its first entry".to_owned() } else { format!("its first {size} entries") };
    format!("Statement of account of \"{}\" over {entries}", plain(&account.terms.title))
}

/// Returns the account in words, as [`words`], with one line for what the ledger does not prove.
#[must_use]
pub fn words_in_brief(account: &Account) -> String {
    let line = format!("\nWhat no ledger can prove: {}, or {}.\n", NOT_SHOWN[0], NOT_SHOWN[1]);
    sums(&title_of(account), account) + &line
}

/// Returns the account in words, as [`words`], under a heading of the caller's.
#[must_use]
pub fn words_under(title: &str, account: &Account) -> String {
    sums(title, account) + &not_proved()
}

fn sums(title: &str, account: &Account) -> String {
    let (terms, mut text) = (&*account.terms, String::new());
    say(&mut text, &heading(title));
    for (dimension, shares) in terms.dimensions.iter().zip(&account.shares.dimensions) {
        text.push('\n');
        dimension_words(&mut text, dimension, shares, terms);
    }
    for (position, currency) in terms.currencies.iter().enumerate() {
        text.push('\n');
        benefit_words(&mut text, account, terms, position, currency);
    }
    text.push('\n');
    say(&mut text, &share_rule(terms));
    for (position, currency) in terms.currencies.iter().enumerate() {
        text.push('\n');
        parties_words(&mut text, account, terms, position, currency);
        let before = before_shares::words(account, terms, position);
        if !before.is_empty() {
            text.push_str(&format!("\n{before}"));
        }
    }
    text
}

fn not_proved() -> String {
    let mut text = "\n".to_owned();
    say(&mut text, &heading("What the ledger does not prove"));
    for sentence in NOT_PROVED {
        for line in wrapped(sentence) {
            say(&mut text, &format!("   {line}"));
        }
    }
    text
}

/// Breaks a sentence into lines as wide as the tables.
fn wrapped(sentence: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LINE_LENGTH_MAX => line.push_str(&format!(" {word}")),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

const LINE_LENGTH_MAX: usize = 104;

fn say(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The source's letters for the coefficients and the contributions of a dimension.
struct Letters {
    coefficient: &'static str,
    points: &'static str,
    heads: [&'static str; 7],
}

fn letters(dimension: &Dimension) -> Letters {
    let (coefficient, points, heads) = match dimension.name.as_str() {
        "S" => ("b", "A", ["", ">b", ">A", ">rate", ">b*A", ">default", ">share"]),
        "T" => ("a", "C", ["", ">a", ">C", ">rate", ">a*C", ">default", ">share"]),
        _ => ("a", "X", ["", ">a", ">X", ">rate", ">a*X", ">default", ">share"]),
    };
    Letters { coefficient, points, heads }
}

fn dimension_words(text: &mut String, dimension: &Dimension, shares: &DimensionShares, terms: &Terms) {
    let Letters { coefficient, points, heads } = letters(dimension);
    let (name, title) = (&dimension.name, plain(&dimension.title));
    say(text, &format!("{}  weight {}", heading(&format!("{name}  {title}")), dimension.weight));
    let symbols = (1..=terms.parties.len()).map(|party| format!("{coefficient}{party}*{points}{party}"));
    let of_parties = dimension.coefficients.iter().zip(shares.points.iter());
    let products = of_parties.map(|(coefficient, points)| format!("{coefficient}*{}", short(&points)));
    let (symbols, products) = (sum_of(symbols), sum_of(products));
    say(text, &format!("   {name} = {symbols} = {products} = {} points", short(&shares.total)));
    say(text, &format!("   {}", filling(dimension, shares)));
    let mut table = Table::new(&heads);
    let rates = shares.rates();
    for (position, party) in terms.parties.iter().enumerate() {
        let of = |numbers: &crate::split::Fractions| numbers.get(position).unwrap_or(Exact::ZERO);
        table.row([
            party.name.to_string(),
            dimension.coefficients[position].to_string(),
            short(&of(&shares.points)),
            rates.as_ref().map_or_else(|| "-".to_owned(), |rates| percent(&of(rates))),
            short(&of(&shares.weighted)),
            percent(&dimension.default_shares[position].exact()),
            percent(&of(&shares.shares)),
        ]);
    }
    text.push_str(&table.text(3));
}

/// Says which branch of the formula holds.
fn filling(dimension: &Dimension, shares: &DimensionShares) -> String {
    let mass = dimension.floor_mass;
    if shares.unfilled > Exact::ZERO {
        let missing = short(&shares.unfilled);
        return format!("{missing} of the planned {mass} are not there yet: the default shares hold them");
    }
    if shares.total == Exact::ZERO {
        return "nothing counts yet, and no plan says how much should: the default shares decide".to_owned();
    }
    if mass.is_zero() {
        "measured in full".to_owned()
    } else {
        format!("the planned {mass} are there: measured in full")
    }
}

/// Joins the terms of a sum; what is beyond a line's worth is counted, and stands in the table below.
fn sum_of(terms: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = terms.collect();
    let count = shown.len();
    shown.truncate(SUM_TERMS_MAX);
    if count > SUM_TERMS_MAX {
        shown.push(format!("({} more)", count - SUM_TERMS_MAX));
    }
    shown.join(" + ")
}

const SUM_TERMS_MAX: usize = 6;

fn benefit_words(text: &mut String, account: &Account, terms: &Terms, position: usize, currency: &Currency) {
    say(text, &heading(&format!("W  Benefit to share, {}", currency.code)));
    let sums: Vec<&StreamSum> = account.streams.iter().filter(|sum| sum.currency == position).collect();
    if sums.is_empty() {
        return say(text, "   W = 0: no benefit was confirmed yet");
    }
    let symbols = sum_of((1..=sums.len()).map(|stream| format!("c{stream}*P{stream}")));
    // Of a stream whose rate an amendment changed, what came in under each rate.
    let rates = || sums.iter().flat_map(|sum| &sum.rates);
    let product = |(rate, gross): &(Ratio, u64)| format!("{rate}*{}", currency.decimal((*gross).into()));
    let pool = account.settlement.accounts[position].pool;
    let products = sum_of(rates().map(product));
    let exact = rates().fold(Exact::ZERO, |exact, (rate, gross)| exact + rate.exact() * Exact::from(*gross));
    let cut = if exact == Exact::from(pool) { "" } else { ", each part cut to whole minor units" };
    say(text, &format!("   W = {symbols} = {products} = {}{cut}", currency.amount(pool.into())));
    let mut table = Table::new(&["", "collected by", ">c", ">P", ">c*P", ">of it new"]);
    for sum in sums {
        let stream = &terms.streams[sum.stream];
        let new = i128::from(sum.pooled) - i128::from(sum.pooled_before);
        let rates: Vec<String> = sum.rates.iter().map(|(rate, _)| rate.to_string()).collect();
        table.row([
            stream.name.to_string(),
            stream.collector.to_string(),
            rates.join(", "),
            currency.decimal(sum.gross.into()),
            currency.decimal(sum.pooled.into()),
            currency.decimal(new),
        ]);
    }
    text.push_str(&table.text(3));
}

fn share_rule(terms: &Terms) -> String {
    let blend = terms.dimensions.iter().map(|dimension| format!("{} of {}", dimension.weight, dimension.name));
    let blend = blend.collect::<Vec<_>>().join(" + ");
    if terms.parties.iter().all(|party| party.coefficient == Ratio::ONE) {
        return format!("share = {blend}");
    }
    let kappas = terms.parties.iter().map(|party| format!("{} for {}", party.coefficient, party.name));
    let kappas = kappas.collect::<Vec<_>>().join(", ");
    format!("share = kappa * ({blend}), over the sum of that of all parties; kappa = {kappas}")
}

fn parties_words(text: &mut String, account: &Account, terms: &Terms, position: usize, currency: &Currency) {
    let title = format!("Who gets what, {}", currency.code);
    say(text, &heading(&title));
    let mut table = Table::new(&["", ">share", ">exact", ">entitled to", ">allocated", ">due now", ">net"]);
    let lines = &account.settlement.accounts[position].parties;
    let (mut allocated, mut due, mut nets) = (0_i128, 0_i128, 0_i128);
    for (party, (terms, line)) in terms.parties.iter().zip(lines).enumerate() {
        let share = account.shares.shares.get(party).unwrap_or(Exact::ZERO);
        let entitlement = account.entitlements[position].exact(party).unwrap_or(Exact::ZERO);
        allocated += i128::from(line.allocation);
        due += i128::from(line.due);
        nets += i128::from(account.nets[position][party]);
        table.row([
            terms.name.to_string(),
            percent(&share),
            short(&share),
            major(&entitlement, currency),
            currency.decimal(line.allocation.into()),
            currency.decimal(line.due.into()),
            currency.decimal(account.nets[position][party].into()),
        ]);
    }
    let sums = [allocated, due, nets].map(|sum| currency.decimal(sum));
    table.row(["", "", "", "sum"].map(str::to_owned).into_iter().chain(sums));
    text.push_str(&table.text(3));
    let pool = account.settlement.accounts[position].pool;
    let pool = currency.amount(pool.into());
    let together =
        if before_shares::holds_back(account, position) { "with what is not shared out" } else { "together" };
    let doubts = account.figures[position].limits.is_some();
    let rule = match terms.rounding {
        _ if doubts => "what is certain, whatever comes of what is in doubt",
        Rounding::LargestRemainder => "entitlements rounded once, largest remainder first",
        Rounding::NeverNegative => "entitlements rounded once, largest deficit first",
    };
    say(text, &format!("   allocated: {rule}; {together} they are W, {pool}"));
    say(text, "   due now: allocated less what earlier settlements allocated");
    say(text, "   net: allocated less what the party collected of W; below zero it pays");
}

/// Returns the account in JSON: exact numbers as texts, amounts in minor units.
#[must_use]
pub fn json(account: &Account) -> Value {
    let terms = &*account.terms;
    let dimensions = terms.dimensions.iter().zip(&account.shares.dimensions);
    json!({
        "title": terms.title,
        "tree_size": account.settlement.tree_size,
        "dimensions": dimensions.map(|(dimension, shares)| dimension_json(dimension, shares, terms)).collect::<Vec<_>>(),
        "streams": account.streams.iter().map(|sum| stream_json(sum, terms)).collect::<Vec<_>>(),
        "accounts": (0..terms.currencies.len()).map(|currency| currency_json(account, terms, currency)).collect::<Vec<_>>(),
        "shares_digest": account.settlement.shares.to_string(),
        "not_proved": NOT_PROVED,
    })
}

fn dimension_json(dimension: &Dimension, shares: &DimensionShares, terms: &Terms) -> Value {
    let rates = shares.rates();
    let party = |position: usize| {
        let of = |numbers: &crate::split::Fractions| numbers.get(position).map(|number| exact_text(&number));
        json!({
            "party": terms.parties[position].name.as_str(),
            "coefficient": dimension.coefficients[position].to_string(),
            "points": of(&shares.points),
            "rate": rates.as_ref().and_then(of),
            "weighted": of(&shares.weighted),
            "default_share": dimension.default_shares[position].to_string(),
            "share": of(&shares.shares),
        })
    };
    json!({
        "dimension": dimension.name.as_str(),
        "title": dimension.title,
        "weight": dimension.weight.to_string(),
        "floor_mass": dimension.floor_mass.to_string(),
        "total": exact_text(&shares.total),
        "unfilled": exact_text(&shares.unfilled),
        "parties": (0..terms.parties.len()).map(party).collect::<Vec<_>>(),
    })
}

fn stream_json(sum: &StreamSum, terms: &Terms) -> Value {
    let stream = &terms.streams[sum.stream];
    json!({
        "stream": stream.name.as_str(),
        "currency": terms.currencies[sum.currency].code.as_str(),
        "collector": stream.collector.as_str(),
        "pool_rate": stream.pool_rate.to_string(),
        "came_in": sum.rates.iter().map(|(rate, gross)| came_in_json(*rate, *gross)).collect::<Vec<_>>(),
        "gross_minor": sum.gross,
        "pooled_minor": sum.pooled,
        "gross_before_minor": sum.gross_before,
        "pooled_before_minor": sum.pooled_before,
    })
}

fn came_in_json(rate: Ratio, gross: u64) -> Value {
    json!({ "pool_rate": rate.to_string(), "gross_minor": gross })
}

fn currency_json(account: &Account, terms: &Terms, position: usize) -> Value {
    let said = &account.settlement.accounts[position];
    let party = |party: usize| {
        json!({
            "party": terms.parties[party].name.as_str(),
            "coefficient": terms.parties[party].coefficient.to_string(),
            "share": account.shares.shares.get(party).map(|share| exact_text(&share)),
            "entitlement_minor": account.entitlements[position].exact(party).map(|exact| exact_text(&exact)),
            "allocation_minor": said.parties[party].allocation,
            "due_minor": said.parties[party].due,
            "net_minor": account.nets[position][party],
        })
    };
    let mut value = json!({
        "currency": said.currency.as_str(),
        "exponent": terms.currencies[position].exponent,
        "pool_minor": said.pool,
        "entitlements_digest": said.entitlements.to_string(),
        "parties": (0..terms.parties.len()).map(party).collect::<Vec<_>>(),
    });
    before_shares::extend(&mut value, account, terms, position);
    value
}

#[cfg(test)]
mod tests {
    use super::{json, words};
    use crate::{
        agreement::settle::{Account, Books},
        cli::{
            terms_toml::{EXAMPLE, Purpose, read},
            toml_file::TomlFile,
        },
        split::Exact,
    };

    /// The account of the annotated example: half of T is there, S is full, and both streams brought in money.
    fn account() -> Account {
        let file = TomlFile::new("two-parties.toml".as_ref(), EXAMPLE.to_owned());
        let terms = read(&file, Purpose::Try).unwrap();
        let mut books = Books::new(&terms);
        books.count(0, 0, 0, Exact::from(120));
        books.count(1, 1, 0, Exact::from(80));
        books.count(2, 1, 1, Exact::from(150));
        books.take_in(3, 0, 0, 5_000_000);
        books.take_in(4, 1, 0, 100_000_005);
        books.account_at(5).unwrap()
    }

    #[test]
    fn the_three_sums_stand_under_their_names_with_their_numbers() {
        let account = account();
        let text = anstream::adapter::strip_str(&words(&account)).to_string();
        for line in [
            "T = a1*C1 + a2*C2 = 1*120 + 1*80 = 200 points",
            "200 of the planned 400 are not there yet: the default shares hold them",
            "S = b1*A1 + b2*A2 = 1*0 + 1*150 = 150 points",
            "the planned 100 are there: measured in full",
            "W = c1*P1 + c2*P2 = 1/10*50000.00 + 1/5*1000000.05 = 205000.01 EUR",
            "share = 3/5 of T + 2/5 of S",
            "community   39.00 %  39/100",
            "The ledger does not prove that reported revenue is complete",
            "The ledger does not prove that an hour was worked",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    }

    #[test]
    fn what_is_said_in_json_is_exact() {
        let account = account();
        let value = json(&account);
        assert_eq!(value["dimensions"][0]["parties"][0]["share"], "13/20");
        assert_eq!(value["accounts"][0]["parties"][0]["share"], "39/100");
        assert_eq!(value["accounts"][0]["pool_minor"], 20_500_001);
        let of = |field: &str| {
            let parties = value["accounts"][0]["parties"].as_array().unwrap();
            parties.iter().map(|party| party[field].as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!((of("allocation_minor"), of("due_minor"), of("net_minor")), (20_500_001, 20_500_001, 0));
    }
}
