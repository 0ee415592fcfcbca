//! The command line as people use it: the real program, a server of its own, and a machine for each party.

mod backup;
mod demo;
mod fsck;
mod guard;
mod life;
pub mod machine;
mod mistakes;
mod simulate;
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
fn settle_in(world: &World, who: &str, url: &str) -> String {
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
    let world = World::new();
    let server = Server::start(&world, "store", "log.example.org");
    let community = settle_in(&world, "community", &server.url);
    let enterprise = settle_in(&world, "enterprise", &server.url);
    write_terms(&world, &community, &enterprise);
    let proposed = world.json("community", &["propose", "agreement.toml", "--yes"]);
    let agreement = proposed["agreement"].as_str().unwrap().to_owned();
    world.good("enterprise", &["accept", &agreement, "--yes"]);
    Parties { world, server, agreement }
}
