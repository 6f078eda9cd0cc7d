//! The words that channels say: the lexicon and the templates.

use crate::support::browser::{Browser, between};
use crate::support::house::{daemon, house, printed};

#[test]
fn readings_are_found_tried_changed_and_put_back_and_comments_stay() {
    let world = house();
    world.write("channels/lexicon.tsv", "# Từ điển của xã\nTNXP\tthanh niên xung phong\tcũ\n\n# hết\n");
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    chief.add("xem", "viewer");
    assert_eq!(Browser::signed_in(&daemon, "xem").get("/lexicon").status, 403);
    let mut officer = Browser::signed_in(&daemon, "lan");
    let page = officer.get("/lexicon").body;
    assert!(page.contains("TNXP") && page.contains("thanh niên xung phong"), "{page}");
    // With or without marks, and what is built in when it is asked for.
    assert!(officer.get("/lexicon?q=xung%20phong").body.contains("TNXP"));
    assert!(officer.get("/lexicon?q=thanh%20nien%20xung").body.contains("TNXP"));
    let page = officer.get("/lexicon?q=UBND").body;
    assert!(page.contains("<th scope=\"row\">UBND</th>") && !page.contains("TNXP"), "{page}");
    assert!(officer.get("/lexicon?q=a").body.len() < 100_000);

    let tried = |officer: &mut Browser<'_>| officer.get("/lexicon?try=Ban%20QLXYZ%20h%E1%BB%8Dp").body;
    assert!(tried(&mut officer).contains("<mark>QLXYZ</mark>"));
    for bad in [("QLXYZ", "quản lý 7"), ("QLXYZ", ""), ("", "trống"), ("#QL", "rào"), ("TNXP", "lần nữa")] {
        let answer = officer.post("/lexicon", &[("do", "add"), ("written", bad.0), ("spoken", bad.1)]);
        assert_eq!(answer.status, 422, "{bad:?}");
        assert!(answer.body.contains("role=\"alert\""), "{bad:?}: {}", answer.body);
    }
    let add = [("do", "add"), ("written", "QLXYZ"), ("spoken", "quản lý chợ"), ("note", "chợ huyện")];
    assert_eq!(officer.post("/lexicon", &add).status, 303);
    assert!(tried(&mut officer).contains("quản lý chợ"));

    let old = [("was-written", "TNXP"), ("was-spoken", "thanh niên xung phong"), ("was-note", "cũ")];
    let change = |spoken: &'static str| {
        let new = [("do", "change"), ("written", "TNXP"), ("spoken", spoken), ("note", "mới")];
        [old.to_vec(), new.to_vec()].concat()
    };
    assert_eq!(officer.post("/lexicon", &change("thanh niên")).status, 303);
    let answer = officer.post("/lexicon", &change("xung phong"));
    assert!(answer.status == 422 && answer.body.contains("somebody has just changed this"), "{}", answer.body);
    let file = || std::fs::read_to_string(world.path("channels/lexicon.tsv")).unwrap();
    let both = "# Từ điển của xã\nTNXP\tthanh niên\tmới\n\n# hết\nQLXYZ\tquản lý chợ\tchợ huyện\n";
    assert_eq!(file(), both);
    let gone = [("do", "remove"), ("was-written", "QLXYZ"), ("was-spoken", "quản lý chợ"), ("was-note", "chợ huyện")];
    assert_eq!(officer.post("/lexicon", &gone).status, 303);
    assert!(!file().contains("QLXYZ"));

    // Every version is kept, the first as it was before anybody changed it here.
    let page = officer.get("/lexicon").body;
    let ids: Vec<&str> = page.split("versions/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 4, "{page}");
    let first = officer.get(&format!("/lexicon/versions/{}", ids[3])).body;
    assert!(first.contains("changed elsewhere") && first.contains("thanh niên xung phong"), "{first}");
    assert_eq!(officer.post(&format!("/lexicon/versions/{}", ids[1]), &[]).status, 303);
    assert_eq!(file(), both);
    assert_eq!(officer.get("/lexicon/versions/99").status, 404);
    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");
}

#[test]
fn templates_are_tried_before_they_are_used_and_the_built_in_one_comes_back() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "approver");
    assert_eq!(Browser::signed_in(&daemon, "lan").get("/templates").status, 403);
    let page = chief.get("/templates").body;
    for name in ["email.txt", "email.html", "email-digest.txt", "email-digest.html", "radio.txt", "radio-may-doc.txt"] {
        assert!(page.contains(&format!("/templates/{name}\"")), "{name}: {page}");
        let one = chief.get(&format!("/templates/{name}"));
        assert_eq!(one.status, 200, "{name}");
        assert!(one.body.contains("content hash"), "{name}: {}", one.body);
        assert!(one.body.len() < 100_000, "{name}: {}", one.body.len());
    }
    let page = chief.get("/templates/email.html").body;
    let turn = between(&page, "frame/", "\"").unwrap().to_owned();
    let frame = chief.get(&format!("/templates/frame/{turn}"));
    assert!(frame.status == 200 && frame.body.contains("Bài ví dụ"), "{}", frame.body);
    assert!(frame.header("content-security-policy").unwrap().starts_with("sandbox;"));

    let built_in = std::fs::read_to_string("src/channel/radio/templates/script.txt").unwrap();
    let file = world.path("channels/templates/radio.txt");
    let post = |chief: &mut Browser<'_>, what: &str, before: &str, source: &str| {
        chief.post("/templates/radio.txt", &[("do", what), ("before", before), ("source", source)])
    };
    // A mistake is shown with its line, and is not saved.
    let broken = "một\n{% if x %}";
    let answer = post(&mut chief, "save", &built_in, broken);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("radio") || answer.body.contains("line 2"), "{}", answer.body);
    assert!(answer.body.contains("một\n{% if x %}"), "what was typed is still there");
    assert!(!file.exists());
    let own = built_in.replace("BẢN TIN PHÁT THANH", "BẢN TIN CỦA XÃ");
    let tried = post(&mut chief, "try", &built_in, &own);
    assert!(tried.status == 200 && tried.body.contains("BẢN TIN CỦA XÃ") && !file.exists(), "{}", tried.body);
    let part = chief.post("/templates/radio.txt/seen", &[("source", &own)]);
    assert!(part.body.trim_start().starts_with("<div id=\"seen\"") && part.body.contains("CỦA XÃ"), "{}", part.body);
    let part = chief.post("/templates/radio.txt/seen", &[("source", broken)]);
    assert!(part.body.contains("role=\"alert\""), "{}", part.body);

    assert_eq!(post(&mut chief, "save", &built_in, &own.replace('\n', "\r\n")).status, 303);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), own);
    assert!(chief.get("/templates").body.contains("the office&#x27;s own"));
    // Whoever opened it before does not overwrite it.
    let answer = post(&mut chief, "save", &built_in, "khác hẳn");
    assert!(answer.status == 422 && answer.body.contains("somebody has just changed this"), "{}", answer.body);
    assert_eq!(post(&mut chief, "reset", &own, "").status, 303);
    assert!(!file.exists());
    let page = chief.get("/templates/radio.txt").body;
    let ids: Vec<&str> = page.split("versions/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{page}");
    assert!(chief.get(&format!("/templates/radio.txt/versions/{}", ids[1])).body.contains("CỦA XÃ"));
    assert_eq!(chief.get(&format!("/templates/email.txt/versions/{}", ids[1])).status, 404, "another file's");
    assert_eq!(chief.post(&format!("/templates/radio.txt/versions/{}", ids[1]), &[]).status, 303);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), own);
    assert_eq!(chief.get("/templates/nothing.txt").status, 404);
}
