//! Joins the broker that `config.toml` names with its way in.

use std::sync::Arc;

use super::App;
use crate::config::{BrokerConfig, BrokerLogin};
use crate::intake::{BrokerIntake, Credentials, Login, Nats};

/// The broker's way in.
pub(super) fn intake(app: &App, config: &BrokerConfig) -> BrokerIntake {
    let reach = Nats {
        url: config.url.clone(),
        stream: config.stream.clone(),
        subject: config.subject.clone(),
        durable: config.durable.clone(),
        refused: config.refused.clone(),
        ca: config.ca.clone(),
        login: login(config.login.clone()),
    };
    let (source, clock) = (config.source.clone(), app.clock().clone());
    BrokerIntake { reach: Arc::new(reach), source, intake: app.intake(), clock }
}

fn login(login: BrokerLogin) -> Login {
    Arc::new(move || {
        let read = |secret: &crate::channel::Secret| secret.read().map_err(|error| error.0);
        Ok(match &login {
            BrokerLogin::None => Credentials::None,
            BrokerLogin::Password(user, password) => Credentials::Password(user.clone(), read(password)?),
            BrokerLogin::Token(token) => Credentials::Token(read(token)?),
            BrokerLogin::Creds(creds) => Credentials::Creds(read(creds)?),
        })
    })
}
