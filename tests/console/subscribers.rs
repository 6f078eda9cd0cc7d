//! Lists of people: looking, searching, adding, taking off, importing, exporting.

use std::fmt::Write as _;

use super::ledger::downloaded;
use crate::support::browser::Browser;
use crate::support::house::{daemon, house, printed};
use crate::support::world::World;

/// An office whose letters go to the list in the store.
fn office() -> World {
    let world = house();
    let file = std::fs::read_to_string(world.path("channels/email.toml")).unwrap();
    world.write("channels/email.toml", &file.replace("recipients = \"channels/nguoi-nhan.txt\"\n", ""));
    world
}

const LIST: &str = "/subscribers/email";

#[test]
fn people_are_added_found_and_taken_off() {
    let world = office();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    officer.add("xem", "viewer");
    officer.add("lan", "editor");
    assert!(officer.get("/subscribers").body.contains("0 people get letters"));
    assert_eq!(officer.get("/subscribers/portal").status, 404, "a portal has no list");
    let mut lan = Browser::signed_in(&daemon, "lan");
    let add = |lan: &mut Browser<'_>, address: &str, name: &str| {
        lan.post(&format!("{LIST}/add"), &[("address", address), ("name", name)])
    };
    assert_eq!(add(&mut lan, "An@Example.vn", "Nguyễn Văn An").header("location"), Some(LIST));
    let page = lan.get(LIST).body;
    assert!(page.contains("an@example.vn was added") && page.contains("Nguyễn Văn An"), "{page}");
    let wrong = add(&mut lan, "không phải", "Chị <b>Ba</b>");
    assert!(wrong.status == 422 && wrong.body.contains("letters beyond ASCII"), "{}", wrong.body);
    assert!(wrong.body.contains("Chị &lt;b&gt;Ba"), "what was typed stays: {}", wrong.body);
    for number in 0..60 {
        add(&mut lan, &format!("dan{number:02}@example.vn"), &format!("Trần Đăng {number}"));
    }
    let first = lan.get(LIST).body;
    assert!(first.contains("61 people get letters") && first.matches("<tr>").count() == 51, "{first}");
    let next = crate::support::browser::between(&first, "rel=\"next\" href=\"", "\"").unwrap().replace("&#x2f;", "/");
    let second = lan.get(&next).body;
    assert_eq!(second.matches("<tr>").count(), 12, "{second}");
    let found = lan.get(&format!("{LIST}?q=tran+dang+7")).body;
    assert!(found.contains("dan07@example.vn") && found.matches("<tr>").count() == 2, "{found}");
    assert!(lan.get(&format!("{LIST}?q=%22%3E%3Cb%3E")).body.contains("Nobody found"));

    // Looking is for everybody, the rest for editors.
    let mut looker = Browser::signed_in(&daemon, "xem");
    let page = looker.get(LIST).body;
    assert!(page.contains("an@example.vn") && !page.contains("/import\"") && !page.contains("/remove"), "{page}");
    assert_eq!(looker.get(&format!("{LIST}/export")).status, 403);

    // Off the list, and for good.
    let asked = lan.get(&format!("{LIST}/remove?address=an%40example.vn")).body;
    assert!(asked.contains("Take off the list") && asked.contains("Never write again"), "{asked}");
    let remove = |lan: &mut Browser<'_>, fields: &[(&str, &str)]| {
        assert_eq!(lan.post(&format!("{LIST}/remove"), fields).status, 303);
        lan.get(LIST).body
    };
    let off = remove(&mut lan, &[("address", "dan00@example.vn")]);
    assert!(off.contains("dan00@example.vn was taken off the list") && off.contains("not on the list"), "{off}");
    assert!(remove(&mut lan, &[("address", "dan00@example.vn")]).contains("dan00@example.vn is not on the list"));
    let never = remove(&mut lan, &[("address", "an@example.vn"), ("for_good", "yes")]);
    assert!(never.contains("is not written to any more") && never.contains("unsubscribed"), "{never}");
    let again = add(&mut lan, "an@example.vn", "");
    assert!(again.status == 422 && again.body.contains("name=\"again\" value=\"yes\""), "{}", again.body);
    let own_word = [("address", "an@example.vn"), ("again", "yes")];
    assert_eq!(lan.post(&format!("{LIST}/add"), &own_word).status, 303);
    let told = lan.get("/ledger?who=lan&channel=email").body;
    for words in ["added subscribers", "took a subscriber off", "unsubscribed"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_list_is_imported_with_an_answer_for_each_line_and_comes_out_as_it_went_in() {
    let world = office();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    printed(&world, &["subscribers", "add", "email", "co@example.vn"]);
    printed(&world, &["subscribers", "remove", "email", "huy@example.vn", "--for-good"]);
    officer.get(LIST);
    let list = "Email;Họ tên\r\nmoi@example.vn;=1+1 \"Mới\"\r\nco@example.vn;Có\r\nMOI@example.vn;Mới\r\n\
                huy@example.vn;Hủy\r\nkhông phải;Sai\r\n<b>@example;<i>\r\n-a@example.vn;Gạch\r\n";
    let answer = officer.upload(&format!("{LIST}/import"), &[], ("list", "danh sách <b>.csv", list.as_bytes()));
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = answer.body;
    for words in [
        "added 2 · there before 1 · twice in the file 1 · not written to again 1 · lines not right 2",
        "line 6:</span>",
        "letters beyond ASCII",
        "line 5:</span> huy@example.vn",
        "danh sách &lt;b&gt;.csv",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
    let rows = downloaded(&mut officer, &format!("{LIST}/export"));
    let moi = rows.iter().find(|row| row[0] == "moi@example.vn").unwrap();
    assert_eq!(moi[1], "'=1+1 \"Mới\"", "no formula");
    assert!(rows.iter().any(|row| row[0] == "'-a@example.vn"), "{rows:?}");

    // Taken in again it says the same.
    let mut csv = String::from("\u{feff}");
    for row in &rows {
        let cells: Vec<String> = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        writeln!(csv, "{}", cells.join(",")).unwrap();
    }
    officer.get(LIST);
    let again = officer.upload(&format!("{LIST}/import"), &[], ("list", "lai.csv", csv.as_bytes())).body;
    assert!(again.contains("added 0 · there before 3 · twice in the file 0 · not written to again 1"), "{again}");
    assert_eq!(downloaded(&mut officer, &format!("{LIST}/export")), rows);
    officer.get(LIST);
    let toml = "[[recipients]]\nemail = \"toml@example.vn\"\n\n[[recipients]]\nemail = \"sai\"\n";
    let answer = officer.upload(&format!("{LIST}/import"), &[], ("list", "them.TOML", toml.as_bytes())).body;
    assert!(answer.contains("added 1 ·") && answer.contains("line 5:</span>"), "{answer}");
    let workbook = officer.upload(&format!("{LIST}/import"), &[], ("list", "bang.xlsx", b"PK\x03\x04 rest"));
    assert!(workbook.status == 422 && workbook.body.contains("bang.xlsx is a workbook"), "{}", workbook.body);
    assert!(!workbook.body.contains("/tmp"), "{}", workbook.body);
    officer.get(LIST);
    let nothing = officer.upload(&format!("{LIST}/import"), &[], ("list", "", b""));
    assert!(nothing.status == 422 && nothing.body.contains("choose the file"), "{}", nothing.body);
    // Without the form's token nothing is read.
    officer.csrf = "0".repeat(64);
    assert_eq!(officer.upload(&format!("{LIST}/import"), &[], ("list", "a.csv", b"x@example.vn")).status, 403);
    assert!(officer.get("/ledger").body.contains("exported the list"));
}

#[test]
fn a_long_list_goes_in_and_out_in_pieces() {
    let world = office();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    officer.get(LIST);
    let list: String = (0..12_000).fold(String::new(), |mut list, number| {
        writeln!(list, "nguoi-{number:05}@example.vn,Nguyễn Văn {number}").unwrap();
        list
    });
    let page = officer.upload(&format!("{LIST}/import"), &[], ("list", "dai.csv", list.as_bytes())).body;
    assert!(page.contains("added 12000 ·") && page.contains("Only the first lines are shown"), "{page}");
    assert!(page.len() < 100_000, "{}", page.len());
    assert_eq!(downloaded(&mut officer, &format!("{LIST}/export")).len(), 12_001);
    let page = officer.get(LIST).body;
    assert!(page.contains("12000 people get letters") && page.len() < 100_000, "{}", page.len());
    // Names are looked for some thousands at a time, a whole address is found at once.
    let next =
        |page: &str| Some(crate::support::browser::between(page, "rel=\"next\" href=\"", "\"")?.replace("&#x2f;", "/"));
    let near = officer.get(&format!("{LIST}?q=nguyen+van+11999")).body;
    assert!(near.contains("the list is long, go on looking"), "{near}");
    let far = officer.get(&next(&near).unwrap().replace("&amp;", "&")).body;
    assert!(far.contains("nguoi-11999@example.vn") && next(&far).is_none(), "{far}");
    let whole = officer.get(&format!("{LIST}?q=NGUOI-11998%40example.vn")).body;
    assert!(whole.contains("nguoi-11998@example.vn") && whole.matches("<tr>").count() == 2, "{whole}");
}
