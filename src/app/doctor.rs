//! `loa doctor`: what an examination of the store means, and what to do next.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::clock::Clock;
use crate::config::{Config, load_good_channels};
use crate::ledger::{Answered, Break, Exam, Room, Stray};
use crate::queue::StoreError;
use crate::store;
use crate::text;
use crate::text::Text;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Well,
    /// Worth knowing.
    Note,
    /// Somebody has to do something.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked at, in one word.
    pub check: &'static str,
    /// How grave it is.
    pub level: Level,
    /// What was found, and what to do next.
    pub text: Text,
}

/// The clock may be this much behind what was recorded, as machines' clocks are.
const BACK: TimeDelta = TimeDelta::minutes(5);
/// Less than this on the disk is little, in bytes.
const LITTLE: u64 = 1 << 30;

/// Examines the store; changes nothing, and goes on as far as a damaged one lets it.
pub async fn examine(config: &Config, clock: &Clock) -> Vec<Finding> {
    let now = clock.now();
    if config.store.file().is_some_and(|file| !file.exists()) {
        let text =
            text!("chưa có kho dữ liệu; loa tạo khi chạy lần đầu", "there is no store yet; the first run makes it");
        return vec![Finding { check: "store", level: Level::Note, text }];
    }
    match store::examine(&config.store, now).await {
        Ok(exam) => judge(&exam, config, now),
        Err(error) => vec![Finding { check: "store", level: Level::Wrong, text: error.text() }],
    }
}

fn judge(exam: &Exam, config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |check, found: Vec<(Level, Text)>| {
        findings.extend(found.into_iter().map(|(level, text)| Finding { check, level, text }));
    };
    add("integrity", answered(&exam.damage, |lines| integrity(lines)));
    add("references", answered(&exam.broken, |broken| references(broken)));
    add("schema", answered(&exam.schema, |(found, known)| schema(*found, *known)));
    add("clock", answered(&exam.newest, |newest| hour(*newest, now)));
    add("room", answered(&exam.room, room));
    add("strays", answered(&exam.strays, |strays| strays_text(strays)));
    add("leases", answered(&exam.leases_over, |over| leases(*over)));
    add("states", answered(&exam.contradictions, |found| states(found)));
    add("balance", balance(exam));
    add("ledger", answered(&exam.chain, |found| chain(*found)));
    add("approvals", answered(&exam.unproven, |found| approvals(found)));
    let (specs, _) = load_good_channels(&config.channels, config.office.timezone);
    let configured: Vec<&str> = specs.iter().map(|spec| spec.channel.as_str()).collect();
    add("channels", answered(&exam.channels, |channels| without_file(channels, &configured)));
    add("restored", answered(&exam.not_let_go, |channels| restored(channels)));
    findings
}

/// A question that the store could not answer is a finding of its own.
fn answered<T>(answer: &Answered<T>, judge: impl FnOnce(&T) -> Vec<(Level, Text)>) -> Vec<(Level, Text)> {
    match answer {
        Ok(answer) => judge(answer),
        Err(StoreError::Other(detail)) => {
            vec![(Level::Wrong, text!("kho dữ liệu không trả lời được: {detail}", "the store cannot tell: {detail}"))]
        }
        Err(error) => vec![(Level::Wrong, error.text())],
    }
}

fn well(text: Text) -> Vec<(Level, Text)> {
    vec![(Level::Well, text)]
}

fn integrity(lines: &[String]) -> Vec<(Level, Text)> {
    if lines.is_empty() {
        return well(text!("kho dữ liệu không hỏng", "the store is not damaged"));
    }
    let (count, first) = (lines.len(), lines.first().map(String::as_str).unwrap_or_default());
    vec![(
        Level::Wrong,
        text!(
            "kho dữ liệu hỏng {count} chỗ ({first}). Dừng loa, giữ nguyên tệp, khôi phục bản sao lưu gần nhất: loa restore TỆP; kiểm tra ổ đĩa",
            "the store is damaged in {count} places ({first}). Stop loa, keep the file, restore the last backup: loa restore FILE; examine the disk"
        ),
    )]
}

fn references(broken: &[(String, i64)]) -> Vec<(Level, Text)> {
    let Some((table, number)) = broken.first() else {
        return well(text!("mọi tham chiếu đều có đích", "every reference has its end"));
    };
    vec![(
        Level::Wrong,
        text!(
            "{number} dòng của bảng {table} trỏ vào chỗ không có. Sao lưu lại tệp, rồi khôi phục bản sao lưu gần nhất: loa restore TỆP",
            "{number} rows of {table} refer to nothing. Keep a copy of the file, then restore the last backup: loa restore FILE"
        ),
    )]
}

fn schema(found: Option<i64>, known: i64) -> Vec<(Level, Text)> {
    match found {
        Some(found) if found == known => well(text!("cấu trúc {found}", "schema {found}")),
        Some(found) if found > known => vec![(
            Level::Wrong,
            text!(
                "cấu trúc {found} do loa mới hơn tạo ra (bản này biết đến {known}): dùng bản loa đó",
                "schema {found} was made by a newer loa (this one knows {known}): use that version"
            ),
        )],
        Some(found) => vec![(
            Level::Note,
            text!(
                "cấu trúc {found}; lần chạy tới loa đưa lên {known}. Nên sao lưu trước: loa backup TỆP",
                "schema {found}; the next start brings it to {known}. Better make a backup before: loa backup FILE"
            ),
        )],
        None => vec![(
            Level::Wrong,
            text!(
                "đây không phải kho dữ liệu của loa; xem lại [store] trong config.toml",
                "this is no store of loa's; look at [store] in config.toml"
            ),
        )],
    }
}

fn hour(newest: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<(Level, Text)> {
    let Some(newest) = newest.filter(|newest| *newest - now > BACK) else {
        return well(text!("đồng hồ không lùi", "the clock has not gone back"));
    };
    let minutes = (newest - now).num_minutes();
    vec![(
        Level::Wrong,
        text!(
            "đồng hồ máy chậm hơn việc gần nhất trong sổ {minutes} phút: chỉnh đồng hồ (timedatectl), nếu không giờ phát sẽ sai",
            "the clock is {minutes} minutes behind the ledger's newest entry: set it (timedatectl), or hours of publication are wrong"
        ),
    )]
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}

fn room(room: &Room) -> Vec<(Level, Text)> {
    let (size, log, spare) = (megabytes(room.store), megabytes(room.log), megabytes(room.spare));
    let mut found = well(text!(
        "kho {size} MB (còn trống bên trong {spare} MB), nhật ký ghi {log} MB",
        "store {size} MB ({spare} MB free inside), write-ahead log {log} MB"
    ));
    if let Some(left) = room.left {
        let mb = megabytes(left);
        // Room for the store once more: a backup, or a repair.
        found.push(if left < LITTLE.max(room.store) {
            (
                Level::Wrong,
                text!(
                    "ổ đĩa chỉ còn {mb} MB: giải phóng chỗ trước khi đầy; hết chỗ thì loa không nhận bài",
                    "only {mb} MB are left on the disk: free some; when it is full, loa takes no articles"
                ),
            )
        } else {
            (Level::Well, text!("ổ đĩa còn {mb} MB", "{mb} MB are left on the disk"))
        });
    }
    if let Some(most) = room.most {
        let left = most.saturating_sub(room.store - room.spare.min(room.store));
        let mb = megabytes(left);
        found.push(if left < most / 10 {
            (
                Level::Wrong,
                text!(
                    "kho chỉ còn {mb} MB là tới mức store.max_size: tăng mức này, hoặc giảm store.keep_days; tới mức thì loa không nhận bài",
                    "only {mb} MB are left below store.max_size: raise it, or lower store.keep_days; when it is reached, loa takes no articles"
                ),
            )
        } else {
            (Level::Well, text!("kho còn {mb} MB dưới mức store.max_size", "{mb} MB are left below store.max_size"))
        });
    }
    if room.shrinks == Some(false) {
        found.push((
            Level::Note,
            text!(
                "tệp kho do bản loa cũ tạo nên không tự nhỏ lại (chỗ trống vẫn được dùng lại). Muốn thu nhỏ: dừng loa, chạy sqlite3 TỆP 'PRAGMA auto_vacuum=INCREMENTAL; VACUUM;'",
                "an older loa made this file: it does not shrink (free room is used again). To make it: stop loa, run sqlite3 FILE 'PRAGMA auto_vacuum=INCREMENTAL; VACUUM;'"
            ),
        ));
    }
    found
}

fn strays_text(strays: &[(Stray, i64)]) -> Vec<(Level, Text)> {
    if strays.is_empty() {
        return well(text!("không có gì mồ côi", "nothing is orphaned"));
    }
    let each = |(stray, number): &(Stray, i64)| match stray {
        Stray::Contentless => (
            Level::Wrong,
            text!(
                "{number} bài mất nội dung. Giữ tệp, khôi phục bản sao lưu: loa restore TỆP",
                "the content of {number} articles is missing. Keep the file, restore a backup: loa restore FILE"
            ),
        ),
        Stray::Attempts => (
            Level::Wrong,
            text!(
                "{number} lần gửi không thuộc lượt phát nào. Giữ tệp, khôi phục bản sao lưu: loa restore TỆP",
                "{number} attempts belong to no delivery. Keep the file, restore a backup: loa restore FILE"
            ),
        ),
        Stray::Copies => (
            Level::Note,
            text!("{number} bản thư của bài không còn; vô hại", "{number} letters of articles that are gone; harmless"),
        ),
        Stray::Pictures => (
            Level::Note,
            text!(
                "{number} ảnh không bài nào dùng; loa tự dọn khi đang chạy",
                "{number} pictures that no article shows; loa clears them away while it runs"
            ),
        ),
    };
    strays.iter().map(each).collect()
}

fn leases(over: i64) -> Vec<(Level, Text)> {
    if over == 0 {
        return well(text!("không có việc gửi nào bị bỏ dở", "no sending was left half done"));
    }
    vec![(
        Level::Wrong,
        text!(
            "{over} lượt đang gửi thì bị bỏ dở: chạy loa (loa run), nó tự tra hoặc hỏi người",
            "{over} deliveries were left in the middle of sending: start loa (loa run), which looks them up or asks"
        ),
    )]
}

fn states(found: &[(i64, String)]) -> Vec<(Level, Text)> {
    let Some((id, how)) = found.first() else {
        return well(text!("mọi lượt phát nhất quán", "every delivery agrees with itself"));
    };
    let count = found.len();
    vec![(
        Level::Wrong,
        text!(
            "{count} lượt phát tự mâu thuẫn, lượt đầu là {id} ({how}). Giữ tệp, báo cho người phát triển",
            "{count} deliveries contradict themselves, the first is {id} ({how}). Keep the file and report it"
        ),
    )]
}

fn balance(exam: &Exam) -> Vec<(Level, Text)> {
    let both = exam.balance.as_ref().map_err(Clone::clone).and_then(|balance| {
        exam.received.as_ref().map_err(Clone::clone).map(|received| (balance.clone(), received.clone()))
    });
    answered(&both, |(balances, received)| {
        let told = |channel: &str| balances.iter().find(|balance| balance.channel == channel);
        let wrong = |(channel, number): &&(String, i64)| {
            told(channel).is_none_or(|balance| balance.received != *number || !balance.adds_up())
        };
        match received.iter().find(wrong) {
            None => well(text!("sổ khớp", "the balance adds up")),
            Some((channel, number)) => {
                let counted = told(channel).map_or(0, |balance| balance.received);
                vec![(
                    Level::Wrong,
                    text!(
                        "sổ không khớp: kênh {channel} nhận {number} lượt, cộng các trạng thái được {counted}. Giữ tệp, khôi phục bản sao lưu: loa restore TỆP",
                        "the balance does not add up: {channel} received {number}, its states come to {counted}. Keep the file, restore a backup: loa restore FILE"
                    ),
                )]
            }
        }
    })
}

fn chain(found: Option<Break>) -> Vec<(Level, Text)> {
    let what = match found {
        None => return well(text!("sổ quyết định còn nguyên vẹn", "the ledger of decisions is as it was written")),
        Some(Break::Changed(id)) => text!("quyết định số {id} bị sửa", "decision {id} was changed"),
        Some(Break::Missing(place)) => {
            text!("quyết định thứ {place} trong sổ bị xóa", "the decision at place {place} was taken away")
        }
        Some(Break::Added(id)) => text!("quyết định số {id} bị chèn vào", "decision {id} was slipped in"),
    };
    vec![(
        Level::Wrong,
        Text {
            vi: format!("sổ bị can thiệp: {}. Giữ tệp làm chứng cứ, đối chiếu với bản sao lưu gần nhất", what.vi),
            en: format!(
                "somebody tampered with the ledger: {}. Keep the file, compare it with the last backup",
                what.en
            ),
        },
    )]
}

fn approvals(unproven: &[(i64, String)]) -> Vec<(Level, Text)> {
    if unproven.is_empty() {
        return well(text!(
            "mỗi lần duyệt đều có trong sổ quyết định",
            "every approval stands in the ledger of decisions"
        ));
    }
    let each = |(delivery, who): &(i64, String)| {
        (
            Level::Wrong,
            text!(
                "lượt phát {delivery}: ghi là {who} duyệt mà sổ quyết định không có. Giữ tệp làm chứng cứ, đối chiếu với bản sao lưu gần nhất",
                "delivery {delivery}: it says that {who} approved it, and no decision bears that out. Keep the file, compare it with the last backup"
            ),
        )
    };
    unproven.iter().map(each).collect()
}

fn without_file(channels: &[(String, i64)], configured: &[&str]) -> Vec<(Level, Text)> {
    let gone = channels.iter().filter(|(channel, _)| !configured.contains(&channel.as_str()));
    let found: Vec<(Level, Text)> = gone
        .map(|(channel, left)| {
            let level = if *left > 0 { Level::Wrong } else { Level::Note };
            (
                level,
                text!(
                    "kênh {channel} không có tệp đúng trong channels/; còn {left} lượt chưa xong chờ nó. Đưa tệp trở lại hoặc sửa tệp (loa check)",
                    "channel {channel} has no good file in channels/; {left} deliveries wait for it. Bring the file back or mend it (loa check)"
                ),
            )
        })
        .collect();
    if found.is_empty() { well(text!("mọi kênh đều có tệp", "every channel has its file")) } else { found }
}

fn restored(channels: &[String]) -> Vec<(Level, Text)> {
    let each = |channel: &String| {
        (
            Level::Wrong,
            text!(
                "kênh {channel} tạm dừng từ khi khôi phục: xem kênh đã có gì, rồi loa resume {channel}",
                "channel {channel} is paused since the restore: see what it shows, then loa resume {channel}"
            ),
        )
    };
    channels.iter().map(each).collect()
}
