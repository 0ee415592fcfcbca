//! Days as people give them: one until which something may be done is all of that day.

use super::{machine::day, parties, settle_in, write_terms};
use crate::cli::machine::{Server, World};

#[test]
fn a_deadline_that_is_a_day_is_over_when_the_day_is() {
    let world = World::new();
    let server = Server::start(&world, "store", "log.example.org");
    let (community, enterprise) =
        (settle_in(&world, "community", &server.url), settle_in(&world, "enterprise", &server.url));
    write_terms(&world, &community, &enterprise);
    let terms = std::fs::read_to_string(world.path("agreement.toml")).unwrap();
    let today = day(0);
    world.write(
        "agreement.toml",
        &terms.replacen("# acceptance_deadline = 2030-12-31", &format!("acceptance_deadline = {today}"), 1),
    );
    let proposed = world.json("community", &["propose", "agreement.toml", "--yes"]);
    let agreement = proposed["agreement"].as_str().unwrap();
    assert!(world.good("enterprise", &["show", agreement]).contains(&format!("accept until {today}\n")));
    world.good("enterprise", &["accept", agreement, "--yes"]);

    world.good(
        "community",
        &["maintain", "fixes", "--criteria", "agreement.md", "--due", &today, "--agreement", agreement, "--yes"],
    );
    let listed = world.good("community", &["maintain", "--agreement", agreement]);
    assert!(listed.contains(&format!("{today}  to come")), "{listed}");
    world.good("community", &["fulfil", "2", "--due", &today, "--evidence", "agreement.md", "--yes"]);
}

#[test]
fn a_day_in_a_file_is_the_day_of_the_command_line() {
    let parties = parties();
    let world = &parties.world;
    let (then, today) = (day(20), day(0));
    world.write(
        "work.csv",
        &format!("party,unit,quantity,time\ncommunity,commit,1,{then}\ncommunity,commit,2,{today}\n"),
    );
    world.good("community", &["contribute", "--from", "work.csv", "--yes"]);
    world.good("community", &["contribute", "1", "review-hour", "--worked", &then, "--yes"]);
    let listed = world.json("community", &["contributions"]);
    let of = |place: usize, what: &str| listed["contributions"][place][what].as_str().unwrap().to_owned();
    for what in ["work_start", "work_end"] {
        assert_eq!(of(0, what), of(2, what));
    }
    assert!(of(0, "work_end").ends_with("T23:59:59.999Z") && of(1, "work_end").starts_with(&today));
    // Today goes on; the row is the same one all the same.
    let again = world.json("community", &["contribute", "--from", "work.csv", "--yes"]);
    assert_eq!((&again["recorded"], &again["recorded_before"]), (&0.into(), &2.into()));
}
