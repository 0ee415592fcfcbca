//! The command line as people use it: the real program, a server of its own, and a machine for each party.

mod asked;
mod backup;
mod days;
mod demo;
mod disputes;
mod files;
mod fsck;
mod fsck_segments;
mod governance;
mod guard;
mod life;
pub mod machine;
mod mistakes;
mod money;
mod refused;
mod shown;
mod simulate;
mod tls;
mod trust;

use std::fs;

use machine::{Server, World};

/// Two parties who have agreed, their server, and their agreement.
struct Parties {
    world: World,
    server: Server,
    agreement: String,
}

/// Makes the keys and settings of a party; returns its public key.
pub(crate) fn settle_in(world: &World, who: &str, url: &str) -> String {
    let key = format!("{who}/{who}.key");
    fs::create_dir_all(world.path(who)).unwrap();
    let public = world.good(who, &["key", "new", &key]).trim().to_owned();
    world.write(&format!("{who}/counterfoil.toml"), &format!("server = '{url}'\nkey = '{who}.key'\nhome = 'home'\n"));
    public
}

/// Writes the program's own example as the terms of the two keys.
fn write_terms(world: &World, community: &str, enterprise: &str) {
    let example = world.good("community", &["propose", "--example"]);
    let commented = "# keys = [\"key1...\"]";
    assert!(example.contains(commented), "the example has changed: mend this test");
    let first = "govern_threshold = 1 ";
    let terms = example.replacen(first, &format!("keys = [\"{community}\"]\n{first}"), 1).replacen(
        commented,
        &format!("keys = [\"{enterprise}\"]"),
        1,
    );
    world.write("agreement.toml", &terms);
    world.write("agreement.md", "What is signed on paper.\n");
}

fn parties() -> Parties {
    parties_under("", false)
}

/// As [`parties`], under the example with `rules` behind it; `calendar`: settled by the quarter. With a mediator, if wanted.
fn parties_under(rules: &str, mediated: bool) -> Parties {
    let world = World::new();
    let server = Server::start(&world, "store", "log.example.org");
    let community = settle_in(&world, "community", &server.url);
    let enterprise = settle_in(&world, "enterprise", &server.url);
    write_terms(&world, &community, &enterprise);
    let mut terms = fs::read_to_string(world.path("agreement.toml")).unwrap();
    match rules {
        "calendar" => terms = terms.replacen("title = ", "calendar = \"quarter\"\ntitle = ", 1),
        rules => {
            // What comes before the shares changes what the worked examples come to.
            if rules.contains("[waterfall]") {
                terms.truncate(terms.find("[[examples]]").unwrap());
            }
            terms.push_str(rules);
        }
    }
    if mediated {
        let key = settle_in(&world, "mediator", &server.url);
        terms.push_str(&format!("\n[mediator]\ndisplay_name = \"A mediator\"\npublic_keys = [\"{key}\"]\n"));
    }
    world.write("agreement.toml", &terms);
    let proposed = world.json("community", &["propose", "agreement.toml", "--yes"]);
    let agreement = proposed["agreement"].as_str().unwrap().to_owned();
    world.good("enterprise", &["accept", &agreement, "--yes"]);
    if mediated {
        world.good("mediator", &["consent", "--agreement", &agreement, "--yes"]);
    }
    Parties { world, server, agreement }
}
