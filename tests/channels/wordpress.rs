//! The portal on WordPress.

use crate::matrix::{Case, FarSide, every_step_every_fault};
use crate::support::far::wordpress::{PASSWORD, WordPress};
use crate::support::hostile_api::HostileApi;
use crate::support::world::World;

type Site = HostileApi<WordPress>;

/// Starts a site and writes the channel's file, with `more` settings.
fn portal(world: &World, more: &str) -> Site {
    let site = HostileApi::start(WordPress::new());
    world.write("portal-secret", PASSWORD);
    world.channel("portal", "wordpress", &settings(world, &site, more), "");
    site
}

fn settings(world: &World, site: &Site, more: &str) -> String {
    let secret = toml::Value::String(world.path("portal-secret").display().to_string());
    format!("url = \"{}\"\nuser = \"loa\"\npassword = {{ file = {secret} }}\n{more}", site.url())
}

fn start(world: &World) -> Box<dyn FarSide> {
    Box::new(portal(world, ""))
}

const CASE: Case = Case { channel: "portal", decidable: true, start };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_step_ends_with_one_newest_copy_on_the_portal() {
    every_step_every_fault(&CASE).await;
}
