//! The script: opening, numbered items, sign-off, reading time. Numbers and dates are in words.

use chrono::{Datelike as _, Timelike as _};
use minijinja::{AutoEscape, Environment, context};

use super::super::failure::RenderError;
use super::super::page::templates;
use super::super::{Item, RenderContext};
use crate::delivery::Action;
use crate::speech::calendar::{Weekday, date_in_words, time_in_words};
use crate::speech::timing::Pace;
use crate::speech::{Normaliser, Region, breath, clean, number};
use crate::text;

/// Turns articles into what is read aloud.
pub(super) struct Announcer {
    station: String,
    sign_off: Option<String>,
    pace: Pace,
    region: Region,
    normaliser: Normaliser,
    templates: Environment<'static>,
}

impl Announcer {
    pub(super) fn new(
        station: String,
        sign_off: Option<String>,
        syllables_per_minute: u32,
        region: Region,
        normaliser: Normaliser,
    ) -> Result<Self, RenderError> {
        let mut templates = templates(AutoEscape::None);
        templates.add_template("script", include_str!("templates/script.txt")).map_err(|error| failed(&error))?;
        let pace = Pace { syllables_per_minute: f64::from(syllables_per_minute), ..Pace::default() };
        Ok(Self { station, sign_off, pace, region, normaliser, templates })
    }

    /// The script of one edition.
    pub(super) fn script(&self, items: &[Item], cx: &RenderContext) -> Result<String, RenderError> {
        if items.is_empty() {
            return Err(RenderError(text!("bản tin không có bài nào", "the edition holds no article")));
        }
        let at = cx.edition.unwrap_or(cx.at).with_timezone(&cx.office.timezone);
        let bodies: Vec<Vec<String>> = items.iter().map(|item| self.spoken(item, &cx.office.name)).collect();
        let seconds = self
            .pace
            .programme(bodies.iter().map(|lines| lines.join("\n")).collect::<Vec<_>>().iter().map(String::as_str));
        let entries: Vec<_> = items
            .iter()
            .zip(&bodies)
            .zip(1u64..)
            .map(|((item, lines), n)| {
                context! {
                    number => number::cardinal(n, self.region),
                    kind => match item.action {
                        Action::Create(_) => "new",
                        Action::Update(_) => "correction",
                        Action::Withdraw => "withdrawal",
                    },
                    title => self.say(&item.article.title),
                    lines => lines.clone(),
                }
            })
            .collect();
        let values = context! {
            station => self.say(&self.station),
            sign_off => self.sign_off.as_deref().map(|words| self.say(words)),
            office => self.say(&cx.office.name),
            date => date_in_words(Some(weekday(at.weekday())), at.day(), at.month(), u32::try_from(at.year()).ok(), self.region),
            time => time_in_words(at.hour(), at.minute(), self.region),
            written => at.format("%H:%M, %d/%m/%Y").to_string(),
            count => number::cardinal(items.len() as u64, self.region),
            length => length(seconds),
            entries,
        };
        let template = self.templates.get_template("script").map_err(|error| failed(&error))?;
        template.render(values).map_err(|error| failed(&error))
    }

    /// One line in words.
    fn say(&self, line: &str) -> String {
        self.normaliser.line(line).text
    }

    /// What is read of one item, a sentence a line.
    fn spoken(&self, item: &Item, office: &str) -> Vec<String> {
        let article = &item.article;
        if item.action == Action::Withdraw {
            let office = self.say(office);
            return vec![format!(
                "{office} thông báo thu hồi bài vừa nêu. Đề nghị bà con không sử dụng nội dung đã phát trước đây."
            )];
        }
        let source = clean::article(&article.body_text);
        let spoken = self.normaliser.text(&source);
        breath::sentences(&spoken.text).into_iter().map(str::to_owned).collect()
    }
}

fn weekday(day: chrono::Weekday) -> Weekday {
    match day {
        chrono::Weekday::Mon => Weekday::Monday,
        chrono::Weekday::Tue => Weekday::Tuesday,
        chrono::Weekday::Wed => Weekday::Wednesday,
        chrono::Weekday::Thu => Weekday::Thursday,
        chrono::Weekday::Fri => Weekday::Friday,
        chrono::Weekday::Sat => Weekday::Saturday,
        chrono::Weekday::Sun => Weekday::Sunday,
    }
}

/// Reading time, rounded up to half a minute.
fn length(seconds: f64) -> String {
    let halves = (seconds / 30.0).ceil().max(1.0);
    let minutes = (halves / 2.0).floor();
    match (minutes > 0.0, halves % 2.0 > 0.0) {
        (true, true) => format!("{minutes:.0} phút 30 giây"),
        (true, false) => format!("{minutes:.0} phút"),
        (false, _) => "30 giây".to_owned(),
    }
}

fn failed(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu bản tin bị lỗi: {error}", "the script's template failed: {error}"))
}
