//! The pictures of the officer's guide. With `LOA_SCREENS=1` they are taken anew, into `docs/screens/`; every run sees to it
//! that each page of the guide can be pictured, and that the guide and the folder name the same pictures.

use std::collections::{BTreeSet, HashMap};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use image::ImageEncoder as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::office::{daemon, office, publish, to_settings};
use crate::support::browser::PASSWORD;
use crate::support::chromium::Chromium;
use crate::support::hostile_http::Fault;
use crate::support::house::{deliveries, on_channel, printed};
use crate::support::process::eventually;
use crate::support::world::World;

/// As wide as the guide's pictures are.
const WIDE: (u32, u32) = (1160, 800);
const PHONE: (u32, u32) = (360, 740);
/// The largest picture, in bytes.
const LARGEST: usize = 150_000;
/// Colours of a picture.
const COLOURS: usize = 64;

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/huong-dan.md")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens")
}

/// What an officer has on the screen at the moment, kept under this name if pictures are wanted.
struct Album {
    wanted: bool,
    names: BTreeSet<String>,
}

impl Album {
    fn keep(&mut self, officer: &mut Chromium, name: &str, highest: u32) {
        officer.complaints();
        officer.fits();
        let taken = officer.picture(highest);
        let picture = image::load_from_memory(&taken).expect("a picture").into_rgb8();
        let small = packed(picture);
        assert!(small.len() <= LARGEST, "{name} has {} bytes", small.len());
        if self.wanted {
            std::fs::create_dir_all(folder()).expect("a folder");
            std::fs::write(folder().join(name), small).expect("a picture");
        }
        self.names.insert(name.to_owned());
    }
}

/// The same picture in the colours that it has most of, which nobody tells apart and which pack far better.
fn packed(mut picture: image::RgbImage) -> Vec<u8> {
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for shade in picture.pixels() {
        *counts.entry(shade.0).or_default() += 1;
    }
    let mut by_count: Vec<([u8; 3], usize)> = counts.into_iter().collect();
    by_count.sort_by_key(|(shade, count)| (std::cmp::Reverse(*count), *shade));
    let kept: Vec<[u8; 3]> = by_count.iter().take(COLOURS).map(|(shade, _)| *shade).collect();
    let far = |one: [u8; 3], other: [u8; 3]| -> u32 {
        one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    let nearest = |shade: [u8; 3]| kept.iter().copied().min_by_key(|one| far(*one, shade)).expect("a colour");
    let nearest: HashMap<[u8; 3], [u8; 3]> = by_count.iter().map(|(shade, _)| (*shade, nearest(*shade))).collect();
    for shade in picture.pixels_mut() {
        shade.0 = nearest[&shade.0];
    }
    let mut bytes = Cursor::new(Vec::new());
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::NoFilter);
    let (width, height) = picture.dimensions();
    encoder.write_image(&picture, width, height, image::ExtendedColorType::Rgb8).expect("a PNG");
    bytes.into_inner()
}

fn lively(world: &World) {
    world.hook.honours_id(false);
    to_settings(world, "fanpage", "receiver_honours_id = false");
    let site = "folder = \"y-te\"\nbase_url = \"https://tramyte.anbinh.example.vn\"";
    world.channel("tram-y-te", "site", site, "[schedule]\napproval = true\n[route]\ntopics = [\"y tế\"]\n");
    let file = std::fs::read_to_string(world.path("channels/tram-y-te.toml")).unwrap();
    world.write("channels/tram-y-te.toml", &format!("name = \"Trang Trạm Y tế\"\n{file}"));
    world.hook.script(vec![Fault::PostThen500, Fault::Status(422)]);
}

fn add(chief: &Chromium, display: &str, name: &str, role: &str) {
    chief.open("/people");
    chief.fill("Họ tên", display);
    chief.fill("Tên đăng nhập", name);
    chief.tick(role);
    chief.fill("Mật khẩu đầu tiên", PASSWORD);
    chief.press("Thêm");
    chief.sees(display);
}

/// Runs a command that asks for a password.
fn typed(world: &World, arguments: &[&str]) {
    let mut child = world.loa(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("loa runs");
    child.stdin.take().expect("its input").write_all(format!("{PASSWORD}\n").as_bytes()).expect("typed");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn the_guide_shows_the_console_as_it_is() {
    let mut album =
        Album { wanted: std::env::var_os("LOA_SCREENS").is_some_and(|wanted| wanted == "1"), names: BTreeSet::new() };
    let world = office();
    lively(&world);
    let daemon = daemon(&world);
    typed(&world, &["user", "add", "lan.nguyen", "--role", "administrator", "--display", "Nguyễn Thị Lan"]);
    let mut officer = Chromium::new(&daemon);
    officer.screen(WIDE);
    officer.open("/people");
    officer.fill("Tên đăng nhập", "lan.nguyen");
    officer.fill("Mật khẩu", PASSWORD);
    officer.press("Đăng nhập");
    add(&officer, "Trần Văn Hải", "hai.tran", "người duyệt");
    add(&officer, "Phạm Thu Hà", "ha.pham", "người soạn");
    officer.open("/people");
    album.keep(&mut officer, "nguoi-dung.png", 620);

    // A morning: three articles from the portal's office; one is uncertain, one failed, one waits for approval.
    publish(&world);
    on_channel(&world, "fanpage", "uncertain");
    on_channel(&world, "fanpage", "failed");
    on_channel(&world, "tram-y-te", "held");
    eventually("the letters are out", || (world.smtp.sightings("email").len() >= 6).then_some(()));
    let withdrawn = "cli/cat-nuoc-thon-doai";
    printed(&world, &["withdraw", withdrawn]);
    eventually("it is taken down", || {
        let busy = |one: &serde_json::Value| {
            one["channel"] != "radio" && (one["state"] == "waiting" || one["state"] == "sending")
        };
        (world.smtp.sightings("email").len() >= 8 && !deliveries(&world).iter().any(busy)).then_some(())
    });
    officer.open("/");
    officer.sees("sổ khớp");
    album.keep(&mut officer, "hom-nay.png", 1600);
    officer.screen(PHONE);
    album.keep(&mut officer, "dien-thoai.png", 1100);
    officer.screen(WIDE);

    officer.open("/write");
    officer.fill("Tiêu đề", "Lịch tiêm phòng dại cho chó, mèo đợt cuối năm");
    officer.fill("Tóm tắt", "Xã tổ chức tiêm phòng dại tại nhà văn hóa các thôn trong ba ngày.");
    officer.fill(
        "Nội dung",
        "UBND xã An Bình thông báo lịch tiêm phòng dại cho chó, mèo:\n\n- Thôn Đông: 7h30 ngày 02/12/2026;\n\
         - Thôn Đoài: 7h30 ngày 03/12/2026;\n- Thôn Nam: 7h30 ngày 04/12/2026.\n\n\
         Bà con đưa vật nuôi đến nhà văn hóa thôn, nhớ đeo rọ mõm cho chó. Tổ TYX trực tiếp tiêm và cấp giấy chứng nhận.",
    );
    officer.tick("thông báo");
    officer.fill("Chủ đề khác", "nông nghiệp");
    album.keep(&mut officer, "viet-bai.png", 1000);
    officer.press("Xem trước");
    officer.sees("Chưa gửi gì ra ngoài");
    album.keep(&mut officer, "xem-truoc.png", 1500);
    officer.press("Đăng");
    officer.sees("Trên từng kênh");

    officer.open("/articles");
    album.keep(&mut officer, "bai.png", 1100);
    officer.open("/articles/2");
    album.keep(&mut officer, "mot-bai.png", 1000);
    officer.press("Đính chính…");
    officer.fill("Tóm tắt", "Trạm Y tế xã tổ chức tiêm chủng mở rộng trong hai ngày 26 và 27/11.");
    officer.press("Xem trước");
    officer.press("Đăng đính chính");
    officer.follow("khác bản trước ở đâu (bản 2)");
    album.keep(&mut officer, "so-sanh.png", 800);
    officer.open("/articles/1/withdraw");
    album.keep(&mut officer, "thu-hoi.png", 700);
    officer.open("/");
    officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
    officer.press("Đã lên hay chưa?");
    album.keep(&mut officer, "chua-ro.png", 800);
    officer.open("/approvals");
    officer.follow("Tổ chức tiêm chủng mở rộng cho trẻ em dưới 5 tuổi");
    album.keep(&mut officer, "duyet.png", 1200);
    officer.open("/channels/radio");
    album.keep(&mut officer, "kenh.png", 900);
    officer.open("/schedule");
    album.keep(&mut officer, "lich-phat.png", 1100);

    let text = std::fs::read_to_string(guide()).expect("the guide");
    let named: BTreeSet<String> =
        text.split("](screens/").skip(1).map(|rest| rest.split(')').next().expect("a name").to_owned()).collect();
    assert_eq!(named, album.names, "the guide names the pictures that are taken");
    for name in &named {
        let kept = std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}; LOA_SCREENS=1"));
        assert!(kept.len() <= LARGEST && image::load_from_memory(&kept).is_ok(), "{name}");
    }
}
