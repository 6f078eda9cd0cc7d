//! An officer in a real browser: Debian's headless Chromium, driven over WebDriver. Things are found as people find them, by
//! the words of labels, buttons and links. Whatever the browser complains of, a script or the policy, fails the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::process::{Daemon, eventually, within};

/// What finds barriers; `tests/run` brings it.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe-core-4.14.1.min.js");
/// One browser at a time: the machine has other things to do.
static ONE: Mutex<()> = Mutex::new(());

/// A desk's screen.
pub(crate) const DESK: (u32, u32) = (1280, 900);
/// A phone's.
pub(crate) const PHONE: (u32, u32) = (360, 740);

/// A browser at a daemon's console.
pub(crate) struct Chromium {
    runtime: Runtime,
    client: Client,
    driver: Child,
    address: String,
    size: (u32, u32),
    _profile: TempDir,
    _one: MutexGuard<'static, ()>,
}

/// A command that only Chromium knows.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

/// Starts the driver: the process, and the port that it says.
fn start() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .env("LANGUAGE", "vi")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver; tests/run installs it (chromium-driver)");
    let mut lines = BufReader::new(driver.stdout.take().expect("its standard output")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()));
    let Some(port) = port else {
        // It has said all that it says.
        drop(driver.kill());
        drop(driver.wait());
        return None;
    };
    // Whatever else it says is let go of, so that it never waits for a reader.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Some((driver, port))
}

impl Chromium {
    /// A new browser, which has never been here, with a desk's screen.
    pub(crate) fn new(daemon: &Daemon) -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().expect("a folder for the profile");
        // A free port may be taken by somebody else in between: then another one is asked for.
        let (driver, port) = (0..5).find_map(|_| start()).expect("chromedriver says its port");
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--lang=vi".to_owned(),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            // Pages that would ask before they are left are a mistake.
            "unhandledPromptBehavior": "dismiss and notify",
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.as_object().expect("an object").clone());
            builder.connect(&format!("http://127.0.0.1:{port}")).await.expect("chromium; tests/run installs it")
        });
        let address = daemon.address().expect("the console's address");
        let mut browser = Self { runtime, client, driver, address, size: DESK, _profile: profile, _one: one };
        browser.screen(DESK);
        browser
    }

    fn wait<T>(&self, what: &str, result: impl Future<Output = Result<T, CmdError>>) -> T {
        self.runtime.block_on(result).unwrap_or_else(|error| {
            let page = self.runtime.block_on(self.client.source()).unwrap_or_default();
            unreachable!("{what}: {error}\n{page}")
        })
    }

    fn own(&self, command: &'static str, body: Value) -> Value {
        self.wait(command, self.client.issue_cmd(Own(command, body)))
    }

    fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// Looks through a window of this size; what is narrow is a phone.
    pub(crate) fn screen(&mut self, size: (u32, u32)) {
        self.size = size;
        let (width, height) = size;
        let phone = width < 600;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Likes it dark, or not.
    pub(crate) fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    /// Switches JavaScript off, for the pages that are opened from now on.
    pub(crate) fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Opens a page by its address.
    pub(crate) fn open(&self, path: &str) {
        self.wait(path, self.client.goto(&format!("http://{}{path}", self.address)));
        self.complaints();
    }

    /// Where this is: path and query.
    pub(crate) fn place(&self) -> String {
        let url = self.wait("the address", self.client.current_url());
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The words on the page, as they are seen; none while one page makes way for another.
    pub(crate) fn words(&self) -> String {
        let words = async { self.client.find(Locator::Css("body")).await?.text().await };
        self.runtime.block_on(words).unwrap_or_default()
    }

    /// What the page is made of.
    pub(crate) fn source(&self) -> String {
        self.wait("the page", self.client.source())
    }

    /// Fails unless these words are on the page, now or soon.
    pub(crate) fn sees(&self, words: &str) {
        let mut last = String::new();
        let seen = within(400, || {
            last = self.words();
            last.contains(words).then_some(())
        });
        assert!(seen.is_some(), "{words:?} is not on {}:\n{last}", self.place());
        self.complaints();
    }

    /// Fails if these words are on the page.
    pub(crate) fn does_not_see(&self, words: &str) {
        let seen = self.words();
        assert!(!seen.contains(words), "{words:?} is on {}:\n{seen}", self.place());
    }

    fn one(&self, what: &str, path: &str) -> Element {
        self.wait(&format!("{what} on {}", self.place()), async {
            let all = self.client.find_all(Locator::XPath(path)).await?;
            for element in &all {
                if element.is_displayed().await? {
                    return Ok(element.clone());
                }
            }
            // What is there and hidden is not there for people.
            self.client.find(Locator::XPath("//nothing-that-is-seen")).await
        })
    }

    /// Whether there is such a thing to press or follow.
    pub(crate) fn offers(&self, words: &str) -> bool {
        let path = format!("//button[normalize-space(.)=\"{words}\"] | //a[normalize-space(.)=\"{words}\"]");
        self.wait(words, async { Ok(!self.client.find_all(Locator::XPath(&path)).await?.is_empty()) })
    }

    fn field(&self, label: &str) -> Element {
        let named = format!("label[normalize-space(text()[normalize-space()][1])=\"{label}\"]");
        let inside = "*[self::input or self::textarea or self::select]";
        self.one(label, &format!("//*[@id=//{named}/@for] | //{named}//{inside}"))
    }

    /// Types into the field with this label, in place of what stands there.
    pub(crate) fn fill(&self, label: &str, value: &str) {
        let field = self.field(label);
        self.wait(label, async {
            field.clear().await?;
            field.send_keys(value).await
        });
    }

    /// Names a file for the field with this label.
    pub(crate) fn attach(&self, label: &str, path: &std::path::Path) {
        let field = self.field(label);
        self.wait(label, field.send_keys(&path.display().to_string()));
    }

    /// What stands in the field with this label.
    pub(crate) fn filled(&self, label: &str) -> String {
        let field = self.field(label);
        self.wait(label, field.prop("value")).unwrap_or_default()
    }

    /// Takes this of what the list with this label offers.
    pub(crate) fn choose(&self, label: &str, option: &str) {
        let field = self.field(label);
        self.wait(label, field.select_by_label(option));
    }

    /// Ticks what begins with these words.
    pub(crate) fn tick(&self, words: &str) {
        let label = self.one(words, &format!("//label[starts-with(normalize-space(.), \"{words}\")]"));
        self.wait(words, label.click());
    }

    /// Presses a button, or what looks like one.
    pub(crate) fn press(&self, words: &str) {
        let named = format!("normalize-space(.)=\"{words}\"");
        let path = format!(
            "//button[{named}] | //summary[{named}] | //a[{named} and contains(concat(' ',@class,' '),' button ')]"
        );
        self.click(words, &path);
    }

    /// Clicks, and waits until the page has made way for another one where a click does that.
    fn click(&self, words: &str, path: &str) {
        let element = self.one(words, path);
        let (tag, leads) = self.wait(words, async { Ok((element.tag_name().await?, element.attr("href").await?)) });
        self.wait(words, element.click());
        let stays = tag == "summary" || leads.is_some_and(|leads| leads.starts_with('#'));
        if !stays {
            let gone = within(400, || self.runtime.block_on(element.tag_name()).is_err().then_some(()));
            assert!(gone.is_some(), "nothing came of {words:?} on {}", self.place());
        }
        self.complaints();
    }

    /// Follows a link.
    pub(crate) fn follow(&self, words: &str) {
        self.click(words, &format!("//a[normalize-space(.)=\"{words}\"]"));
    }

    /// Types on the keyboard, wherever the focus is.
    pub(crate) fn type_keys(&self, keys: &str) {
        self.wait("the keyboard", async { self.client.active_element().await?.send_keys(keys).await });
    }

    /// Asks the page something; only where scripts run.
    pub(crate) fn ask(&self, script: &str) -> Value {
        self.wait(script, self.client.execute(script, Vec::new()))
    }

    /// Fails if the browser had to complain: a script, the policy, anything that was not found. That a page itself says why
    /// it refuses something is no complaint.
    pub(crate) fn complaints(&self) {
        let said = self.own("se/log", json!({ "type": "browser" }));
        let here = self.wait("the address", self.client.current_url()).to_string();
        let bad: Vec<String> = said
            .as_array()
            .expect("a list")
            .iter()
            .filter(|entry| ["WARNING", "SEVERE"].contains(&entry["level"].as_str().unwrap_or_default()))
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .filter(|message| !(message.starts_with(&here) && message.contains("responded with a status of 4")))
            .collect();
        assert!(bad.is_empty(), "the browser complains on {here}:\n{}", bad.join("\n"));
    }

    /// What makes the page wider than the screen, if anything does.
    pub(crate) fn too_wide(&self) -> Option<String> {
        let found = self.ask(
            "const wide = document.documentElement.clientWidth; \
             if (document.documentElement.scrollWidth <= wide) return ''; \
             return wide + ' < ' + document.documentElement.scrollWidth + ': ' + [...document.querySelectorAll('body *')] \
               .filter(e => e.getBoundingClientRect().right > wide + 1 && !e.closest('.scroll, .hidden, .skip')) \
               .slice(0, 5).map(e => e.outerHTML.slice(0, 200)).join('\\n');",
        );
        let found = found.as_str().filter(|found| !found.is_empty())?;
        Some(format!("{} is wider than the screen: {found}", self.place()))
    }

    /// Fails if the page can be moved sideways.
    pub(crate) fn fits(&self) {
        assert_eq!(self.too_wide(), None);
    }

    /// The barriers that axe-core finds (WCAG 2.2 A and AA, and its own best practices); only where scripts run.
    pub(crate) fn barriers(&self) -> Option<String> {
        let axe = std::fs::read_to_string(AXE).expect("axe-core in target/; tests/run brings it");
        self.wait("axe-core", self.client.execute(&axe, Vec::new()));
        let script = "const done = arguments[arguments.length - 1]; \
                      axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', \
                      'wcag22aa', 'best-practice'] }).then(found => done(found.violations.map(one => one.id + ': ' + one.help + \
                      one.nodes.slice(0, 3).map(node => '\\n    ' + node.html.slice(0, 300) + '\\n    ' + \
                      node.failureSummary.replace(/\\n/g, ' ')).join(''))), error => done(['axe failed: ' + error]));";
        let found = self.wait("axe-core", self.client.execute_async(script, Vec::new()));
        let found: Vec<&str> = found.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        (!found.is_empty()).then(|| format!("{} ({} wide):\n{}", self.place(), self.size.0, found.join("\n")))
    }

    /// Fails if axe-core finds a barrier.
    pub(crate) fn is_accessible(&self) {
        assert_eq!(self.barriers(), None);
    }

    /// The whole page as a picture (PNG), as high as it is and at most so high.
    /// Waits until what has come is painted.
    fn painted(&self) {
        let painted = self.client.execute_async(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200)))",
            Vec::new(),
        );
        self.wait("the picture", painted);
    }

    pub(crate) fn picture(&mut self, highest: u32) -> Vec<u8> {
        let size = self.size;
        self.ask("document.activeElement.blur(); window.scrollTo(0, 0);");
        self.screen((size.0, 300));
        let height = self.ask("return document.documentElement.scrollHeight").as_u64().expect("a height");
        let height = u32::try_from(height).expect("not that high").clamp(400, highest);
        self.screen((size.0, height));
        // Frames come when they are in sight.
        let drawn = within(400, || {
            let all = self.ask(
                "const seen = [...document.querySelectorAll('iframe')].filter(frame => frame.offsetParent).length; \
                 return performance.getEntriesByType('resource').filter(one => one.initiatorType === 'iframe').length >= seen",
            );
            (all == true).then_some(())
        });
        assert!(drawn.is_some(), "the frames of {} do not come", self.place());
        self.painted();
        let taken = self.wait("a picture", self.client.screenshot());
        self.screen(size);
        taken
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The driver ends the browser; whatever it says to that, it ends itself.
        drop(self.runtime.block_on(self.client.clone().close()));
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// Waits until the page is another one.
pub(crate) fn arrives(browser: &Chromium, path: &str) {
    eventually(&format!("the page is {path}"), || (browser.place() == path).then_some(()));
}
