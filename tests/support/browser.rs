//! An officer's browser: keeps cookies, sends the forms that its last page showed, follows nothing by itself.

use std::collections::BTreeMap;

use super::process::{Answer, Daemon, eventually};

/// The password of every officer in these tests.
pub(crate) const PASSWORD: &str = "một câu dễ nhớ";

/// A browser at a daemon's console.
pub(crate) struct Browser<'d> {
    daemon: &'d Daemon,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The token of the last page's forms.
    pub(crate) csrf: String,
}

/// What a form sends.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The value of an attribute that follows `before` in a page.
pub(crate) fn between<'p>(page: &'p str, before: &str, after: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The path of the set-up link that the daemon printed.
pub(crate) fn setup_path(daemon: &Daemon) -> String {
    eventually("the set-up link is printed", || {
        let said = daemon.said();
        let token = between(&said, "/set-up/", "\n")?.trim().to_owned();
        Some(format!("/set-up/{token}"))
    })
}

impl<'d> Browser<'d> {
    /// A browser without cookies.
    pub(crate) fn new(daemon: &'d Daemon) -> Self {
        Self { daemon, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// The first administrator, by the link that the daemon printed.
    pub(crate) fn administrator(daemon: &'d Daemon) -> Self {
        let mut browser = Self::new(daemon);
        assert_eq!(browser.get(&setup_path(daemon)).status, 303);
        let answer = browser.post("/set-up", &set_up_fields());
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.body);
        assert_eq!(browser.get("/people").status, 200);
        browser
    }

    /// Signed in.
    pub(crate) fn signed_in(daemon: &'d Daemon, name: &str) -> Self {
        let mut browser = Self::new(daemon);
        let answer = browser.sign_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(browser.get("/account").status, 200);
        browser
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("name", name), ("password", password)])
    }

    /// Adds somebody; only an administrator can.
    pub(crate) fn add(&mut self, name: &str, role: &str) {
        let fields = [("name", name), ("display", name), ("role", role), ("password", PASSWORD)];
        let answer = self.post("/people", &fields);
        assert_eq!(answer.status, 303, "{}", answer.body);
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends a form with the token that the last page showed.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.send("POST", path, &[], &encoded(&fields))
    }

    /// Sends a form with a file.
    pub(crate) fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Answer {
        const BOUNDARY: &str = "ranh-gioi-cua-trinh-duyet";
        let csrf = self.csrf.clone();
        let mut body = Vec::new();
        for (name, value) in fields.iter().copied().chain([("csrf", csrf.as_str())]) {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        let (field, name, bytes) = file;
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.send_as(&format!("multipart/form-data; boundary={BOUNDARY}"), "POST", path, &[], &body)
    }

    /// Sends anything, and keeps the cookies of the answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_as("application/x-www-form-urlencoded", method, path, headers, body.as_bytes())
    }

    fn send_as(&mut self, kind: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let jar = jar.join("; ");
        let mut all = headers.to_vec();
        if !jar.is_empty() {
            all.push(("Cookie", &jar));
        }
        all.push(("Accept", "text/html,application/xhtml+xml"));
        all.push(("Content-Type", kind));
        let answer = self.daemon.call(method, path, &all, body);
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            // Heads are in lower case here; a browser keeps the name's case.
            let name = &name.replace("__host-", "__Host-");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.clone(), value.to_owned());
            }
        }
        if let Some(token) = between(&answer.body, "name=\"csrf\" value=\"", "\"") {
            token.clone_into(&mut self.csrf);
        }
        answer
    }
}

/// What the set-up form takes.
pub(crate) fn set_up_fields() -> Vec<(&'static str, &'static str)> {
    vec![("display", "Chị Quản Trị"), ("name", "Quan.Tri"), ("password", PASSWORD), ("again", PASSWORD)]
}
