//! A [`World`] with every door open: the watched folder, the API, the command line.

use std::process::Output;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::process::{Daemon, eventually};
use super::world::World;

/// The CMS's token.
pub(crate) const TOKEN: &str = "ma-cua-cms-7f3a";
/// The header that carries it.
pub(crate) const BEARER: (&str, &str) = ("Authorization", "Bearer ma-cua-cms-7f3a");
/// The header of JSON.
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// An office whose four channels send at once and whose doors are open; `more` goes into `config.toml`.
pub(crate) fn house_with(more: &str) -> World {
    let world = World::new("\"immediate\"");
    open(&world, more);
    world
}

/// The same with nothing more.
pub(crate) fn house() -> World {
    house_with("[shutdown]\ngrace = \"5s\"\n")
}

/// Writes a `config.toml` with open doors.
pub(crate) fn open(world: &World, more: &str) {
    let sha256: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    world.write(
        "config.toml",
        &format!(
            "name = \"UBND xã An Bình\"\nlanguage = \"en\"\n\n[store]\npath = \"loa.db\"\n\n[intake]\nfolder = \"inbox\"\n\n\
             [http]\nlisten = \"127.0.0.1:0\"\n[[http.tokens]]\nname = \"cms\"\nsha256 = \"{sha256}\"\n\n\
             [log]\nlevel = \"info\"\n\n{more}"
        ),
    );
}

/// Starts the daemon of a house.
pub(crate) fn daemon(world: &World) -> Daemon {
    Daemon::start(world.loa(&["run"]), &world.path("log"))
}

/// What a command printed; it has to have gone well.
pub(crate) fn printed(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments);
    assert_eq!(output.status.code(), Some(0), "loa {arguments:?}: {}", errors(&output));
    String::from_utf8(output.stdout).expect("output in UTF-8")
}

/// What a command wrote to standard error.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command printed as JSON.
pub(crate) fn json(world: &World, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(world, arguments)).expect("JSON")
}

/// `loa deliveries --json`.
pub(crate) fn deliveries(world: &World) -> Vec<Value> {
    json(world, &["deliveries", "--json"]).as_array().expect("a list").clone()
}

/// Waits until there are `number` deliveries and every one of them is settled.
pub(crate) fn settled(world: &World, number: usize) -> Vec<Value> {
    let mut last = Vec::new();
    let found = super::process::within(300, || {
        last = deliveries(world);
        let all = last.iter().all(|delivery| delivery["state"] == "settled");
        (last.len() == number && all).then(|| last.clone())
    });
    found.unwrap_or_else(|| unreachable!("{number} settled deliveries: {last:#?}\n{}", world.log()))
}

/// One delivery's field, once it has one on this channel in this state.
pub(crate) fn on_channel(world: &World, channel: &str, state: &str) -> Value {
    eventually(&format!("{channel} is {state}"), || {
        deliveries(world).into_iter().find(|delivery| delivery["channel"] == channel && delivery["state"] == state)
    })
}

/// Waits until the log says this.
pub(crate) fn logged(world: &World, words: &str) {
    eventually(&format!("the log says {words:?}"), || world.log().contains(words).then_some(()));
}
