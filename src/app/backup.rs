//! `loa backup` and `loa restore`, as far as they concern more than the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::Lock;
use super::{App, AppError};
use crate::channel::Repeat;
use crate::clock::Clock;
use crate::config::{Config, load_good_channels};
use crate::delivery::Delivery;
use crate::dispatch::{lost, restored};
use crate::queue::{OnLost, Pause, PauseCause, StoreError};
use crate::store;
use crate::store::{Progress, Restored, StoreOptions};
use crate::text;

/// Copies the store into a new file; its size in bytes.
///
/// # Errors
/// [`AppError`]; nothing half made is left behind.
pub async fn back_up(config: &Config, to: &Path, progress: Progress<'_>) -> Result<u64, AppError> {
    match &config.store {
        StoreOptions::Sqlite(from) => {
            if to.exists() {
                let to = to.display();
                return Err(AppError::Other(text!(
                    "{to} đã có; loa không ghi đè lên bản sao lưu nào. Chọn tên khác, ví dụ thêm ngày tháng",
                    "{to} is there already; loa never overwrites a backup. Choose another name, for example with the date"
                )));
            }
            // Not made here: a disk that is not mounted would get its backups onto this one.
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                let folder = folder.display();
                return Err(AppError::Other(text!(
                    "chưa có thư mục {folder}; kiểm tra ổ đĩa đã gắn chưa, hoặc tạo: mkdir -p {folder}",
                    "there is no folder {folder}; see whether its disk is mounted, or make it: mkdir -p {folder}"
                )));
            }
            Ok(store::back_up(from, to, progress).await?)
        }
        StoreOptions::Postgres(server) => {
            let command = server.dump_command(to);
            Err(AppError::Other(text!(
                "kho dữ liệu nằm trên PostgreSQL; sao lưu bằng công cụ của nó, không cần dừng loa: {command}",
                "the store is on PostgreSQL; back it up with its own tool, without stopping loa: {command}"
            )))
        }
    }
}

/// Puts a backup in the place of the store, or, without one, says of the store as it is that it comes from a backup.
/// Either way every channel is paused. Returns where the store is kept that stood there.
///
/// # Errors
/// [`AppError`]; while a daemon runs, and when the backup is not good, nothing is changed.
pub async fn restore(
    config: Config,
    clock: Clock,
    backup: Option<&Path>,
    who: String,
) -> Result<Option<PathBuf>, AppError> {
    let _lock = config.store.file().map(Lock::take_anyway).transpose()?;
    let facts = facts(&config, &clock, who);
    let Some(backup) = backup else {
        let (app, _) = App::open_anyway(config, clock).await?;
        app.store.come_back(facts).await?;
        app.close().await;
        return Ok(None);
    };
    match &config.store {
        StoreOptions::Sqlite(store) => {
            let local = clock.now().with_timezone(&config.office.timezone);
            let aside = format!(".before-{}", local.format("%Y%m%d-%H%M%S"));
            match store::restore(backup, store, &aside, facts).await {
                Err(StoreError::Busy) => Err(AppError::Other(text!(
                    "một lệnh loa khác đang mở kho dữ liệu; đợi nó xong rồi khôi phục lại",
                    "another loa command has the store open; wait for it, then restore again"
                ))),
                kept => Ok(kept?),
            }
        }
        StoreOptions::Postgres(server) => {
            let command = server.restore_command(backup);
            Err(AppError::Other(text!(
                "kho dữ liệu nằm trên PostgreSQL. Dừng loa trên mọi máy; khôi phục: {command}; rồi để mọi kênh tạm dừng: loa restore --in-place",
                "the store is on PostgreSQL. Stop loa on every machine; restore: {command}; then pause every channel: loa restore --in-place"
            )))
        }
    }
}

/// What the store has to know of the channels. Those whose memory of what was sent is the store's own ask a person.
fn facts(config: &Config, clock: &Clock, who: String) -> Restored {
    let (specs, _) = load_good_channels(&config.channels, config.office.timezone);
    let repeat = |spec: &crate::config::ChannelSpec| {
        let opened = spec.open_for_work(&config.office, &config.base, &config.data).ok();
        let repeat = opened.filter(|_| !spec.kind.audience).map(|channel| channel.repeat());
        (spec.channel.clone(), repeat)
    };
    let repeats: Arc<[(String, Option<Repeat>)]> = specs.iter().map(repeat).collect();
    let now = clock.now();
    let of = move |delivery: &Delivery| {
        let of = repeats.iter().find(|(channel, _)| *channel == delivery.channel);
        of.and_then(|(_, repeat)| *repeat)
    };
    let lost_of = of.clone();
    let on_lost: OnLost = Arc::new(move |delivery| lost(lost_of(delivery), delivery, now));
    let on_restored: OnLost = Arc::new(move |delivery| restored(of(delivery), delivery, now));
    let pause = Pause {
        note: text!(
            "kho dữ liệu được khôi phục từ bản sao lưu; xem kênh đã có gì từ lúc sao lưu, rồi cho chạy tiếp",
            "the store was restored from a backup; see what the channel has shown since, then let it go on"
        ),
        cause: PauseCause::Person(who.clone()),
        since: now,
    };
    Restored { pause, who, channels: specs.iter().map(|spec| spec.channel.clone()).collect(), on_lost, on_restored }
}
