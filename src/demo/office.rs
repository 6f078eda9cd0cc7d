//! The demo's office: its files, and the articles it publishes.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::receivers::Receivers;

/// Where the demo's articles come from.
pub(super) const SOURCE: &str = "demo";

/// Published first; the file's name is the article's.
pub(super) const ARTICLES: [(&str, &str); 3] = [
    ("lich-tiep-cong-dan.md", include_str!("articles/lich-tiep-cong-dan.md")),
    ("tiem-chung-tre-em.json", include_str!("articles/tiem-chung-tre-em.json")),
    ("cat-nuoc-thon-doai.txt", include_str!("articles/cat-nuoc-thon-doai.txt")),
];

/// Another day and another place.
pub(super) const CORRECTION: (&str, &str) =
    ("tiem-chung-tre-em.json", include_str!("articles/tiem-chung-tre-em-dinh-chinh.json"));

/// Taken back.
pub(super) const WITHDRAWN: &str = "cat-nuoc-thon-doai";

const RECIPIENTS: &str = "\
# Người nhận bản tin thư điện tử của cuộc trình diễn
truong.thon.dong@example.vn
truong.thon.doai@example.vn
";

/// Writes `config.toml`, the channel files and the list of recipients.
pub(super) fn write(folder: &Path, receivers: &Receivers) -> io::Result<()> {
    let channels = folder.join("channels");
    std::fs::create_dir_all(&channels)?;
    std::fs::write(folder.join("webhook-secret"), receivers.secret())?;
    std::fs::write(
        folder.join("config.toml"),
        "name = \"UBND xã An Bình\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n\n[store]\npath = \"loa.db\"\n\n\
         [http]\nlisten = \"127.0.0.1:0\"\n",
    )?;
    std::fs::write(channels.join("nguoi-nhan.txt"), RECIPIENTS)?;
    std::fs::write(
        channels.join("portal.toml"),
        "name = \"Cổng thông tin\"\nkind = \"site\"\n\n[settings]\nfolder = \"site\"\nbase_url = \"https://anbinh.example.vn\"\n",
    )?;
    let (hook, smtp) = (receivers.hook(), receivers.smtp_port());
    let secret = folder.join("webhook-secret");
    let secret = toml::Value::String(secret.display().to_string());
    std::fs::write(
        channels.join("fanpage.toml"),
        format!(
            "name = \"Fanpage\"\nkind = \"fanpage\"\n\n[settings]\nurl = \"{hook}\"\nsecret = {{ file = {secret} }}\n\n\
             [schedule]\nafter = \"portal\"\n"
        ),
    )?;
    std::fs::write(
        channels.join("email.toml"),
        format!(
            "name = \"Thư điện tử\"\nkind = \"email\"\n\n[settings]\nfrom = \"UBND xã An Bình <tin@anbinh.example.vn>\"\n\
             recipients = \"channels/nguoi-nhan.txt\"\nhost = \"127.0.0.1\"\nport = {smtp}\nsecurity = \"none\"\n\n\
             [schedule]\nafter = \"portal\"\n"
        ),
    )?;
    std::fs::write(
        channels.join("radio.toml"),
        "name = \"Đài truyền thanh\"\nkind = \"radio\"\n\n[settings]\nfolder = \"radio\"\nstation = \"Đài truyền thanh xã An Bình\"\n\n\
         [schedule]\ntiming = [\"30 4 * * *\", \"0 16 * * *\"]\n",
    )
}

/// The demo clock for people.
pub(super) fn shown_time(now: DateTime<Utc>) -> String {
    now.with_timezone(&Tz::Asia__Ho_Chi_Minh).format("%H:%M %d/%m/%Y").to_string()
}
