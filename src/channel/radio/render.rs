//! The edition: the announcer's script, the clean text for a machine, and what is to be known about both.

use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::json;

use super::super::failure::RenderError;
use super::super::page::templates;
use super::super::{Item, Payload, RenderContext};
use super::reading::{Doubt, Reader, Reading, is_unreadable, is_urgent};
use crate::article::sha256_hex;
use crate::delivery::Action;
use crate::speech::calendar::{Weekday, date_in_words, time_in_words};
use crate::speech::{Region, number};
use crate::text;

/// The shipped wording of the script; an office may lay its own over it.
pub(super) const SCRIPT: &str = include_str!("templates/script.txt");
/// The shipped wording of the clean text.
pub(super) const CLEAN: &str = include_str!("templates/clean.txt");

/// Turns articles into what is read aloud.
pub(super) struct Announcer {
    pub(super) station: String,
    pub(super) sign_off: Option<String>,
    pub(super) voices: Vec<String>,
    pub(super) region: Region,
    pub(super) reader: Reader,
    /// How long an edition may take, in seconds.
    pub(super) slot: Option<f64>,
    templates: Environment<'static>,
}

/// What an office sets about its announcer.
pub(super) struct Manner {
    pub(super) station: String,
    pub(super) sign_off: Option<String>,
    pub(super) voices: Vec<String>,
    pub(super) region: Region,
    pub(super) slot: Option<f64>,
}

impl Announcer {
    /// An announcer who says what the two templates say.
    pub(super) fn new(manner: Manner, reader: Reader, script: String, clean: String) -> Result<Self, RenderError> {
        let mut templates = templates(AutoEscape::None);
        templates.add_template_owned("script", script).map_err(|error| failed(&error))?;
        templates.add_template_owned("clean", clean).map_err(|error| failed(&error))?;
        let Manner { station, sign_off, voices, region, slot } = manner;
        Ok(Self { station, sign_off, voices, region, reader, slot, templates })
    }

    /// Script, clean text and metadata of one edition.
    pub(super) fn edition(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        if items.is_empty() {
            return Err(RenderError(text!("bản tin không có bài nào", "the edition holds no article")));
        }
        let readings = self.readings(items, cx);
        let doubts: Vec<&Doubt> = readings.iter().flat_map(|reading| &reading.doubts).collect();
        let seconds = self.seconds(items, &readings, cx)?;
        let values = self.values(items, &readings, seconds, cx);
        let clean = self.fill("clean", &values)?;
        let withheld = doubts.iter().any(|doubt| is_unreadable(doubt));
        let version = sha256_hex(clean.as_bytes()).chars().take(12).collect::<String>();
        let script = self.fill("script", &context! { version => version.as_str(), ..values })?;
        let listed = items.iter().zip(&readings).map(|(item, reading)| {
            json!({
                "id": item.article.key.to_string(),
                "revision": item.revision,
                "kind": kind(item.action),
                "title": item.article.title,
                "seconds": reading.seconds.ceil(),
                "cut": reading.cut,
            })
        });
        let metadata = json!({
            "station": self.station,
            "slot": cx.edition.unwrap_or(cx.at),
            "seconds": seconds.ceil(),
            "version": version,
            "items": listed.collect::<Vec<_>>(),
            "doubts": doubts,
            "clean_text": if withheld { "withheld" } else { "ready" },
        });
        let mut beside = vec![("json", format!("{metadata:#}\n").into_bytes())];
        if !withheld {
            beside.push(("txt", clean.into_bytes()));
        }
        let cut: usize = readings.iter().map(|reading| reading.cut.len()).sum();
        let note = (cut > 0).then(|| {
            text!(
                "bớt {cut} đoạn cuối cho vừa thời lượng; các đoạn đó ghi ở đầu bản tin",
                "{cut} paragraphs at its end were left out to fit the slot; they stand at the head of the script"
            )
        });
        Ok(Payload { extension: "txt", bytes: script.into_bytes().into(), beside, note })
    }

    /// The positions of items that have no room in the slot. They stand in order of priority, then age: the
    /// first of them that does not fit ends the edition.
    pub(super) fn overflow(&self, items: &[Item], cx: &RenderContext) -> Vec<usize> {
        let Some(slot) = self.slot else { return Vec::new() };
        let readings = self.readings(items, cx);
        let fits = |most: usize| {
            let (items, readings) = (items.get(..most).unwrap_or(items), readings.get(..most).unwrap_or(&readings));
            self.seconds(items, readings, cx).is_ok_and(|seconds| seconds <= slot)
        };
        // More items never take less time: the last number that fits is found by halving.
        let (mut some, mut over) = (1, items.len() + 1);
        while over - some > 1 {
            let half = some.midpoint(over);
            if fits(half) { some = half } else { over = half }
        }
        (some..items.len()).collect()
    }

    /// An item that alone is longer than the slot loses paragraphs from its end.
    fn readings(&self, items: &[Item], cx: &RenderContext) -> Vec<Reading> {
        let mut readings: Vec<Reading> = items.iter().map(|item| self.reader.item(item, &cx.office.name)).collect();
        if let (Some(slot), [item, ..], [first, ..]) = (self.slot, items, readings.as_mut_slice()) {
            let alone = std::slice::from_ref(item);
            let mut fewer = 0;
            // Read whole once is better than cut and read twice.
            while self.seconds(alone, std::slice::from_ref(first), cx).is_ok_and(|seconds| seconds > slot) {
                fewer += usize::from(!first.twice);
                let Some(shorter) = self.reader.shortened(item, &cx.office.name, fewer) else { break };
                *first = shorter;
            }
        }
        readings
    }

    /// Seconds from the first word to the last, as the clean text says them.
    fn seconds(&self, items: &[Item], readings: &[Reading], cx: &RenderContext) -> Result<f64, RenderError> {
        let words = self.fill("clean", &self.values(items, readings, 0.0, cx))?;
        let pauses = readings.iter().map(|_| self.reader.pace.item_pause).sum::<f64>();
        Ok(self.reader.pace.seconds(&words) + pauses)
    }

    fn values(&self, items: &[Item], readings: &[Reading], seconds: f64, cx: &RenderContext) -> Value {
        let at = cx.edition.unwrap_or(cx.at).with_timezone(&cx.office.timezone);
        let doubts: Vec<&Doubt> = readings.iter().flat_map(|reading| &reading.doubts).collect();
        let entries = items.iter().zip(readings).zip(1_usize..).map(|((item, reading), number)| {
            context! {
                number => number::cardinal(number as u64, self.region),
                kind => kind(item.action),
                urgent => is_urgent(item),
                twice => reading.twice,
                title => reading.title.as_str(),
                lines => reading.marked.clone(),
                plain => reading.plain.clone(),
                length => length(reading.seconds),
                cut => reading.cut.clone(),
                voice => self.voices.get((number - 1) % self.voices.len().max(1)).cloned(),
            }
        });
        context! {
            station => self.reader.say(&self.station),
            sign_off => self.sign_off.as_deref().map(|words| self.reader.say(words)),
            office => self.reader.say(&cx.office.name),
            date => self.date(at),
            time => time_in_words(at.hour(), at.minute(), self.region),
            day_written => at.format("%d/%m/%Y").to_string(),
            time_written => at.format("%H:%M").to_string(),
            count => number::cardinal(items.len() as u64, self.region),
            length => length(seconds),
            entries => entries.collect::<Vec<_>>(),
            cuts => readings.iter().any(|reading| !reading.cut.is_empty()),
            doubts => doubts.into_iter().map(|doubt| Value::from(Serde(doubt))).collect::<Vec<_>>(),
        }
    }

    fn date(&self, at: DateTime<Tz>) -> String {
        let year = u32::try_from(at.year()).ok();
        date_in_words(Some(weekday(at.weekday())), at.day(), at.month(), year, self.region)
    }

    fn fill(&self, name: &str, values: &Value) -> Result<String, RenderError> {
        let template = self.templates.get_template(name).map_err(|error| failed(&error))?;
        template.render(values).map_err(|error| failed(&error))
    }
}

fn kind(action: Action) -> &'static str {
    match action {
        Action::Create(_) => "new",
        Action::Update(_) => "correction",
        Action::Withdraw => "withdrawal",
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

/// Reading time for people: "45 giây", "2 phút 05 giây".
fn length(seconds: f64) -> String {
    let (minutes, rest) = ((seconds.ceil() / 60.0).floor(), seconds.ceil() % 60.0);
    match (minutes > 0.0, rest > 0.0) {
        (true, true) => format!("{minutes:.0} phút {rest:02.0} giây"),
        (true, false) => format!("{minutes:.0} phút"),
        (false, _) => format!("{rest:.0} giây"),
    }
}

fn failed(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu bản tin bị lỗi: {error}", "the script's template failed: {error}"))
}
