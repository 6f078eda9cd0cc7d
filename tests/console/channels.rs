//! Channels: how they stand, what officers do with them, and their files.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, house, logged, on_channel, printed, settled};
use crate::support::process::{Answer, eventually};
use crate::support::world::World;

const ARTICLE: &[u8] = r#"{"source":"cms","external_id":"1","title":"Lịch <tiếp> dân","body_text":"Sáng thứ Hai.","topics":["thông báo"]}"#.as_bytes();

fn file(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(&format!("channels/{name}.toml"))).unwrap()
}

/// What a form on a page would send: every field as it stands there.
fn fields(page: &str) -> Vec<(String, String)> {
    let text = |words: &str| {
        words
            .replace("&#x2f;", "/")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let form = page.split("<form class=\"narrow\"").nth(1).unwrap().split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for tag in form.split("<input ").skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = between(tag, "name=\"", "\"").unwrap();
        if !tag.contains("type=\"checkbox\"") || tag.contains(" checked") {
            fields.push((text(name), text(between(tag, "value=\"", "\"").unwrap())));
        }
    }
    for tag in form.split("<textarea ").skip(1) {
        let inner = tag.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
        fields.push((text(between(tag, "name=\"", "\"").unwrap()), text(inner.strip_prefix('\n').unwrap_or(inner))));
    }
    for tag in form.split("<select ").skip(1) {
        let inner = tag.split("</select>").next().unwrap();
        let chosen = inner.split("<option ").find(|option| option.contains(" selected"));
        let value = chosen.map_or("", |option| between(option, "value=\"", "\"").unwrap());
        fields.push((text(between(tag, "name=\"", "\"").unwrap()), text(value)));
    }
    fields
}

/// Sends the form of a page with some fields filled in otherwise.
fn send(browser: &mut Browser<'_>, page: &str, action: &str, changes: &[(&str, &str)]) -> Answer {
    let mut filled = fields(page);
    for (name, value) in changes {
        match filled.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => (*value).clone_into(old),
            None => filled.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let filled: Vec<(&str, &str)> =
        filled.iter().filter(|(name, _)| name != "csrf").map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(action, &filled)
}

#[test]
fn a_form_writes_what_was_touched_and_the_daemon_takes_it_over() {
    let world = house();
    let own = "# của xã\nkind    = \"radio\"   # đài\nname = \"Đài xã\"\n\n[settings]\nfolder  = \"radio\"  # chung\n\n[schedule]\ntiming = \"immediate\"\n";
    world.write("channels/radio.toml", own);
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let page = chief.get("/channels/radio/edit").body;
    assert!(page.contains("Reading speed") && page.len() < 100_000, "{} bytes", page.len());

    // Nothing touched, nothing written.
    assert_eq!(send(&mut chief, &page, "/channels/radio/edit", &[]).status, 303);
    assert!(chief.get("/channels/radio").body.contains("nothing was changed"));
    assert_eq!(file(&world, "radio"), own);

    let changes = [
        ("settings.station", "Đài truyền thanh xã An Bình"),
        ("schedule.quiet", "21:00-05:00"),
        ("route.except", "nội bộ\r\nđảng"),
        ("route.priority:urgent", "1"),
    ];
    let answer = send(&mut chief, &page, "/channels/radio/edit", &changes);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/channels/radio")), "{}", answer.body);
    let text = file(&world, "radio");
    let kept = "# của xã\nkind    = \"radio\"   # đài\nname = \"Đài xã\"\n\n[settings]\nfolder  = \"radio\"  # chung\n";
    assert!(text.starts_with(&format!("{kept}station = \"Đài truyền thanh xã An Bình\"\n")), "{text}");
    assert!(text.contains("timing = \"immediate\"\nquiet = \"21:00-05:00\"\n"), "{text}");
    assert!(text.contains("except = [\"nội bộ\", \"đảng\"]\npriority = [\"urgent\"]\n"), "{text}");
    logged(&world, "the channel was reloaded");
    let page = eventually("the new hours are in force", || {
        let page = chief.get("/channels/radio").body;
        page.contains("21:00-05:00").then_some(page)
    });
    assert!(!page.contains("taking over"), "{page}");

    // A mistake stands beside its field; nothing is written, what was typed stays.
    let page = chief.get("/channels/radio/edit").body;
    let wrong = [("schedule.quiet", "tối"), ("settings.syllables_per_minute", "nhanh")];
    let answer = send(&mut chief, &page, "/channels/radio/edit", &wrong[1..]);
    assert_eq!(answer.status, 422);
    let beside = |page: &str, key: &str| between(page, &format!("id=\"e-{key}\">"), "</p>").map(str::to_owned);
    let said = beside(&answer.body, "settings.syllables_per_minute").unwrap();
    assert!(said.contains("not a whole number"), "{said}");
    let answer = send(&mut chief, &page, "/channels/radio/edit", &wrong[..1]);
    let said = beside(&answer.body, "schedule.quiet").unwrap();
    assert!(
        said.contains("quiet hours &quot;tối&quot; are not valid") && answer.body.contains("value=\"tối\""),
        "{said}"
    );
    let answer = send(&mut chief, &page, "/channels/radio/edit", &[("settings.folder", "")]);
    assert!(beside(&answer.body, "settings.folder").is_some(), "what is missing is said where it belongs");
    let answer = send(&mut chief, &page, "/channels/radio/edit", &[("schedule.after", "portl")]);
    assert!(beside(&answer.body, "schedule.after").unwrap().contains("portal"), "the nearest name");
    assert_eq!(file(&world, "radio"), text);
}

#[test]
fn two_people_at_one_file_are_shown_both_versions() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let page = chief.get("/channels/radio/edit").body;
    // Meanwhile somebody edits the file by hand.
    let theirs = file(&world, "radio").replace("folder = \"radio\"", "folder = \"radio\"\nstation = \"Đài khác\"");
    world.write("channels/radio.toml", &theirs);
    let changes = [("settings.station", "Đài ta"), ("schedule.grace", "3h")];
    let answer = send(&mut chief, &page, "/channels/radio/edit", &changes);
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert_eq!(file(&world, "radio"), theirs, "nothing was written");
    for both in ["Đài khác", "Đài ta", "Write yours", "Keep the file as it is"] {
        assert!(answer.body.contains(both), "{both}: {}", answer.body);
    }
    // Whoever goes on changes only what they touched.
    let again = answer
        .body
        .replace("<form method=\"post\" action=\"&#x2f;channels", "<form class=\"narrow\" action=\"&#x2f;channels");
    let answer = send(&mut chief, &again, "/channels/radio/edit", &[]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let text = file(&world, "radio");
    assert!(text.contains("station = \"Đài ta\"") && text.contains("grace = \"3h\""), "{text}");

    // The same for the text as a whole.
    let page = chief.get("/channels/radio/file").body;
    let seen = between(&page, "name=\"seen\" value=\"", "\"").unwrap().to_owned();
    world.write("channels/radio.toml", &format!("{text}\n# thêm\n"));
    let answer = chief.post("/channels/radio/file", &[("seen", &seen), ("text", "kind = \"radio\"\n")]);
    assert!(answer.status == 409 && answer.body.contains("# thêm"), "{}", answer.body);
}

#[test]
fn every_version_is_kept_and_can_be_put_back() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let first = file(&world, "radio");
    let save = |chief: &mut Browser<'_>, station: &str| {
        let page = chief.get("/channels/radio/edit").body;
        assert_eq!(send(chief, &page, "/channels/radio/edit", &[("settings.station", station)]).status, 303);
    };
    save(&mut chief, "Một");
    save(&mut chief, "Hai");
    let page = chief.get("/channels/radio/history").body;
    let ids: Vec<String> = page
        .split("&#x2f;history&#x2f;")
        .chain(page.split("/history/"))
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .filter(|id| id.ends_with('Z'))
        .collect();
    assert_eq!(ids.len(), 3, "{page}");
    assert!(page.contains("Chị Quản Trị") && page.contains("changed Name of the station"), "{page}");
    assert!(page.contains("nobody knows who"), "what was there before is kept as well: {page}");
    let old = format!("/channels/radio/history/{}", ids[2]);
    let page = chief.get(&old).body;
    let seen = between(&page, "name=\"seen\" value=\"", "\"").unwrap().to_owned();
    assert_eq!(chief.post(&old, &[("seen", &seen)]).status, 303);
    assert_eq!(file(&world, "radio"), first);
    assert_eq!(chief.get("/channels/radio/history/..%2f..%2fradio").status, 404);

    // Deleted: the channel is gone, what went out stays, and the file comes back.
    let asked = chief.get("/channels/radio/delete").body;
    assert!(asked.contains("Delete the channel radio?"), "{asked}");
    let seen = between(&asked, "name=\"seen\" value=\"", "\"").unwrap().to_owned();
    assert_eq!(chief.post("/channels/radio/delete", &[("seen", &seen)]).header("location"), Some("/channels"));
    assert!(!world.path("channels/radio.toml").exists());
    let listed = chief.get("/channels").body;
    assert!(listed.contains("Deleted channels"), "{listed}");
    eventually("the channel is gone", || (chief.get("/channels/radio").status == 404).then_some(()));
    let page = chief.get(&old).body;
    assert!(page.contains("name=\"seen\" value=\"\""), "{page}");
    assert_eq!(chief.post(&old, &[("seen", "")]).status, 303);
    assert_eq!(file(&world, "radio"), first);
    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");

    // A channel that another waits for is not deleted.
    let text = format!("{}\n[schedule]\nafter = \"portal\"\n", file(&world, "email"));
    world.write("channels/email.toml", &text);
    let asked = chief.get("/channels/portal/delete").body;
    let seen = between(&asked, "name=\"seen\" value=\"", "\"").unwrap().to_owned();
    chief.post("/channels/portal/delete", &[("seen", &seen)]);
    assert!(world.path("channels/portal.toml").exists());
    let said = chief.get("/channels/portal").body;
    assert!(said.contains("email.toml"), "{said}");
}

#[test]
fn a_new_channel_rehearses_first_and_its_secret_is_seen_nowhere() {
    let secret = "bi-mat-khong-ai-thay-7f3a9c";
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    assert!(chief.get("/new-channel").body.contains("mastodon"));
    let page = chief.get("/new-channel?kind=mastodon").body;
    let filled = [
        ("file", "mastodon-xa"),
        ("name", "Mastodon xã"),
        ("settings.server", "https://mastodon.example.vn"),
        ("settings.access_token", secret),
    ];
    // Without its secret it would not load live; a bad name is said, and no secret is shown again.
    let mut bad = filled;
    bad[0].1 = "Tên Đẹp";
    let answer = send(&mut chief, &page, "/new-channel", &bad);
    assert!(answer.status == 422 && answer.body.contains("lower-case letters"), "{}", answer.body);
    assert!(!answer.body.contains(secret) && answer.body.contains("value=\"Mastodon xã\""), "{}", answer.body);
    let answer = send(&mut chief, &page, "/new-channel", &filled[..3]);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("id=\"e-settings.access_token\""), "it is missing: {}", answer.body);
    assert!(!world.path("secrets").exists());

    let answer = send(&mut chief, &page, "/new-channel", &filled);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/channels/mastodon-xa")), "{}", answer.body);
    let kept = world.path("secrets/mastodon-xa.access_token");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), secret);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&world.path("secrets"))), (0o600, 0o700));
    let text = file(&world, "mastodon-xa");
    assert!(text.contains("mode    = \"rehearsal\"") && text.contains("access_token = { file = "), "{text}");
    assert!(text.contains("# Lấy mã truy cập"), "the example's advice stays: {text}");
    let shown = eventually("the channel is at work", || {
        let page = chief.get("/channels/mastodon-xa").body;
        page.contains("Try a sample").then_some(page)
    });
    assert!(shown.contains("rehearsal"), "{shown}");
    let page = chief.get("/channels/mastodon-xa/edit").body;
    assert!(page.contains("it is there, since"), "{page}");

    // Another secret in its place is a change that says so, and says no more.
    assert_eq!(
        send(&mut chief, &page, "/channels/mastodon-xa/edit", &[("settings.access_token", "bi-mat-thu-hai")]).status,
        303
    );
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "bi-mat-thu-hai");
    // One that is not used is put back.
    let page = chief.get("/channels/mastodon-xa/edit").body;
    let wrong = [("settings.access_token", "bi-mat-thu-ba"), ("settings.text_limit", "5")];
    assert_eq!(send(&mut chief, &page, "/channels/mastodon-xa/edit", &wrong).status, 422);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "bi-mat-thu-hai");

    // Nowhere else, whoever looks for it.
    let mut places = vec![world.log()];
    for page in ["", "/edit", "/file", "/history", "/routing"] {
        places.push(chief.get(&format!("/channels/mastodon-xa{page}")).body);
    }
    drop(chief);
    daemon.stop();
    let mut walked = 0;
    let mut folders = vec![world.path(".")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("secrets") {
                    folders.push(path);
                }
            } else {
                places.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
                walked += 1;
            }
        }
    }
    assert!(walked > 8, "only {walked} files");
    for place in places {
        for secret in [secret, "bi-mat-thu-hai", "bi-mat-thu-ba"] {
            assert!(!place.contains(secret), "{place}");
        }
    }
}

#[test]
fn officers_pause_check_try_and_see_what_a_channel_takes() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    chief.add("ba", "viewer");
    let mut lan = Browser::signed_in(&daemon, "lan");
    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], ARTICLE).status, 202);
    settled(&world, 4);

    let listed = lan.get("/channels").body;
    for name in ["portal", "fanpage", "email", "radio"] {
        assert!(listed.contains(&format!("channels&#x2f;{name}\"")), "{listed}");
    }
    assert!(listed.len() < 100_000 && !listed.contains("Add a channel"), "{listed}");
    assert_eq!(lan.post("/channels/radio/pause", &[]).status, 303);
    assert!(lan.get("/channels/radio").body.contains("paused by lan"));
    assert!(printed(&world, &["channels"]).contains("paused"));
    assert_eq!(lan.post("/channels/radio/resume", &[]).status, 303);
    assert!(lan.get("/channels/radio").body.contains("the channel goes on"));
    lan.post("/channels/radio/resume", &[]);
    assert!(lan.get("/channels/radio").body.contains("this channel was not paused"));
    assert_eq!(lan.post("/channels/nowhere/pause", &[]).status, 303);

    lan.post("/channels/portal/check", &[]);
    assert!(lan.get("/channels/portal").body.contains("can be written"));
    assert!(lan.get("/channels").body.contains("it works"));

    // A sample shows what would be sent, and the public sees nothing of it.
    let before = world.hook.sightings("fanpage").len();
    let tried = lan.post("/channels/fanpage/try", &[]);
    assert!(tried.status == 200 && tried.body.contains("lịch tiếp công dân tháng này"), "{}", tried.body);
    assert!(tried.body.contains("nothing was sent") && !tried.body.contains("whsec_"), "{}", tried.body);
    assert_eq!(world.hook.sightings("fanpage").len(), before);
    let tried = lan.post("/channels/portal/try", &[]);
    assert!(tried.body.contains("&lt;h1") || tried.body.contains("&lt;article"), "shown as text: {}", tried.body);

    // Which of the last articles would it take, and why not.
    let text = format!("{}\n[route]\nexcept = [\"thông báo\"]\n", file(&world, "radio"));
    world.write("channels/radio.toml", &text);
    let page = eventually("the new route is in force", || {
        let page = lan.get("/channels/radio/routing").body;
        page.contains("which is left out").then_some(page)
    });
    assert!(page.contains("<strong>0</strong>") && page.contains("Lịch &lt;tiếp&gt; dân"), "{page}");
    assert!(lan.get("/channels/portal/routing").body.contains("<strong>1</strong>"));

    // A second look before the public sees something else.
    assert_eq!(lan.get("/channels/radio/set?key=mode&value=rehearsal").status, 403);
    let asked = chief.get("/channels/radio/set?key=mode&value=rehearsal").body;
    assert!(asked.contains("Let radio rehearse?"), "{asked}");
    assert_eq!(chief.get("/channels/radio/set?key=mode&value=other").status, 422);
    assert_eq!(chief.post("/channels/radio/set", &[("key", "mode"), ("value", "rehearsal")]).status, 303);
    eventually("it rehearses", || chief.get("/channels/radio").body.contains("Go live").then_some(()));
    assert_eq!(chief.post("/channels/radio/set", &[("key", "enabled"), ("value", "false")]).status, 303);
    eventually("it is off", || chief.get("/channels/radio").body.contains("Switch it on").then_some(()));
    assert_eq!(Browser::signed_in(&daemon, "ba").post("/channels/radio/pause", &[]).status, 403);
    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");
    on_channel(&world, "portal", "settled");
}

#[test]
fn a_file_that_is_wrong_is_said_and_mended_as_text() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    world.write("channels/hong.toml", "kind = \"radio\"\n[settings]\nfolder = \"x\"\n[schedule]\nquiet = \"tối\"\n");
    let listed = chief.get("/channels").body;
    assert!(listed.contains("hong.toml") && listed.contains("line 5"), "{listed}");
    assert!(chief.get("/channels/hong").body.contains("are not valid"));
    world.write("channels/hong.toml", "kind = [\n");
    assert_eq!(chief.get("/channels/hong/edit").header("location"), Some("/channels/hong/file"));
    let page = chief.get("/channels/hong/file").body;
    let seen = between(&page, "name=\"seen\" value=\"", "\"").unwrap().to_owned();
    let mend =
        |chief: &mut Browser<'_>, text: &str| chief.post("/channels/hong/file", &[("seen", &seen), ("text", text)]);
    let answer = mend(&mut chief, "kind = \"radio\"\n[settings]\nfoldr = \"x\"\n");
    assert!(answer.status == 422 && answer.body.contains("foldr"), "{}", answer.body);
    let answer =
        mend(&mut chief, "kind = \"mastodon\"\n[settings]\nserver = \"https://x.example\"\naccess_token = \"lo-ra\"\n");
    assert!(answer.status == 422 && answer.body.contains("a secret is named, not written"), "{}", answer.body);
    assert_eq!(mend(&mut chief, "kind = \"radio\"\r\n[settings]\r\nfolder = \"x\"\r\n").status, 303);
    assert_eq!(file(&world, "hong"), "kind = \"radio\"\n[settings]\nfolder = \"x\"\n");
    eventually("it is at work", || chief.get("/channels/hong").body.contains("Try a sample").then_some(()));
    for odd in ["..%2fconfig", ".history", "%2e%2e", "a%00b"] {
        assert!([404, 400].contains(&chief.get(&format!("/channels/{odd}/file")).status), "{odd}");
    }
}
