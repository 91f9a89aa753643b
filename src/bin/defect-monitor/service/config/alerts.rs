// SPDX-License-Identifier: MPL-2.0
//! The sections `[[alerts]]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Secret;
use super::load::Found;

/// One `[[alerts]]`: who is alarmed, of what, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertConfig {
    /// Of what, and how often.
    pub rules: Rules,
    /// Who is alarmed.
    pub to: Receiver,
}

/// What is said of all receivers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// What it is called in messages and metrics; its type by default.
    pub name: Option<String>,
    /// Only these kinds of defects; all by default.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Only defects of this severity or more: `info`, `warning`, `error`, `critical`.
    pub severity: Option<String>,
    /// How long a defect must be over before its end is sent, in seconds. What comes back before goes on as the same alarm.
    #[serde(default = "Rules::usual_hold_down")]
    pub hold_down_seconds: u64,
    /// With each time that an alarm comes back the hold-down doubles, up to this, in seconds. An alarm that stays away for longer is new.
    #[serde(default = "Rules::usual_flap")]
    pub flap_seconds: u64,
    /// An alarm that lasts and that nobody has acknowledged is sent again so often, in minutes; never by default.
    pub repeat_minutes: Option<u64>,
    /// How long after a start of the monitor a defect may take to be found again, in seconds. The alarms of the run before whose defects
    /// aren't found again end then.
    #[serde(default = "Rules::usual_grace")]
    pub restart_grace_seconds: u64,
    /// What couldn't be sent for so long isn't sent any more, in hours.
    #[serde(default = "Rules::usual_expiry")]
    pub expire_hours: u64,
    /// No longer used: events wait in the folder of `[state]`.
    pub spool: Option<PathBuf>,
}

/// The keys of [`Rules`].
const OF_ALL: &[&str] = &[
    "name",
    "kinds",
    "severity",
    "hold-down-seconds",
    "flap-seconds",
    "repeat-minutes",
    "restart-grace-seconds",
    "expire-hours",
    "spool",
];

impl Rules {
    fn usual_hold_down() -> u64 {
        10
    }

    fn usual_flap() -> u64 {
        600
    }

    fn usual_grace() -> u64 {
        60
    }

    fn usual_expiry() -> u64 {
        24
    }
}

impl AlertConfig {
    /// Reads a table: the type says which keys there are besides those that all have.
    pub fn read(mut item: Spanned<DeValue<'_>>, found: &mut Found<'_>) -> Option<Self> {
        let span = item.span();
        let DeValue::Table(table) = item.get_mut() else {
            found.note(Some(span), "expected a table");
            return None;
        };
        let kind = table.remove("type");
        let mut of_all = DeTable::new();
        for key in OF_ALL {
            if let Some((key, value)) = table.remove_entry(*key) {
                of_all.insert(key, value);
            }
        }
        let rules = found.whole(Spanned::new(span.clone(), DeValue::Table(of_all)));
        let Some(kind) = kind else {
            found.note(Some(span), "missing field `type`");
            return None;
        };
        let to = match found.whole(kind)? {
            Kind::Stdout => found.receiver::<Nothing>(item).map(|_| Receiver::Stdout),
            Kind::Webhook => found.receiver(item).map(Receiver::Webhook),
            Kind::Alertmanager => found.receiver(item).map(Receiver::Alertmanager),
            Kind::Mqtt => found.receiver(item).map(Receiver::Mqtt),
        };
        Some(Self {
            rules: rules?,
            to: to?,
        })
    }

    /// Its name in messages and metrics.
    pub fn name(&self) -> &str {
        self.rules.name.as_deref().unwrap_or_else(|| self.to.kind())
    }
}

impl Found<'_> {
    /// What one type of receivers has.
    fn receiver<T: DeserializeOwned>(&mut self, table: Spanned<DeValue<'_>>) -> Option<T> {
        self.whole_with(table, |what| match what.starts_with("unknown field") {
            true => format!(
                "{what}, or of those of all receivers: `{}`",
                OF_ALL.join("`, `")
            ),
            false => what,
        })
    }
}

/// The types of receivers.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Stdout,
    Webhook,
    Alertmanager,
    Mqtt,
}

/// Standard output needs nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Who is alarmed.
#[derive(Debug, Clone, PartialEq)]
pub enum Receiver {
    /// JSON lines on standard output.
    Stdout,
    /// An HTTP server, by POST.
    Webhook(WebhookConfig),
    /// Alertmanager of Prometheus, by its API v2.
    Alertmanager(AlertmanagerConfig),
    /// JSON by MQTT 3.1.1.
    Mqtt(MqttConfig),
}

impl Receiver {
    fn kind(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Webhook(_) => "webhook",
            Self::Alertmanager(_) => "alertmanager",
            Self::Mqtt(_) => "mqtt",
        }
    }
}

/// An HTTP server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WebhookConfig {
    /// `https://...` or `http://...`; `${NAME}` stands for an environment variable, `${file:PATH}` for what is in a file.
    pub url: String,
    /// Further headers, whose values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// Certificates (PEM) of the authority that signed the server's.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) that is shown to the server, if it asks for one.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// What the server takes.
    #[serde(default)]
    pub format: Format,
    /// A body of one's own, as a template in the language of Jinja; it makes JSON.
    pub template: Option<String>,
    /// The same in a file.
    pub template_file: Option<PathBuf>,
    /// Secrets in the body, e.g. the `routing_key` of PagerDuty; in templates `secret.NAME`.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// So often `heartbeat-url` gets `{"state": "heartbeat", ...}`, in seconds: when that stays away, this process is
    /// dead. Never by default.
    pub heartbeat_seconds: Option<u64>,
    /// By default `url`; with placeholders like it.
    pub heartbeat_url: Option<String>,
}

/// What a server takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The event, as it is stored.
    #[default]
    Json,
    /// A message of Slack (incoming webhooks), also taken by Mattermost and Rocket.Chat.
    Slack,
    /// An event of PagerDuty (Events API v2), with `secrets = { routing_key = ... }`.
    Pagerduty,
    /// An alert of Opsgenie (Alert API v2), with the header `Authorization`.
    Opsgenie,
}

/// Alertmanager of Prometheus.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlertmanagerConfig {
    /// Where it is, without the path of the API, e.g. `http://alertmanager.example:9093`; with placeholders as in
    /// the `url` of a webhook.
    pub url: String,
    /// Further headers, whose values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// Certificates (PEM) of the authority that signed the server's.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) that is shown to the server, if it asks for one.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
}

/// A broker.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MqttConfig {
    /// Name or address of the broker.
    pub host: String,
    /// Its port; 1883, or 8883 with encryption, by default.
    pub port: Option<u16>,
    /// `{stream}` and `{kind}` stand for those of the event.
    #[serde(default = "MqttConfig::usual_topic")]
    pub topic: String,
    /// Where the broker keeps (retains) whether this process is there: `online`, or `offline`, which it says by itself when the connection
    /// breaks. `{member}` stands for the name of this process; empty: nowhere.
    #[serde(default = "MqttConfig::usual_status_topic")]
    pub status_topic: String,
    /// The client identifier; one of its own by default.
    pub client_id: Option<String>,
    /// The user name for the broker.
    pub username: Option<String>,
    /// The password for the broker.
    pub password: Option<Secret>,
    /// Whether the connection is encrypted.
    #[serde(default)]
    pub tls: bool,
    /// Certificates (PEM) of the authority that signed the broker's; those of the system by default.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) that is shown to the server, if it asks for one.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
}

impl MqttConfig {
    fn usual_topic() -> String {
        "defects/{stream}/{kind}".to_owned()
    }

    fn usual_status_topic() -> String {
        "defect-monitor/{member}/status".to_owned()
    }
}
