//! How letters look in a browser: light, dark, turned over by the mail program, on a phone, with pictures blocked.
//! The screenshots stay in `target/tmp/letters/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use image::RgbImage;
use loa::article::Revision;
use loa::channel::Item;
use loa::delivery::Action;

use super::bureau::{Bureau, PUBLIC, item, read_by_python};
use super::templates::{edition, notice};

const TALL: u32 = 2200;
const WIDE: u32 = 700;
const PHONE: u32 = 360;

/// How the mail program shows letters.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Light,
    Dark,
    /// It drops the style sheet and turns light colours into dark ones itself.
    TurnedOver,
}

struct Letter {
    name: &'static str,
    html: String,
}

fn html(bureau: &Bureau, items: Vec<Item>) -> String {
    let letter = [b"To: a@b.vn\r\n".to_vec(), bureau.job(items).payload.bytes.to_vec()].concat();
    read_by_python(bureau.folder.path(), &letter)["html"].as_str().unwrap().to_owned()
}

/// Every sort of letter; the last one with its pictures blocked.
fn letters(bureau: &Bureau) -> Vec<Letter> {
    let article = notice(bureau);
    let url = article.images[0].url.replace('&', "&amp;");
    let picture = bureau.folder.path().join("anh.png");
    painted().save(&picture).unwrap();
    let local = format!("file://{}", picture.display());
    let single = html(bureau, vec![item(article.clone(), Action::Create(Revision(1)))]);
    let blocked = single.clone();
    let correction = html(bureau, vec![item(article.clone(), Action::Update(Revision(2)))]);
    let withdrawal = html(bureau, vec![item(article, Action::Withdraw)]);
    let digest = html(bureau, edition(bureau));
    assert!(single.contains(&url) && digest.contains(&url));
    let with = |name, html: String| Letter { name, html: html.replace(&url, &local) };
    vec![
        with("single", single),
        with("correction", correction),
        with("withdrawal", withdrawal),
        with("digest", digest),
        Letter { name: "blocked", html: blocked },
    ]
}

fn painted() -> RgbImage {
    RgbImage::from_fn(1000, 560, |x, y| {
        let (x, y) = (x as f32 / 1000.0, y as f32 / 560.0);
        image::Rgb([(90.0 + 80.0 * y) as u8, (130.0 + 50.0 * x) as u8, (170.0 - 60.0 * y) as u8])
    })
}

fn browser(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let profile = tempfile::tempdir_in(folder).unwrap();
    let ran = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("chromium; tests/run installs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

/// All letters side by side, each in a frame of its own of this width.
fn page(folder: &Path, letters: &[Letter], width: u32, manner: Manner) -> PathBuf {
    let frames: String = letters
        .iter()
        .map(|letter| {
            let mut html = letter.html.clone();
            if manner == Manner::TurnedOver {
                let (before, rest) = html.split_once("<style>").unwrap();
                let after = rest.split_once("</style>").unwrap().1;
                html = format!("{before}{after}").replace("color-scheme", "x-nothing");
            }
            let html = html.replace('&', "&amp;").replace('"', "&quot;");
            format!(
                "<iframe style='flex:none;border:0;width:{width}px;height:{TALL}px' title='{}' srcdoc=\"{html}\"></iframe>",
                letter.name
            )
        })
        .collect();
    let scheme = if manner == Manner::TurnedOver { "light" } else { "light dark" };
    let path = folder.join("all.html");
    let page = format!(
        "<!doctype html><meta charset=utf-8><meta name=color-scheme content='{scheme}'>\
         <body style='margin:0;display:flex'>{frames}<script>onload = () => {{ document.title = Array.from(frames).map(f => \
         f.document.documentElement.scrollWidth).join(' ') }}</script>"
    );
    std::fs::write(&path, page).unwrap();
    path
}

/// A picture of each letter.
fn shot(folder: &Path, letters: &[Letter], width: u32, manner: Manner, name: &str) -> Vec<RgbImage> {
    let page = page(folder, letters, width, manner);
    let keep = Path::new(env!("CARGO_TARGET_TMPDIR")).join("letters");
    std::fs::create_dir_all(&keep).unwrap();
    let file = keep.join(format!("{name}.png"));
    let all = width * letters.len() as u32;
    let mut arguments = vec![format!("--window-size={all},{TALL}"), format!("--screenshot={}", file.display())];
    match manner {
        Manner::Light => arguments.push("--blink-settings=preferredColorScheme=1".to_owned()),
        Manner::Dark => arguments.push("--blink-settings=preferredColorScheme=0".to_owned()),
        Manner::TurnedOver => arguments.push("--enable-features=WebContentsForceDark".to_owned()),
    }
    arguments.push(format!("file://{}", page.display()));
    browser(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let whole = image::open(&file).expect("a screenshot").to_rgb8();
    assert_eq!((whole.width(), whole.height()), (all, TALL));
    let one = |(number, letter): (usize, &Letter)| {
        let part = image::imageops::crop_imm(&whole, number as u32 * width, 0, width, TALL).to_image();
        part.save(keep.join(format!("{name}-{}.png", letter.name))).unwrap();
        part
    };
    letters.iter().enumerate().map(one).collect()
}

/// What a channel's value counts for in the luminance (WCAG 2).
static LINEAR: LazyLock<[f64; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let value = value as f64 / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
});

/// Relative luminance (WCAG 2).
fn luminance(pixel: [u8; 3]) -> f64 {
    let [red, green, blue] = pixel.map(|value| LINEAR[usize::from(value)]);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The colour of more than half of the pixels, if there is one (Boyer and Moore's vote).
fn majority(pixels: impl Iterator<Item = [u8; 3]>) -> [u8; 3] {
    pixels
        .fold(([0; 3], 0), |(leader, votes), pixel| match votes {
            0 => (pixel, 1),
            _ if pixel == leader => (leader, votes + 1),
            _ => (leader, votes - 1),
        })
        .0
}

/// Looks at the letter line by line: in each there is either nothing, or ink that stands out. Returns the paper's
/// colour and how many lines bear text.
fn read(picture: &RgbImage, name: &str) -> ([u8; 3], usize) {
    let paper = majority(picture.pixels().map(|pixel| pixel.0));
    // Rows with ink, gathered into lines of text.
    let row = |y: u32| {
        let pixels = || (0..picture.width()).map(|x| picture.get_pixel(x, y).0);
        let own = majority(pixels());
        let (mut ink, mut best) = (0, 1.0_f64);
        for pixel in pixels().filter(|pixel| *pixel != own) {
            ink += 1;
            best = best.max(contrast(pixel, own));
        }
        (ink > 3, best)
    };
    let rows: Vec<(bool, f64)> = (0..picture.height()).map(row).collect();
    let (mut lines, mut y) = (0, 0);
    while y < rows.len() {
        let height = rows[y..].iter().take_while(|(ink, _)| *ink).count();
        if (8..=60).contains(&height) {
            let best = rows[y..y + height].iter().map(|(_, best)| *best).fold(1.0, f64::max);
            assert!(best >= 4.5, "{name}: the line at {y}, {height} high, has a contrast of only {best:.1}");
            lines += 1;
        }
        y += height.max(1);
    }
    (paper, lines)
}

#[test]
fn letters_are_readable_in_the_light_in_the_dark_and_on_a_phone() {
    let bureau = Bureau::with(Some(PUBLIC), "");
    let folder = bureau.folder.path();
    let letters = letters(&bureau);
    let mut lines = Vec::new();
    for (width, manner, name) in [
        (WIDE, Manner::Light, "light"),
        (WIDE, Manner::Dark, "dark"),
        (WIDE, Manner::TurnedOver, "turned-over"),
        (PHONE, Manner::Light, "phone"),
    ] {
        let pictures = shot(folder, &letters, width, manner, name);
        let mut seen = Vec::new();
        for (picture, letter) in pictures.iter().zip(&letters) {
            let name = format!("{name}, {}", letter.name);
            let (paper, count) = read(picture, &name);
            let bright = luminance(paper);
            assert!(if manner == Manner::Light { bright > 0.9 } else { bright < 0.1 }, "{name}: paper {paper:?}");
            seen.push(count);
        }
        lines.push(seen);
    }
    let [light, dark, turned_over, phone] = &lines[..] else { panic!("four manners") };
    assert!(light.iter().all(|count| *count >= 6), "blank: {light:?}");
    assert!(phone.iter().zip(light).all(|(phone, light)| phone >= light), "{phone:?} {light:?}");
    for (other, light) in dark.iter().chain(turned_over).zip(light.iter().cycle()) {
        // Without the style sheet a table has no borders, and its rows stand apart.
        assert!(other.abs_diff(*light) <= 4, "the same lines in every manner: {lines:?}");
    }
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let bureau = Bureau::with(Some(PUBLIC), "");
    let folder = bureau.folder.path();
    let letters = letters(&bureau);
    let widths = |letters: &[Letter]| -> Vec<u32> {
        let page = page(folder, letters, PHONE, Manner::Light);
        let dom = browser(folder, &["--dump-dom", &format!("file://{}", page.display())]);
        let dom = String::from_utf8(dom).unwrap();
        let title = dom.split_once("<title>").expect("a title").1.split_once('<').unwrap().0;
        title.split(' ').map(|width| width.parse().expect("a width")).collect()
    };
    assert_eq!(widths(&letters), [PHONE; 5]);
    // The measure sees what is too wide.
    let wide = Letter { name: "wide", html: letters[0].html.replace("<h2>", "<h2 style='width:500px'>") };
    assert!(widths(&[wide])[0] > PHONE);
}
