//! Signatures, verified by Debian's python3-dkim (and python3-nacl for Ed25519): another hand, other code.

use std::os::unix::fs::PermissionsExt as _;

use loa::article::Revision;
use loa::channel::new_signing_key;
use loa::delivery::Action;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::bureau::{Bureau, PUBLIC, item, python};
use crate::channels::bench::png;
use crate::sample::article;
use crate::support::world::World;

const NEW: Action = Action::Create(Revision(1));
/// Made with `openssl genpkey -algorithm ed25519`, for these tests only.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIB7DWzxrZjlm6khrOhGNMsCp4OrOIKb8Qe+2PKVK1bi7\n-----END PRIVATE KEY-----\n";

fn command_said(program: &str, arguments: &[&str]) -> String {
    let ran = std::process::Command::new(program).args(arguments).output().expect("tests/run installs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("PEM")
}

/// Every signature of a letter, checked against these records; `tampered` is checked too.
const VERIFIER: &str = r"
import dkim, json, sys
raw = open(sys.argv[1], 'rb').read()
records = json.loads(RECORDS)
def dns(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records[name.rstrip('.')].encode()
def check(message):
    count = message.split(b'\r\n\r\n', 1)[0].lower().count(b'dkim-signature:')
    def one(number):
        try:
            return dkim.DKIM(message).verify(idx=number, dnsfunc=dns)
        except dkim.DKIMException as error:
            return str(error)
    return [one(number) for number in range(count)]
head, body = raw.split(b'\r\n\r\n', 1)
print(json.dumps({
    'as_sent': check(raw),
    'blank_lines_added': check(raw + b'\r\n'),
    'body_changed': check(head + b'\r\n\r\n' + body.replace(b'=E1', b'=E2', 1)),
    'second_from': check(b'From: someone@else.example\r\n' + raw),
    'second_subject': check(b'Subject: khac\r\n' + raw),
    'list_changed': check(raw.replace(b'List-Unsubscribe: <', b'List-Unsubscribe: <https://else.example>, <')),
}))
";

fn verdicts(bureau: &Bureau, records: &Value, letter: &[u8]) -> Value {
    let script = VERIFIER.replace("RECORDS", &format!("{:?}", records.to_string()));
    python(bureau.folder.path(), &script, letter)
}

fn settings(bureau: &Bureau, with_second: bool) -> String {
    let pem = new_signing_key().unwrap();
    let file = |name: &str, pem: &str| {
        let path = bureau.folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        toml::Value::String(path.display().to_string())
    };
    let rsa = file("rsa.pem", pem.expose_secret());
    let mut out = format!(
        "bounces = \"bounce@anbinh.example.vn\"\nimages = \"inline\"\n[settings.dkim]\nselector = \"loa\"\nkey = {{ file = {rsa} }}\n"
    );
    if with_second {
        let second = file("ed.pem", ED25519);
        out += &format!("[settings.dkim.ed25519]\nselector = \"loa-ed\"\nkey = {{ file = {second} }}\n");
    }
    out
}

fn records(bureau: &Bureau) -> Value {
    let plan = bureau.channel().dns().expect("mail needs records");
    assert!(plan.findings.iter().all(|finding| finding.good), "{plan:?}");
    plan.records
        .into_iter()
        .map(|record| (record.name, Value::from(record.value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn every_letter_is_signed_twice_and_another_verifier_agrees() {
    let mut bureau = Bureau::new(Some(PUBLIC));
    let settings = settings(&bureau, true);
    bureau.set_up(&settings).unwrap();
    let records = records(&bureau);
    let mut with = article("1");
    with.images = vec![bureau.picture(png(30, 30, [9, 9, 90]), "Hàng cây", None)];
    let correction = item(with.clone(), Action::Update(Revision(2)));
    for items in [vec![item(with, NEW)], vec![correction]] {
        for letter in bureau.send(items).await {
            let seen = verdicts(&bureau, &records, &letter);
            assert_eq!(seen["as_sent"], json!([true, true]), "{seen:#}\n{}", String::from_utf8_lossy(&letter));
            assert_eq!(seen["blank_lines_added"], json!([true, true]), "what SMTP adds at the end harms nothing");
            for tampered in ["body_changed", "second_from", "second_subject", "list_changed"] {
                let bad = seen[tampered].as_array().unwrap();
                assert!(bad.iter().all(|verdict| *verdict != true) && bad.len() == 2, "{tampered}: {seen:#}");
            }
            let text = String::from_utf8(letter).unwrap();
            let signature = text.split("\r\n").take_while(|line| line.starts_with([' ', 'D'])).collect::<Vec<_>>();
            assert!(signature.iter().all(|line| line.len() <= 78), "{signature:#?}");
            assert!(signature.iter().any(|line| line.contains("s=loa-ed")), "{signature:#?}");
        }
    }
}

#[tokio::test]
async fn keys_of_either_wrapping_sign() {
    for convert in [&["pkey", "-traditional"][..], &["pkey"][..]] {
        let mut bureau = Bureau::new(Some(PUBLIC));
        let settings = settings(&bureau, false);
        let pem = bureau.folder.path().join("rsa.pem");
        let out = command_said("openssl", &[convert, &["-in", pem.to_str().unwrap()]].concat());
        assert!(out.contains(if convert.len() == 2 { "BEGIN RSA PRIVATE KEY" } else { "BEGIN PRIVATE KEY" }), "{out}");
        std::fs::write(&pem, &out).unwrap();
        bureau.set_up(&settings).unwrap();
        let letter = bureau.send(vec![item(article("1"), NEW)]).await.remove(0);
        assert_eq!(verdicts(&bureau, &records(&bureau), &letter)["as_sent"], json!([true]));
        // And the record is the public key as OpenSSL derives it.
        let public = command_said("openssl", &["pkey", "-pubout", "-in", pem.to_str().unwrap()]);
        let public: String = public.lines().filter(|line| !line.starts_with('-')).collect();
        let record = records(&bureau)["loa._domainkey.anbinh.example.vn"].as_str().unwrap().to_owned();
        assert_eq!(record, format!("v=DKIM1; k=rsa; p={public}"));
    }
}

#[tokio::test]
async fn mistakes_in_the_dkim_settings_are_told_where_they_are() {
    let mut bureau = Bureau::new(Some(PUBLIC));
    let right = settings(&bureau, true);
    let folder = bureau.folder.path().to_owned();
    std::fs::write(folder.join("small.pem"), command_said("openssl", &["genrsa", "1024"])).unwrap();
    std::fs::write(folder.join("not.pem"), "mật khẩu").unwrap();
    let small = right.replace("rsa.pem", "small.pem");
    for (wrong, told, line) in [
        (
            right.replace("[settings.dkim.ed", "domain = \"khac.example.vn\"\n[settings.dkim.ed"),
            "không khớp với tên miền",
            12,
        ),
        (right.replace("\"loa-ed\"", "\"loa\""), "hai selector khác nhau", 13),
        (right.replace("\"loa\"", "\"chữ ký\""), "selector chỉ gồm", 10),
        (small, "không phải khóa riêng RSA 2048", 11),
        (right.replace("rsa.pem", "not.pem"), "không phải khóa riêng RSA 2048", 11),
        (right.replace("rsa.pem", "ed.pem"), "ở đây cần khóa rsa", 11),
        (right.replace("rsa.pem", "thieu.pem"), "không đọc được tệp bí mật", 11),
    ] {
        let error = bureau.set_up(&wrong).unwrap_err();
        assert!(error.text.vi.contains(told), "{error:?}");
        assert_eq!(error.line, Some(line), "{error:?}");
        assert!(!format!("{error:?}").contains("mật khẩu"), "what stands in a key's file is not repeated");
    }
    let parent = right.replace("[settings.dkim.ed", "domain = \"example.vn\"\n[settings.dkim.ed");
    bureau.set_up(&parent).expect("the domain above may sign");
}

#[test]
fn the_records_to_publish_are_printed_and_a_key_is_made_for_its_owner_only() {
    let world = World::bare();
    let key = world.path("dkim.pem");
    let port = world.smtp.port();
    let base = format!(
        "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nhost = \"mail.example.vn\"\nport = {port}\n\
         recipients = \"channels/nguoi-nhan.txt\"\nusername = \"tin\"\npassword = {{ env = \"LOA_NO_SUCH_PASSWORD\" }}\n"
    );
    world.channel("thu", "email", &base, "");
    let run = |arguments: &[&str]| world.loa(arguments).output().expect("loa runs");
    let said = |out: &std::process::Output| {
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    };
    let bare = run(&["email", "dns", "thu"]);
    assert_eq!(bare.status.code(), Some(1), "no key: {}", said(&bare));
    assert!(said(&bare).contains("--new-key FILE"), "{}", said(&bare));
    let made = run(&["email", "dns", "thu", "--new-key", key.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read(&key).unwrap();
    let again = run(&["email", "dns", "thu", "--new-key", key.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("loa overwrites no key"), "{}", said(&again));
    assert_eq!(std::fs::read(&key).unwrap(), first);
    // What is printed to be added is what works.
    let printed = String::from_utf8(made.stdout).unwrap();
    let table = printed.split("\n\n").find(|part| part.starts_with("[settings.dkim]")).expect("settings to add");
    world.channel("thu", "email", &format!("{base}\n{table}"), "");
    let out = run(&["email", "dns", "thu"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let zone = String::from_utf8(out.stdout.clone()).unwrap();
    assert!(zone.contains("anbinh.example.vn. IN TXT \"v=spf1 a:mail.example.vn mx ~all\"\n"), "{zone}");
    assert!(
        zone.contains("_dmarc.anbinh.example.vn. IN TXT \"v=DMARC1; p=none; rua=mailto:tin@anbinh.example.vn\"\n"),
        "{zone}"
    );
    let line = zone.lines().find(|line| line.starts_with("loa._domainkey.anbinh.example.vn. IN TXT \"")).expect("DKIM");
    let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    assert!(strings.len() == 2 && strings.iter().all(|part| part.len() <= 255), "{line}");
    assert!(zone.contains("2048 bits"), "{zone}");
    let json = run(&["email", "dns", "thu", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["records"][1]["value"], strings.concat());
    assert_eq!(json["findings"][0]["ok"], true);
    assert!(!said(&out).contains("PRIVATE") && !json.to_string().contains("PRIVATE"));
    world.channel("radio", "radio", "folder = \"radio\"", "[schedule]\ntiming = [\"* * * * *\"]\n");
    let none = run(&["email", "dns", "radio"]);
    assert!(none.status.code() == Some(1) && said(&none).contains("sends no letters"), "{}", said(&none));
}
