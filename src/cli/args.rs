//! The commands and their options. Help is Vietnamese first, with English beside it.

use std::path::PathBuf;

use clap::{Args as Options, Parser, Subcommand};

use super::subscribers::SubscribersCommand;
use super::user::UserCommand;

/// Đăng một lần, mọi kênh của cơ quan cùng nói một điều · Publish once; every channel says the same thing
#[derive(Parser)]
#[command(name = "loa", version, propagate_version = true, after_help = EXAMPLES)]
pub(super) struct Args {
    /// Tệp cấu hình · Configuration file
    #[arg(long, global = true, default_value = "config.toml", value_name = "PATH")]
    pub(super) config: PathBuf,
    /// In JSON cho máy đọc · Print JSON for machines
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Ví dụ · Examples:
  loa demo --once                     chạy thử trọn vẹn trên máy này · the whole journey on this machine
  loa check                           kiểm tra các tệp cấu hình · check the configuration
  loa publish bai.md --wait           đăng một bài và đợi kết quả · publish an article and wait
  loa deliveries --state held         xem những gì đang chờ người · see what waits for a person
Ngôn ngữ · Language: config.toml (language) hoặc/or LOA_LANG=vi|en
Mã thoát · Exit codes: 0 xong/done · 1 lỗi/failed · 2 sai cú pháp/misused";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Chạy thử trọn vẹn trên máy này, không gửi gì ra ngoài · The whole journey on this machine
    Demo(Demo),
    /// Chạy loa (tiến trình nền) · Run the daemon
    Run,
    /// Kiểm tra config.toml và các tệp kênh; không dùng mạng · Validate the files; no network
    Check,
    /// Đăng bài từ tệp .json, .md, .txt · Hand over articles
    Publish(Publish),
    /// Đính chính một bài đã đăng · Correct a published article
    Correct(Correct),
    /// Thu hồi một bài khỏi mọi kênh · Take an article back everywhere
    Withdraw(Withdraw),
    /// In đúng nội dung mà một kênh sẽ gửi · Print the exact payload of a channel
    Preview(Preview),
    /// Đọc văn bản thành lời tiếng Việt · Spoken Vietnamese for a text
    Say(Say),
    /// Xem các lượt phát · List deliveries
    Deliveries(Deliveries),
    /// Cho gửi lại những lượt bị giữ hoặc thất bại · Let held or failed deliveries go on
    Retry(Retry),
    /// Xem và duyệt những lượt phát chờ duyệt · See and approve what waits for approval
    Approve(Approve),
    /// Xác nhận một lượt chưa rõ đã lên hay chưa · Say whether an uncertain delivery went out
    Resolve(Resolve),
    /// Xem ai đã nhận, ai chưa nhận thư của một lượt phát · See who has had a delivery's letters and who has not
    Recipients(Recipients),
    /// Xem các kênh và tình trạng · List channels and their health
    Channels(Channels),
    /// Tạm dừng một kênh · Pause a channel
    Pause(Name),
    /// Cho một kênh chạy tiếp · Resume a channel
    Resume(Name),
    /// Các loại kênh, kèm tệp mẫu · Kinds of channel, with a commented example
    Kinds(Kinds),
    /// Danh sách người nhận thư của một kênh · Who is on a channel's list
    #[command(subcommand)]
    Subscribers(SubscribersCommand),
    /// Công cụ cho kênh thư điện tử · Tools for email channels
    #[command(subcommand)]
    Email(EmailCommand),
    /// Người dùng bàn làm việc · Who uses the console
    #[command(subcommand)]
    User(UserCommand),
    /// Sao lưu kho dữ liệu vào một tệp mới, không cần dừng loa · Copy the store into a new file while loa runs
    Backup(Backup),
    /// Khôi phục kho dữ liệu từ bản sao lưu; mọi kênh tạm dừng · Put a backup in place; every channel is paused
    Restore(Restore),
    /// Khám kho dữ liệu: hỏng, đồng hồ, chỗ trống, mồ côi, sổ sách; không sửa gì · Examine the store, changing nothing
    Doctor,
    /// Nguồn tin (RSS, Atom, JSON Feed) mà bài đến từ đó · The feeds that articles come in by
    Feeds(FeedsAsked),
    /// Đối chiếu: nhận = đã phát + chờ + giữ + hỏng + thu hồi · The balance that must add up
    Balance,
}

#[derive(Options)]
pub(super) struct Demo {
    /// Kết thúc khi mọi lượt phát đã xong · Exit when everything is settled
    #[arg(long)]
    pub(super) once: bool,
    /// Thư mục chứa kết quả (mặc định: thư mục tạm) · Where the results go
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

#[derive(Options)]
pub(super) struct Publish {
    /// Các tệp bài · Article files
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Đợi đến khi các kênh có kết quả · Wait for the channels
    #[arg(long)]
    pub(super) wait: bool,
    /// Đăng lại bài đã thu hồi · Publish again what was withdrawn
    #[arg(long)]
    pub(super) again: bool,
    /// Nguồn của bài, nếu tệp không ghi · Source, if the file names none
    #[arg(long, default_value = "cli", value_name = "NAME")]
    pub(super) source: String,
}

#[derive(Options)]
pub(super) struct Correct {
    /// Tệp bài đã sửa · The corrected article
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Mã bài cần đính chính, nếu tên tệp đã khác · The article, if the file's name differs
    #[arg(long, value_name = "ID")]
    pub(super) article: Option<String>,
    /// Đợi đến khi các kênh có kết quả · Wait for the channels
    #[arg(long)]
    pub(super) wait: bool,
    /// Nguồn của bài, nếu tệp không ghi · Source, if the file names none
    #[arg(long, default_value = "cli", value_name = "NAME")]
    pub(super) source: String,
}

#[derive(Options)]
pub(super) struct Withdraw {
    /// Số, nguồn/mã hoặc mã của bài · Number, source/id or id of the article
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// Đợi đến khi các kênh có kết quả · Wait for the channels
    #[arg(long)]
    pub(super) wait: bool,
}

#[derive(Options)]
pub(super) struct Preview {
    /// Tệp bài · The article
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Kênh · The channel
    #[arg(long, value_name = "NAME")]
    pub(super) channel: String,
}

#[derive(Options)]
pub(super) struct Say {
    /// Kèm từng từ đã đọc thế nào và chắc chắn đến đâu · Show each token, its reading and certainty
    #[arg(long)]
    pub(super) explain: bool,
    /// Ghi âm thử bằng espeak-ng ra tệp .wav · Speak it into a .wav file, with espeak-ng
    #[arg(long, value_name = "FILE.wav", conflicts_with = "explain")]
    pub(super) audio: Option<PathBuf>,
    /// Tệp văn bản; bỏ trống thì đọc từ stdin · Text file; standard input if left out
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

#[derive(Options)]
pub(super) struct Deliveries {
    /// Chỉ của bài này · Of this article
    #[arg(long, value_name = "ID")]
    pub(super) article: Option<String>,
    /// Chỉ ở trạng thái này · In this state: waiting, sending, settled, uncertain, held, failed
    #[arg(long, value_name = "STATE")]
    pub(super) state: Option<StateName>,
    /// Chỉ của kênh này · On this channel
    #[arg(long, value_name = "NAME")]
    pub(super) channel: Option<String>,
    /// Kèm từng lần gửi trong sổ · With every attempt in the ledger
    #[arg(long)]
    pub(super) attempts: bool,
}

/// The names of the states.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum StateName {
    Waiting,
    Sending,
    Settled,
    Uncertain,
    Held,
    Failed,
}

impl StateName {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Settled => "settled",
            Self::Uncertain => "uncertain",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

#[derive(Options)]
#[group(required = true)]
pub(super) struct Retry {
    /// Số của các lượt phát · Numbers of deliveries
    #[arg(value_name = "ID", conflicts_with_all = ["all"])]
    pub(super) ids: Vec<i64>,
    /// Mọi lượt bị giữ hoặc thất bại · Everything held or failed
    #[arg(long)]
    pub(super) all: bool,
    /// Mọi lượt bị giữ hoặc thất bại của kênh này · Everything held or failed on this channel
    #[arg(long, value_name = "NAME")]
    pub(super) channel: Option<String>,
    /// Gửi bù thư cho những người chưa nhận được, và chỉ họ · Send letters to those who missed them, and only to them
    #[arg(long, requires = "ids", conflicts_with_all = ["all", "channel"])]
    pub(super) missed: bool,
    /// Gửi thêm một bản nữa dù đã có bản đang hiện, kèm lý do · Make another copy although there is one; say why
    #[arg(long, value_name = "WHY", requires = "ids", conflicts_with_all = ["all", "channel", "missed"])]
    pub(super) again: Option<String>,
}

#[derive(Options)]
pub(super) struct Approve {
    /// Số của lượt phát; bỏ trống để xem những gì chờ duyệt · Number of the delivery; left out: what waits
    #[arg(value_name = "ID")]
    pub(super) id: Option<i64>,
    /// Chỉ in đúng nội dung sẽ gửi, chưa duyệt · Only print the exact payload
    #[arg(long, requires = "id")]
    pub(super) show: bool,
    /// Chỉ duyệt nếu nội dung có mã băm này · Only if the payload has this SHA-256
    #[arg(long, value_name = "SHA256", requires = "id", conflicts_with = "show")]
    pub(super) hash: Option<String>,
    /// Trả lại cho người soạn, kèm một lời · Send it back to whoever wrote it, with a word
    #[arg(long, value_name = "WORD", requires = "id", conflicts_with_all = ["show", "hash"])]
    pub(super) back: Option<String>,
}

#[derive(Options)]
pub(super) struct Resolve {
    /// Số của lượt phát · Number of the delivery
    #[arg(value_name = "ID")]
    pub(super) id: i64,
    #[command(flatten)]
    pub(super) answer: Answer,
    /// Chỉ của người nhận này; ghi nhiều lần cho nhiều người · Only of this recipient; may be given several times
    #[arg(long = "recipient", value_name = "ADDRESS")]
    pub(super) recipients: Vec<String>,
}

#[derive(Options)]
pub(super) struct Recipients {
    /// Số của lượt phát · Number of the delivery
    #[arg(value_name = "ID")]
    pub(super) id: i64,
    /// Chỉ ở trạng thái này · In this state
    #[arg(long, value_name = "STATE")]
    pub(super) state: Option<CopyStateName>,
}

/// The names of a copy's states.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum CopyStateName {
    Open,
    Begun,
    Sent,
    Refused,
    #[value(name = "left_out")]
    LeftOut,
}

impl CopyStateName {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Begun => "begun",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::LeftOut => "left_out",
        }
    }
}

#[derive(Options)]
#[group(required = true, multiple = false)]
pub(super) struct Answer {
    /// Đã xem kênh: bài đã lên · It is there
    #[arg(long)]
    pub(super) went_out: bool,
    /// Đã xem kênh: bài chưa lên, gửi lại · It is not there; send it
    #[arg(long)]
    pub(super) did_not: bool,
}

#[derive(Options)]
pub(super) struct Channels {
    /// Hỏi từng kênh xem có dùng được không (có dùng mạng) · Ask each channel (uses the network)
    #[arg(long)]
    pub(super) probe: bool,
}

#[derive(Options)]
pub(super) struct FeedsAsked {
    /// Chỉ nguồn này, kèm các bài của nó · This feed, with its entries
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Đăng bấy nhiêu bài mới nhất trong số bài có sẵn đã để lại · Publish this many of the entries that were left
    #[arg(long, value_name = "NUMBER", requires = "name")]
    pub(super) backfill: Option<usize>,
    /// Đọc nguồn này ngay, kể cả khi đã dừng · Read it now, even if it was stopped
    #[arg(long, requires = "name", conflicts_with = "backfill")]
    pub(super) now: bool,
}

#[derive(Options)]
pub(super) struct Name {
    /// Tên kênh: tên tệp không có .toml · The channel: its file's name without .toml
    #[arg(value_name = "NAME")]
    pub(super) name: String,
}

#[derive(Subcommand)]
pub(super) enum EmailCommand {
    /// Bản ghi DNS cần công bố (SPF, DKIM, DMARC), và kiểm tra khóa · DNS records to publish, and a check of the keys
    Dns(EmailDns),
    /// Đọc một thư báo lỗi từ stdin, do máy chủ thư chuyển đến · Take in a bounce from standard input
    Bounce,
}

#[derive(Options)]
pub(super) struct EmailDns {
    /// Tên kênh: tên tệp không có .toml · The channel: its file's name without .toml
    #[arg(value_name = "CHANNEL")]
    pub(super) channel: String,
    /// Tạo khóa mới trong tệp này; không ghi đè · Make a new key in this file; never overwrites
    #[arg(long, value_name = "FILE")]
    pub(super) new_key: Option<PathBuf>,
}

#[derive(Options)]
pub(super) struct Backup {
    /// Tệp mới; không ghi đè · The new file; never overwritten
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Options)]
#[group(required = true, multiple = false)]
pub(super) struct Restore {
    /// Bản sao lưu do loa backup tạo; kho hiện có được giữ lại bên cạnh · Made by loa backup; the present store is kept
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Kho đã được khôi phục bằng cách khác (công cụ của PostgreSQL, ảnh chụp máy ảo): chỉ tạm dừng mọi kênh · The store was put back
    /// by other means (PostgreSQL's own, a snapshot): only pause every channel
    #[arg(long)]
    pub(super) in_place: bool,
}

#[derive(Options)]
pub(super) struct Kinds {
    /// In tệp mẫu của loại này · Print this kind's example file
    #[arg(value_name = "KIND")]
    pub(super) kind: Option<String>,
    /// Tệp mẫu khác của loại này · Another example of this kind
    #[arg(value_name = "EXAMPLE", requires = "kind")]
    pub(super) example: Option<String>,
}
