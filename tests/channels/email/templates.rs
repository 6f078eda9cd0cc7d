//! The words of letters, and what the office makes of them. The snapshots are in `tests/channels/email/words/`; to
//! renew them after a wanted change: `INSTA_UPDATE=always cargo test --test loa -- email::templates`.

use loa::article::{Article, Revision};
use loa::channel::Item;
use loa::delivery::Action;

use super::bureau::{Bureau, PUBLIC, item, read_by_python};
use crate::channels::bench::png;
use crate::sample::article;

const NEW: Action = Action::Create(Revision(1));

/// An article as offices write them.
pub(super) fn notice(bureau: &Bureau) -> Article {
    let mut article = article("nuoc");
    article.title = "Tạm ngừng cấp nước tại thôn Đông và thôn Đoài để sửa đường ống".to_owned();
    article.summary =
        Some("Từ 22 giờ ngày 25/11 đến 5 giờ ngày 26/11, hai thôn tạm ngừng cấp nước; bà con dự trữ nước.".to_owned());
    article.byline = Some("Ban Biên tập".to_owned());
    article.body_html = "<p>Ủy ban nhân dân xã thông báo: từ 22 giờ ngày 25/11 đến 5 giờ ngày 26/11/2026, nhà máy nước tạm ngừng cấp \
        nước tại <strong>thôn Đông</strong> và <strong>thôn Đoài</strong> để thay đường ống chính.</p>\n\
        <h2>Bà con cần làm gì</h2>\n<ul><li>Dự trữ nước sinh hoạt trước 21 giờ ngày 25/11.</li>\
        <li>Khóa van trước đồng hồ, tránh nước đục tràn vào bể.</li></ul>\n\
        <table><thead><tr><th>Khu vực</th><th>Bắt đầu</th><th>Cấp lại</th></tr></thead>\
        <tbody><tr><td>Thôn Đông</td><td>22 giờ 25/11</td><td>4 giờ 26/11</td></tr>\
        <tr><td>Thôn Đoài</td><td>22 giờ 25/11</td><td>5 giờ 26/11</td></tr></tbody></table>\n\
        <p>Mọi phản ánh xin gọi trực ban xã: 0240.3.888.888. Văn bản kèm theo: \
        <a href=\"https://anbinh.example.vn/van-ban/thong-bao-so-125-tb-ubnd-ve-viec-tam-ngung-cap-nuoc-sinh-hoat.pdf\">\
        https://anbinh.example.vn/van-ban/thong-bao-so-125-tb-ubnd-ve-viec-tam-ngung-cap-nuoc-sinh-hoat.pdf</a></p>"
        .to_owned();
    article.body_text = "Ủy ban nhân dân xã thông báo: từ 22 giờ ngày 25/11 đến 5 giờ ngày 26/11/2026, nhà máy nước tạm ngừng cấp nước \
        tại thôn Đông và thôn Đoài để thay đường ống chính.\n\nBà con cần làm gì\n\nDự trữ nước sinh hoạt trước 21 giờ ngày 25/11."
        .to_owned();
    let picture = png(1000, 560, [86, 130, 163]);
    article.images = vec![bureau.picture(
        picture,
        "Công nhân thay đoạn ống vỡ ở đầu thôn Đông",
        Some("Đoạn ống vỡ ở đầu thôn Đông. Ảnh: Văn phòng UBND xã"),
    )];
    article
}

/// A new article, a correction and a withdrawal.
pub(super) fn edition(bureau: &Bureau) -> Vec<Item> {
    let mut vaccine = article("tiem");
    vaccine.title = "Lịch tiêm chủng cho trẻ em tháng 12".to_owned();
    let mut visit = article("lich");
    visit.summary = None;
    vec![item(notice(bureau), NEW), item(vaccine, Action::Update(Revision(2))), item(visit, Action::Withdraw)]
}

fn compare(name: &str, bureau: &Bureau, items: Vec<Item>) {
    let letter = bureau.job(items).payload.bytes;
    let letter = [b"To: a@b.vn\r\n".as_slice(), &letter].concat();
    let seen = read_by_python(bureau.folder.path(), &letter);
    let words = |part: &str| seen[part].as_str().unwrap().to_owned();
    let shown = format!(
        "Subject: {}\n\n{}\n=====\n{}",
        seen["headers"]["subject"].as_str().unwrap(),
        words("plain"),
        words("html")
    );
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "words", omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}

#[test]
fn the_letters_say_what_they_said() {
    let bureau = Bureau::with(Some(PUBLIC), "");
    compare("single", &bureau, vec![item(notice(&bureau), NEW)]);
    compare("correction", &bureau, vec![item(notice(&bureau), Action::Update(Revision(2)))]);
    compare("withdrawal", &bureau, vec![item(notice(&bureau), Action::Withdraw)]);
    compare("digest", &bureau, edition(&bureau));
}

#[test]
fn a_withdrawn_text_is_not_sent_once_more() {
    let bureau = Bureau::with(Some(PUBLIC), "images = \"inline\"");
    let payload = bureau.job(vec![item(notice(&bureau), Action::Withdraw)]).payload.bytes;
    let seen = read_by_python(bureau.folder.path(), &[b"To: a@b.vn\r\n".as_slice(), &payload].concat());
    for part in ["plain", "html"] {
        let words = seen[part].as_str().unwrap();
        assert!(!words.contains("đường ống chính") && !words.contains("cid:") && !words.contains("<img"), "{words}");
        assert!(words.to_lowercase().contains("thu hồi"), "{words}");
    }
}

#[test]
fn markup_in_a_title_stays_words() {
    let bureau = Bureau::with(Some(PUBLIC), "");
    let mut odd = article("1");
    odd.title = "<script>alert(1)</script> \"A\" & B".to_owned();
    let payload = bureau.job(vec![item(odd, NEW)]).payload.bytes;
    let seen = read_by_python(bureau.folder.path(), &[b"To: a@b.vn\r\n".as_slice(), &payload].concat());
    let html = seen["html"].as_str().unwrap();
    assert!(
        !html.contains("<script") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;A&quot; &amp; B</h1>"),
        "{html}"
    );
    assert!(
        seen["plain"].as_str().unwrap().contains("<script>alert(1)</script> \"A\" & B"),
        "plain text is not escaped"
    );
}

#[test]
fn the_offices_own_templates_are_used_and_their_mistakes_named_by_file_and_line() {
    let mut bureau = Bureau::new(Some(PUBLIC));
    bureau.template("email.txt", "Của {{ office }}\n{{ unsubscribe }}\n");
    bureau.set_up("").unwrap();
    let letter =
        [b"To: a@b.vn\r\n".to_vec(), bureau.job(vec![item(article("1"), NEW)]).payload.bytes.to_vec()].concat();
    let seen = read_by_python(bureau.folder.path(), &letter);
    assert!(seen["plain"].as_str().unwrap().starts_with("Của UBND xã An Bình\n"));
    assert!(seen["html"].as_str().unwrap().contains("Thôi nhận thư"), "the others stay as they are built in");
    for (file, source, told) in [
        ("email.html", "<p>\n{% if entries %}\n{{ unsubscribe }}", &["email.html", "dòng 3"][..]),
        ("email.txt", "{{ unsubscribe }}\n\n{{ tieu_de }}", &["email.txt", "dòng 3"]),
        ("email-digest.txt", "{{ unsubscribe | khong_co }}", &["email-digest.txt", "dòng 1", "khong_co"]),
        (
            "email-digest.html",
            "{% for entry in entries %}\n{{ entry.titel }}{% endfor %}{{ unsubscribe }}",
            &["email-digest.html", "dòng 2"],
        ),
        (
            "email-digest.html",
            "<p>{{ office }}</p>",
            &["email-digest.html", "thiếu liên kết hủy nhận thư", "{{ unsubscribe }}"],
        ),
    ] {
        let mut bureau = Bureau::new(Some(PUBLIC));
        bureau.template(file, source);
        let error = bureau.set_up("").unwrap_err();
        for words in told {
            assert!(error.text.vi.contains(words), "{file}: {error:?}");
        }
    }
    // Without a public address there is no link to ask for.
    let mut bureau = Bureau::new(None);
    bureau.template("email-digest.html", "<p>{{ office }}</p>");
    bureau.set_up("").unwrap();
}
