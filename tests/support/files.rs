//! Counts what stands in a folder of radio editions or a static site, and finds what a kill left half-written.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::oracle::{Finding, Verdict, Wanted};

/// A folder that a channel writes into; read anew at every question.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    kind: Kind,
    ending: Option<String>,
    left_out: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `*.txt`: each occurrence of a title is a copy, for each would be read aloud.
    Editions,
    /// `*.html`: each page whose `<h1>` is the title is a copy; indexes and links only mention it.
    Site,
}

/// Where a title stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many copies the public would hear or find.
    pub(crate) copies: usize,
    /// The files with at least one copy.
    pub(crate) copied_in: Vec<PathBuf>,
    /// The files that name the title at all, indexes included.
    pub(crate) mentioned_in: Vec<PathBuf>,
}

/// A file that nobody should find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HalfWritten {
    /// Which.
    pub(crate) path: PathBuf,
    /// Why it is taken for half-written.
    pub(crate) why: &'static str,
}

impl fmt::Display for HalfWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl Folder {
    /// A folder of radio editions, `*.txt`, its subfolders included.
    pub(crate) fn of_editions(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), kind: Kind::Editions, ending: None, left_out: None }
    }

    /// A folder with a static site, `*.html`, its subfolders included; a whole page ends with `</html>`.
    pub(crate) fn of_pages(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), kind: Kind::Site, ending: Some("</html>".to_owned()), left_out: None }
    }

    /// What a whole file ends with, apart from white space; anything else is half-written.
    #[must_use]
    pub(crate) fn ending_with(mut self, ending: &str) -> Self {
        self.ending = Some(ending.to_owned());
        self
    }

    /// Leaves files out whose name starts so, for instance `README` or a recall notice.
    #[must_use]
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        self.left_out = Some(prefix.to_owned());
        self
    }

    /// How often the title stands there, as an NFC text compared after joining white space.
    pub(crate) fn standing(&self, title: &str) -> Standing {
        let title = joined(title);
        let mut standing = Standing::default();
        for path in self.whole_files() {
            let text = read_lossy(&path);
            let (copies, mentioned) = match self.kind {
                Kind::Editions => {
                    let copies = joined(&text).matches(&title).count();
                    (copies, copies > 0)
                }
                Kind::Site => {
                    let is_copy = headings(&text).any(|heading| joined(&unescaped(&without_tags(heading))) == title);
                    (usize::from(is_copy), joined(&unescaped(&without_tags(&text))).contains(&title))
                }
            };
            standing.copies += copies;
            if copies > 0 {
                standing.copied_in.push(path.clone());
            }
            if mentioned {
                standing.mentioned_in.push(path);
            }
        }
        standing
    }

    /// How many copies of the title stand there.
    pub(crate) fn copies_of(&self, title: &str) -> usize {
        self.standing(title).copies
    }

    /// How many whole files there are.
    pub(crate) fn count(&self) -> usize {
        self.whole_files().len()
    }

    /// Temporary files left over, files that are empty, not UTF-8, or do not end as they should.
    pub(crate) fn half_written(&self) -> Vec<HalfWritten> {
        let mut found = Vec::new();
        for path in self.files() {
            let bytes = contents(&path);
            let text = std::str::from_utf8(&bytes);
            let why = if is_temporary(&path) {
                "a temporary file was left"
            } else if !self.is_ours(&path) {
                continue;
            } else if bytes.is_empty() {
                "it is empty"
            } else if bytes.contains(&0) {
                "it contains zero bytes"
            } else {
                match (text, &self.ending) {
                    (Err(_), _) => "it is not UTF-8",
                    (Ok(text), Some(ending)) if !text.trim_end().ends_with(ending.as_str()) => "its end is missing",
                    _ => continue,
                }
            };
            found.push(HalfWritten { path, why });
        }
        found
    }

    /// Panics with the list if anything is half-written.
    pub(crate) fn assert_whole(&self) {
        let found = self.half_written();
        let list: Vec<_> = found.iter().map(|file| format!("\n  {file}")).collect();
        assert!(found.is_empty(), "half-written in {}:{}", self.path.display(), list.concat());
    }

    /// Compares titles with what stands there; a revision means one copy, whatever its number.
    pub(crate) fn verdict<'a>(&self, channel: &str, expected: impl IntoIterator<Item = (&'a str, Wanted)>) -> Verdict {
        let mut verdict = Verdict::default();
        for (title, wanted) in expected {
            let Standing { copies, copied_in, mentioned_in } = self.standing(title);
            let finding = |what: String| Finding {
                channel: channel.to_owned(),
                audience: String::new(),
                article: title.to_owned(),
                what,
            };
            match (wanted, copies) {
                (Wanted::Revision(_), 1) => {}
                (Wanted::Revision(_), 0) => verdict.lost.push(finding("it stands in no file".to_owned())),
                (Wanted::Revision(_), _) => {
                    verdict.doubled.push(finding(format!("{copies} copies, in {}", self.names(&copied_in))));
                }
                (Wanted::Withdrawn, _) if mentioned_in.is_empty() => {}
                (Wanted::Withdrawn, _) => {
                    verdict.stale.push(finding(format!("withdrawn, still in {}", self.names(&mentioned_in))));
                }
            }
        }
        verdict
    }

    fn names(&self, paths: &[PathBuf]) -> String {
        let short = |path: &PathBuf| path.strip_prefix(&self.path).unwrap_or(path).display().to_string();
        paths.iter().map(short).collect::<Vec<_>>().join(", ")
    }

    fn whole_files(&self) -> Vec<PathBuf> {
        self.files().into_iter().filter(|path| self.is_ours(path) && !is_temporary(path)).collect()
    }

    fn is_ours(&self, path: &Path) -> bool {
        let wanted = match self.kind {
            Kind::Editions => "txt",
            Kind::Site => "html",
        };
        // Machines read the companions of a script; the announcer reads the script.
        if path.parent().is_some_and(|folder| folder.ends_with("may-doc")) {
            return false;
        }
        let is_left_out = self.left_out.as_ref().is_some_and(|prefix| name_of(path).starts_with(prefix.as_str()));
        path.extension().is_some_and(|extension| extension == wanted) && !is_left_out
    }

    /// Every file below, sorted; a folder that is not there holds none.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => unreachable!("{} cannot be read: {error}", folder.display()),
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_temporary(path: &Path) -> bool {
    let name = name_of(path).to_lowercase();
    name.contains(".tmp")
        || name.ends_with('~')
        || [".part", ".partial", ".new", ".swp"].iter().any(|ending| name.ends_with(ending))
}

/// A file that was removed since the folder was listed reads as empty.
fn contents(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}

fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&contents(path)).into_owned()
}

fn joined(text: &str) -> String {
    text.trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between `<h1 …>` and `</h1>`.
fn headings(page: &str) -> impl Iterator<Item = &str> {
    page.split("<h1").skip(1).filter_map(|after| Some(after.split_once('>')?.1.split_once("</h1>")?.0))
}

fn without_tags(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (_, after) in pieces.filter_map(|piece| piece.split_once('>')) {
        text.push_str(after);
    }
    text
}

/// The entities that a template engine writes.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&#x2F;", "/"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, sign);
    }
    text
}
