//! How a page looks: the layout and what it shows of the visitor, words in their language, assets.
//!
//! A template says what it needs in both languages, `{{ t("Hôm nay", "Today") }}`, and gets the rest as JSON. Texts that
//! come from elsewhere in loa are shown by `|say`, instants by `|when`. Everything is escaped; what is not defined is an
//! error.

mod assets;
mod attempt;
mod badge;
mod difference;
mod payload;
mod why;
mod words;

use axum::response::Response;
use chrono_tz::Tz;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde_json::json;

use super::guard::{Guest, Officer, answer};
use super::pages;
use crate::text::Text;

pub(super) use assets::asset;
pub(super) use attempt::{attempt, decision, errand, outcome};
pub(super) use badge::{Badge, badge, paused};
pub(super) use difference::{by_paragraphs, by_words};
pub(super) use payload::frame;
pub(super) use why::why;

/// Every template, by name.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("../templates/layout.html")),
    ("parts.html", include_str!("../templates/parts.html")),
    ("stop.html", include_str!("../templates/stop.html")),
    ("confirm.html", include_str!("../templates/confirm.html")),
    ("sign_in.html", include_str!("../templates/sign_in.html")),
    ("set_up.html", include_str!("../templates/set_up.html")),
    ("today.html", include_str!("../templates/today.html")),
    ("today_board.html", include_str!("../templates/today_board.html")),
    ("articles.html", include_str!("../templates/articles.html")),
    ("articles_list.html", include_str!("../templates/articles_list.html")),
    ("article.html", include_str!("../templates/article.html")),
    ("article_standing.html", include_str!("../templates/article_standing.html")),
    ("revisions.html", include_str!("../templates/revisions.html")),
    ("resolve.html", include_str!("../templates/resolve.html")),
    ("again.html", include_str!("../templates/again.html")),
    ("approvals.html", include_str!("../templates/approvals.html")),
    ("approvals_list.html", include_str!("../templates/approvals_list.html")),
    ("approval.html", include_str!("../templates/approval.html")),
    ("write.html", include_str!("../templates/write.html")),
    ("preview.html", include_str!("../templates/preview.html")),
    ("payload.html", include_str!("../templates/payload.html")),
    ("readings.html", include_str!("../templates/readings.html")),
    ("history.html", include_str!("../templates/history.html")),
    ("versions.html", include_str!("../templates/versions.html")),
    ("templates.html", include_str!("../templates/templates.html")),
    ("template.html", include_str!("../templates/template.html")),
    ("template_seen.html", include_str!("../templates/template_seen.html")),
    ("channels.html", include_str!("../templates/channels.html")),
    ("channel.html", include_str!("../templates/channel.html")),
    ("channel_form.html", include_str!("../templates/channel_form.html")),
    ("channel_file.html", include_str!("../templates/channel_file.html")),
    ("channel_changed.html", include_str!("../templates/channel_changed.html")),
    ("channel_history.html", include_str!("../templates/channel_history.html")),
    ("channel_version.html", include_str!("../templates/channel_version.html")),
    ("channel_trial.html", include_str!("../templates/channel_trial.html")),
    ("channel_routing.html", include_str!("../templates/channel_routing.html")),
    ("new_channel.html", include_str!("../templates/new_channel.html")),
    ("schedule.html", include_str!("../templates/schedule.html")),
    ("people.html", include_str!("../templates/people.html")),
    ("person.html", include_str!("../templates/person.html")),
    ("subscribers.html", include_str!("../templates/subscribers.html")),
    ("subscribers_list.html", include_str!("../templates/subscribers_list.html")),
    ("subscribers_remove.html", include_str!("../templates/subscribers_remove.html")),
    ("subscribers_import.html", include_str!("../templates/subscribers_import.html")),
    ("ledger.html", include_str!("../templates/ledger.html")),
    ("own.html", include_str!("../templates/own.html")),
    ("two_steps.html", include_str!("../templates/two_steps.html")),
];

/// The templates, ready to be filled in.
pub(super) struct View {
    environment: Environment<'static>,
    office: String,
}

impl View {
    /// Reads the templates.
    pub(super) fn new(office: &str, zone: Tz) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        words::add(&mut environment, zone);
        environment.add_function("asset", |name: &str| assets::url(name).map(Value::from_safe_string));
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment, office: office.to_owned() })
    }

    /// A page for whoever comes.
    pub(super) fn guests_page(
        &self,
        template: &str,
        title: &Text,
        context: serde_json::Value,
        guest: &Guest,
    ) -> Result<Response, minijinja::Error> {
        let layout = json!({
            "language": guest.language,
            "office": self.office,
            "title": title,
            "officer": null,
            "nav": [],
            "csrf": "",
            "notice": null,
        });
        self.fill(template, layout, context)
    }

    /// A page for somebody who is signed in.
    pub(super) fn officers_page(
        &self,
        template: &str,
        title: &Text,
        context: serde_json::Value,
        guest: &Guest,
        officer: &Officer,
    ) -> Result<Response, minijinja::Error> {
        let account = &officer.session.account;
        let path = guest.path.split('?').next().unwrap_or("/");
        let layout = json!({
            "language": officer.language,
            "office": self.office,
            "title": title,
            "officer": { "name": account.name, "display": account.display, "role": account.role.text() },
            "nav": pages::nav(account.role, path),
            "csrf": officer.session.csrf.reveal(),
            "notice": officer.session.notice,
        });
        self.fill(template, layout, context)
    }

    fn fill(
        &self,
        template: &str,
        layout: serde_json::Value,
        own: serde_json::Value,
    ) -> Result<Response, minijinja::Error> {
        let (layout, own) = (Value::from(Serde(layout)), Value::from(Serde(own)));
        let html = self.environment.get_template(template)?.render(context! { ..own, ..layout })?;
        Ok(answer(html))
    }
}
