//! Secrets that were typed into a form: each in a file that nobody else can read, beside `config.toml`.

use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use toml_edit::{DocumentMut, TableLike, Value};

use crate::channel::{Input, KINDS, names_secret};

/// The folder's and the files' modes.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// Stands for what is not shown.
const MASK: &str = "***";

/// Secrets that were written, and what was there before.
#[derive(Default)]
pub(super) struct Written(Vec<(PathBuf, Option<SecretString>)>);

/// Where a channel's secret is kept.
pub(super) fn path(base: &Path, channel: &str, key: &str) -> io::Result<PathBuf> {
    let key = key.strip_prefix("settings.").unwrap_or(key);
    Ok(std::path::absolute(base.join("secrets"))?.join(format!("{channel}.{key}")))
}

/// What a file said, without secrets that somebody wrote into it by hand: it is kept, and shown to people.
pub(super) fn hidden(said: &str) -> String {
    match said.parse::<DocumentMut>() {
        Ok(mut file) => {
            hide(file.as_table_mut(), Around::Settings);
            file.to_string()
        }
        Err(_) => hidden_by_line(said),
    }
}

/// What stands around a key.
#[derive(Clone, Copy)]
enum Around {
    /// A channel's settings: what is no key of any kind of channel may be a secret under another name.
    Settings,
    /// Headers, named as people like.
    Headers,
    /// A table that only its kind understands.
    Other,
}

fn hide(table: &mut dyn TableLike, around: Around) {
    for (key, item) in table.iter_mut() {
        let key = key.get().to_owned();
        let input = input_of(&key);
        let within = match key.as_str() {
            "headers" => Around::Headers,
            "settings" | "targets" => Around::Settings,
            _ => Around::Other,
        };
        let is_secret = match (around, input) {
            (Around::Headers, _) | (Around::Settings, None) => names_secret(&key),
            (Around::Settings, Some(input)) => matches!(input, Input::Secret | Input::SecretLines),
            // A place in an answer, or a template, is none.
            (Around::Other, _) => {
                names_secret(&key) && !item.as_str().is_some_and(|said| said.starts_with('/') || said.contains("{{"))
            }
        };
        if let Some(table) = item.as_table_like_mut() {
            // A secret that is named, as it should be, is a table.
            hide(table, within);
        } else if is_secret {
            *item = toml_edit::value(MASK);
        } else if let Some(tables) = item.as_array_of_tables_mut() {
            tables.iter_mut().for_each(|table| hide(table, within));
        } else if let Some(array) = item.as_array_mut() {
            array.iter_mut().filter_map(Value::as_inline_table_mut).for_each(|table| hide(table, within));
        }
    }
}

/// What a key is, for whichever kind of channel it is a secret or is known at all.
fn input_of(key: &str) -> Option<Input> {
    let fields = KINDS.iter().flat_map(|kind| kind.fields);
    let found = fields.filter(|field| field.key.rsplit('.').next() == Some(key)).map(|field| field.input);
    found.max_by_key(|input| matches!(input, Input::Secret | Input::SecretLines))
}

/// A file that cannot be read: each line that may hold a secret goes, with the lines that belong to it.
fn hidden_by_line(said: &str) -> String {
    let mut inside = None;
    let lines = said.lines().map(|line| {
        if let Some(end) = inside {
            inside = (!line.contains(end)).then_some(end);
            return MASK;
        }
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
        if !words.any(|word| names_secret(word) || matches!(input_of(word), Some(Input::Secret | Input::SecretLines))) {
            return line;
        }
        let opens = |quotes: &'static str| (line.matches(quotes).count() % 2 == 1).then_some(quotes);
        inside = opens("\"\"\"").or(opens("'''"));
        MASK
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Written {
    /// Writes a secret whole.
    pub(super) fn write(&mut self, path: PathBuf, secret: &SecretString) -> io::Result<()> {
        let before = match std::fs::read_to_string(&path) {
            Ok(before) => Some(SecretString::from(before)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        put(&path, secret)?;
        self.0.push((path, before));
        Ok(())
    }

    /// Puts back what was there before.
    pub(super) fn undo(self) {
        for (path, before) in self.0 {
            let undone = before.map_or_else(|| std::fs::remove_file(&path), |before| put(&path, &before));
            if let Err(error) = undone {
                tracing::error!(path = %path.display(), %error, "a secret could not be put back");
            }
        }
    }
}

fn put(path: &Path, secret: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
    }
    // Temporary files are nobody else's from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(FILE))?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::hidden;

    const LITERAL: &str = "LITERAL-ai-cung-doc-duoc";

    #[test]
    fn a_secret_is_hidden_wherever_somebody_wrote_it_and_nothing_else_is_changed() {
        for written in [
            format!("kind = \"fanpage\"\n[settings]\nsecret = \"{LITERAL}\" # ghi tạm\n"),
            format!("kind = \"fanpage\"\nsettings = {{ secret = \"{LITERAL}\" }}\n"),
            format!("kind = \"fanpage\"\n[[targets]]\nid = \"a\"\n[targets.settings]\naccess_token = \"{LITERAL}\"\n"),
            format!("kind = \"telegram\"\ntargets = [{{ id = \"a\", token = \"{LITERAL}\" }}]\n"),
            format!("kind = \"http\"\n[settings.login]\npassword = \"{LITERAL}\"\n"),
            format!("kind = \"http\"\n[settings.headers]\nAuthorization = \"Bearer {LITERAL}\"\n"),
            format!("kind = \"không có loại này\"\n[settings]\npassword = [\"{LITERAL}\"]\n"),
            format!("kind = \"email\"\n[settings\npassword = \"{LITERAL}\"\n"),
            format!("kind = \n[settings]\npassword = \"\"\"\n{LITERAL}\n\"\"\"\nname = \"x\"\n"),
        ] {
            let shown = hidden(&written);
            assert!(!shown.contains(LITERAL) && shown.contains("***"), "{written}\n{shown}");
        }
        let good =
            "# của xã\nkind   = \"fanpage\"\n[settings]\nsecret = { env = \"KHOA\" } # tên biến\nhashtags = false\n";
        assert_eq!(hidden(good), good);
        let http = "kind = \"http\"\n[settings.login]\nurl = \"https://a.vn\"\ntoken = \"/access_token\"\n";
        assert_eq!(hidden(http), http);
        let zalo = "kind = \"zalo\"\n[settings]\ntoken_file = \"zalo.json\"\n";
        assert_eq!(hidden(zalo), zalo);
        let http = "kind = \"http\"\n[settings.headers]\nIdempotency-Key = \"{{ key }}\"\n";
        assert_eq!(hidden(http), http);
    }
}
