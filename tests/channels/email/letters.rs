//! The letter itself, read by mail-parser and by Python's mail package.

use loa::article::{Revision, sha256_hex};
use loa::delivery::Action;
use mail_parser::MessageParser;

use super::bureau::{Bureau, PUBLIC, item, read_by_python};
use crate::channels::bench::png;
use crate::sample::article;

const PLACEHOLDER: &str = "thaybangmacuanguoinhan2345";
const NEW: Action = Action::Create(Revision(1));
const BOUNCES: &str = "bounces = \"bounce@anbinh.example.vn\"";

fn token(letter: &[u8]) -> String {
    let text = String::from_utf8_lossy(letter);
    let (_, rest) = text.split_once("/huy-nhan-thu/").expect("a link in the head");
    rest[..26].to_owned()
}

fn joined(letter: &[u8]) -> String {
    String::from_utf8(letter.to_vec()).unwrap().replace("=\r\n", "")
}

#[tokio::test]
async fn a_letter_bears_the_headers_that_bulk_mail_needs() {
    let bureau =
        Bureau::with(Some(PUBLIC), &format!("{BOUNCES}\nreply_to = \"Văn phòng <vanphong@anbinh.example.vn>\""));
    let letter = bureau.send(vec![item(article("1"), NEW)]).await.remove(0);
    let token = token(&letter);
    let raw = String::from_utf8(letter.clone()).unwrap();
    // On one line, as RFC 8058 needs it and signers on the way like it.
    let line = format!(
        "\r\nList-Unsubscribe: <{PUBLIC}/huy-nhan-thu/{token}>, <mailto:bounce+{token}@anbinh.example.vn?subject=huy>\r\n"
    );
    assert!(raw.contains(&line), "{raw}");
    let seen = read_by_python(bureau.folder.path(), &letter);
    assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{seen:#}");
    let head = &seen["headers"];
    assert_eq!(head["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
    assert_eq!(head["list-id"], "<ban-tin.anbinh.example.vn>");
    assert_eq!(head["auto-submitted"], "auto-generated");
    assert_eq!(head["precedence"], "bulk");
    assert_eq!(head["subject"], "Lịch tiếp công dân định kỳ tháng 12 năm 2026");
    assert_eq!(head["reply-to"], "Văn phòng <vanphong@anbinh.example.vn>");
    assert_eq!(
        (seen["to_name"].as_str(), seen["from_name"].as_str()),
        (Some("Nguyễn Thị Hoàng Lan"), Some("UBND xã An Bình"))
    );
    assert_eq!(seen["date"], "2026-11-24T09:00:05+07:00", "the office's own hour");
    let feedback: Vec<&str> = head["feedback-id"].as_str().unwrap().split(':').collect();
    assert_eq!(feedback[1..3], ["ban-tin", "anbinh.example.vn"]);
    assert!(feedback.len() == 4 && (5..=15).contains(&feedback[3].len()), "the sender's name: {feedback:?}");
    assert!(!feedback[0].is_empty() && !head["feedback-id"].as_str().unwrap().contains("lan"));
    assert!(!raw.contains(PLACEHOLDER));
    let names: Vec<&str> = seen["names"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    let once = names.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(once.len(), names.len(), "no header twice: {names:?}");
}

#[tokio::test]
async fn one_click_is_offered_over_https_only() {
    let over = |url: Option<&str>, settings: &str| Bureau::with(url, settings);
    let head = |bureau: Bureau| async move {
        let letter = bureau.send(vec![item(article("1"), NEW)]).await.remove(0);
        let seen = read_by_python(bureau.folder.path(), &letter);
        (seen["headers"].clone(), seen["plain"].as_str().unwrap().to_owned(), seen["html"].as_str().unwrap().to_owned())
    };
    let (plain_http, words, _) = head(over(Some("http://may-chu.example.vn"), "")).await;
    assert!(plain_http.get("list-unsubscribe").is_none() && plain_http.get("list-unsubscribe-post").is_none());
    assert!(words.contains("Thôi nhận thư: http://may-chu.example.vn/huy-nhan-thu/"), "the page is there all the same");
    let (by_letter, words, html) = head(over(None, BOUNCES)).await;
    let mailto = by_letter["list-unsubscribe"].as_str().unwrap();
    assert!(mailto.starts_with("<mailto:bounce+") && mailto.ends_with("@anbinh.example.vn?subject=huy>"), "{mailto}");
    assert!(by_letter.get("list-unsubscribe-post").is_none());
    for words in [words, html] {
        assert!(words.contains("trả lời thư này") && words.contains("tin@anbinh.example.vn"), "{words}");
        assert!(!words.contains("huy-nhan-thu"));
    }
    let (bare, ..) = head(over(None, "")).await;
    assert!(bare.get("list-unsubscribe").is_none());
}

#[tokio::test]
async fn only_the_token_and_the_recipients_own_headers_differ_between_letters() {
    let bureau = Bureau::with(Some(PUBLIC), BOUNCES);
    let mut long = article("1");
    long.body_html = "<p>Nội dung dài để dòng gãy ở những chỗ khác nhau.</p>".repeat(40);
    let items = vec![item(long, NEW)];
    let payload = joined(&bureau.job(items.clone()).payload.bytes);
    let places = payload.matches(PLACEHOLDER).count();
    assert!(places >= 4, "head twice, text, HTML: {places}");
    for letter in bureau.send(items).await {
        let token = token(&letter);
        assert_ne!(token, PLACEHOLDER);
        let letter = joined(&letter);
        assert_eq!(letter.matches(&token).count(), places);
        let back = letter.replace(&token, PLACEHOLDER);
        let own = back.strip_suffix(&payload).expect("the payload, and nothing else of it is touched");
        let names: Vec<&str> = own
            .split("\r\n")
            .filter(|line| !line.starts_with(' ') && !line.is_empty())
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        assert_eq!(names, ["To", "Message-ID", "Feedback-ID"]);
    }
}

#[tokio::test]
async fn a_token_is_found_wherever_a_soft_line_end_breaks_it() {
    let mut broken = 0;
    for width in 0..80 {
        let mut bureau = Bureau::new(Some(PUBLIC));
        let pad = "x".repeat(width);
        bureau.template("email.txt", &format!("{pad} ă {{{{ unsubscribe }}}} hết\n"));
        bureau.set_up("").unwrap();
        let job = bureau.job(vec![item(article("1"), NEW)]);
        let payload = String::from_utf8(job.payload.bytes.to_vec()).unwrap();
        broken +=
            usize::from(payload.matches(PLACEHOLDER).count() < joined(&job.payload.bytes).matches(PLACEHOLDER).count());
        if width % 16 == 5 {
            for letter in bureau.send(vec![item(article("1"), NEW)]).await {
                assert!(!joined(&letter).contains(PLACEHOLDER), "width {width}");
                let plain = read_by_python(bureau.folder.path(), &letter)["plain"].as_str().unwrap().to_owned();
                assert_eq!(plain, format!("{pad} ă {PUBLIC}/huy-nhan-thu/{} hết\n", token(&letter)));
            }
        }
    }
    assert!(broken > 10, "the lines were broken inside the token only {broken} times");
}

#[tokio::test]
async fn every_line_is_short_ascii_and_ended_as_mail_wants_it() {
    let bureau = Bureau::with(Some(PUBLIC), BOUNCES);
    let mut odd = article("1");
    odd.title = "Thông báo về việc tạm ngừng cấp nước sinh hoạt tại thôn Đông, thôn Đoài và khu dân cư mới để sửa chữa đường ống".to_owned();
    odd.body_text = format!(".\nFrom đây\n..\n{}\ncuối dòng có khoảng trắng   \n= và =3D\n\t", "dài".repeat(500));
    odd.body_html = format!("<p>.</p>\n.\n<p>{}</p>", "ữ".repeat(900));
    let title = odd.title.clone();
    let words = odd.paragraphs().map(str::to_owned).collect::<Vec<_>>();
    for letter in bureau.send(vec![item(odd, NEW)]).await {
        assert!(letter.is_ascii());
        let text = String::from_utf8(letter.clone()).unwrap();
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "no bare LF");
        assert_eq!(text.matches('\r').count(), text.matches("\r\n").count(), "no bare CR");
        for line in text.split("\r\n").filter(|line| !line.starts_with("List-Unsubscribe:")) {
            assert!(line.len() <= 76, "{} {line}", line.len());
            assert!(!line.ends_with([' ', '\t']), "trailing space is lost on the way: {line:?}");
        }
        let seen = read_by_python(bureau.folder.path(), &letter);
        assert_eq!(seen["headers"]["subject"], title.as_str());
        assert!(seen["plain"].as_str().unwrap().contains(&words[0]), "{seen:#}");
        let message = MessageParser::default().parse(&letter).unwrap();
        assert_eq!(message.subject(), Some(title.as_str()));
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), seen["plain"].as_str().unwrap());
        assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), seen["html"].as_str().unwrap());
    }
}

#[tokio::test]
async fn a_picture_that_is_carried_is_the_one_that_the_letter_shows() {
    let bureau = Bureau::with(Some(PUBLIC), "images = \"inline\"");
    let mut with = article("1");
    let large = png(3000, 1000, [200, 30, 30]);
    with.images = vec![
        bureau.picture(large.clone(), "Cổng \"làng\" <mới>", Some("Cổng làng sau khi sửa")),
        bureau.picture(png(20, 20, [0, 90, 0]), "Hàng cây", None),
        bureau.picture(large, "Cổng làng lần nữa", None),
    ];
    let items = vec![item(with, NEW)];
    let job = bureau.job(items.clone());
    assert!(job.payload.bytes.len() < 40_000, "the payload names pictures, it does not hold them");
    for letter in bureau.send(items).await {
        assert!(letter.is_ascii() && letter.split(|byte| *byte == b'\n').all(|line| line.len() < 998));
        let seen = read_by_python(bureau.folder.path(), &letter);
        assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{seen:#}");
        let types =
            ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/jpeg", "image/jpeg"];
        assert_eq!(seen["types"], serde_json::json!(types), "the same picture is carried once");
        let html = seen["html"].as_str().unwrap();
        assert!(html.contains("alt=\"Cổng &quot;làng&quot; &lt;mới&gt;\"") && html.contains("Cổng làng sau khi sửa"));
        let shown: Vec<&str> = html.split("src=\"cid:").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(shown.len(), 3);
        assert_eq!(shown[0], shown[2]);
        let message = MessageParser::default().parse(&letter).unwrap();
        for (image, cid) in seen["images"].as_array().unwrap().iter().zip(&shown) {
            assert_eq!(image["cid"], format!("<{cid}>"));
            assert_eq!((image["type"].as_str(), image["disposition"].as_str()), (Some("image/jpeg"), Some("inline")));
            let part = message.attachments().find(|part| {
                use mail_parser::MimeHeaders as _;
                part.content_id() == Some(*cid)
            });
            let bytes = part.expect("a part of that name").contents();
            assert_eq!(sha256_hex(bytes), image["sha256"].as_str().unwrap(), "two readers, the same bytes");
            assert!(bytes.len() <= 300 << 10);
            let picture = image::load_from_memory(bytes).expect("a picture");
            assert!(picture.width().max(picture.height()) <= 1200);
        }
        let first = message.attachments().next().unwrap().contents();
        let pixel = image::load_from_memory(first).unwrap().to_rgb8().get_pixel(300, 100).0;
        assert!(pixel[0] > 180 && pixel[1] < 60, "{pixel:?}");
    }
}

#[tokio::test]
async fn a_picture_that_is_no_longer_kept_is_shown_from_its_address() {
    let bureau = Bureau::with(Some(PUBLIC), "images = \"inline\"");
    let mut with = article("1");
    with.images = vec![bureau.picture(png(20, 20, [0, 90, 0]), "Hàng cây", None)];
    let url = with.images[0].url.clone();
    let items = vec![item(with, NEW)];
    bureau.forget_pictures();
    for letter in bureau.send(items).await {
        assert!(letter.split(|byte| *byte == b'\n').all(|line| line.len() <= 200));
        let seen = read_by_python(bureau.folder.path(), &letter);
        assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{seen:#}");
        assert_eq!(seen["images"].as_array().unwrap().len(), 0);
        let html = seen["html"].as_str().unwrap();
        assert!(html.contains(&format!("<img src=\"{}\" alt=\"Hàng cây\"", url.replace('&', "&amp;"))), "{html}");
        assert!(!html.contains("cid:"));
    }
}

#[tokio::test]
async fn pictures_are_linked_unless_only_the_office_can_reach_them() {
    let bureau = Bureau::with(Some(PUBLIC), "");
    let mut with = article("1");
    with.images = vec![
        bureau.picture(png(20, 20, [0, 90, 0]), "Hàng cây", None),
        bureau.picture(png(20, 20, [90, 90, 0]), "Ảnh trong mạng nội bộ", None),
    ];
    with.images[1].url = "http://cms.noi-bo/anh.png".to_owned();
    let letter = bureau.send(vec![item(with.clone(), NEW)]).await.remove(0);
    let seen = read_by_python(bureau.folder.path(), &letter);
    let html = seen["html"].as_str().unwrap();
    assert!(html.contains("src=\"https://cms.example.vn/") && html.contains("src=\"cid:"), "{html}");
    assert_eq!(seen["images"].as_array().unwrap().len(), 1);
    assert!(!String::from_utf8_lossy(&letter).contains("noi-bo"), "inner names stay inside");
    let bureau = Bureau::with(Some(PUBLIC), "images = \"none\"");
    let letter = bureau.send(vec![item(with, NEW)]).await.remove(0);
    assert!(!read_by_python(bureau.folder.path(), &letter)["html"].as_str().unwrap().contains("<img"));
}
