// SPDX-License-Identifier: MPL-2.0
//! The body of HTTP requests: the event itself, or what a template makes of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value, json};

use super::notice::Notice;
use crate::service::config::alerts::{Format, WebhookConfig};

/// Time after which Alertmanager takes an alert for resolved if it isn't sent again. Each is sent again five times as
/// often.
const ALERTMANAGER_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// The largest template file.
const LARGEST: u64 = 1 << 20;

/// How a notice becomes a body.
#[derive(Debug)]
pub enum Body {
    /// The event as JSON.
    Event,
    /// A list of one alert, as the API v2 of Alertmanager takes it.
    Alertmanager {
        /// The name of the cluster, or of this process without one.
        monitor: String,
        /// The name of this process.
        member: String,
    },
    /// What the template makes of it.
    Template {
        /// It has the template `body`, and `path` for what is added to the URL.
        templates: Box<Environment<'static>>,
        /// Secrets by name.
        secrets: BTreeMap<String, String>,
    },
}

impl Body {
    /// The body for a webhook. A template is rendered once at the start, to report its errors before an alarm needs
    /// it.
    pub fn of(config: &WebhookConfig) -> Result<Self, String> {
        let own = match (&config.template, &config.template_file) {
            (Some(_), Some(_)) => {
                return Err("template: there is `template-file` as well; leave one away".to_owned());
            }
            (Some(text), None) => Some(text.clone()),
            (None, Some(file)) => {
                let wrong = |why: String| format!("template-file: {}: {why}", file.display());
                let about = std::fs::metadata(file).map_err(|e| wrong(e.to_string()))?;
                if about.len() > LARGEST {
                    return Err(wrong(format!("a template has at most {LARGEST} bytes")));
                }
                Some(std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))?)
            }
            (None, None) => None,
        };
        let (text, path) = match (own, config.format) {
            (Some(_), Format::Slack | Format::Pagerduty | Format::Opsgenie) => {
                return Err("format: there is a template as well; leave one away".to_owned());
            }
            (Some(text), Format::Json) => (text, ""),
            (None, Format::Json) => return Ok(Self::Event),
            (None, Format::Slack) => (include_str!("templates/slack.json").to_owned(), ""),
            (None, Format::Pagerduty) => (include_str!("templates/pagerduty.json").to_owned(), ""),
            (None, Format::Opsgenie) => (
                include_str!("templates/opsgenie.json").to_owned(),
                "{% if state == 'end' %}/{{ episode | urlencode }}/close?identifierType=alias{% endif %}",
            ),
        };
        let read = |(name, secret): (&String, &crate::service::config::Secret)| {
            let value = secret
                .read()
                .map_err(|why| format!("secrets: {name}: {why}"))?;
            Ok((name.clone(), value))
        };
        let secrets: BTreeMap<String, String> = config
            .secrets
            .iter()
            .map(read)
            .collect::<Result<_, String>>()?;
        if config.format == Format::Pagerduty && !secrets.contains_key("routing_key") {
            let form = "secrets = { routing_key = { env = \"NAME\" } }";
            return Err(format!(
                "format: pagerduty takes the key of a service: {form}"
            ));
        }
        if config.format == Format::Opsgenie
            && !config
                .headers
                .keys()
                .any(|name| name.eq_ignore_ascii_case("authorization"))
        {
            let form = "headers = { Authorization = { env = \"NAME\" } }";
            return Err(format!(
                "format: opsgenie takes \"GenieKey ...\" in a header: {form}"
            ));
        }
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let wrong = |e: minijinja::Error| format!("template: {}", described(&e));
        templates.add_template_owned("body", text).map_err(wrong)?;
        templates
            .add_template_owned("path", path.to_owned())
            .map_err(wrong)?;
        check_names(&templates).map_err(|why| format!("template: {why}"))?;
        let templates = Box::new(templates);
        let body = Self::Template { templates, secrets };
        for state in ["begin", "ongoing", "end"] {
            let tried = body.of_notice(&sample(state)?);
            let (_, text) = tried.map_err(|why| format!("template: {why}"))?;
            serde_json::from_str::<Value>(&text).map_err(|e| {
                format!("template: what it makes of an event \"{state}\" isn't JSON: {e}")
            })?;
        }
        Ok(body)
    }

    /// What is added to the URL, and the body.
    pub fn of_notice(&self, notice: &Notice) -> Result<(String, String), String> {
        match self {
            Self::Event => Ok((String::new(), to_json(notice).to_string())),
            Self::Alertmanager { monitor, member } => Ok((
                "/api/v2/alerts".to_owned(),
                alertmanager(notice, monitor, member).to_string(),
            )),
            Self::Template { templates, secrets } => {
                let mut values = all_fields(notice);
                values.insert("secret".to_owned(), json!(secrets));
                let make = |name| templates.get_template(name)?.render(&values);
                let made = make("path").and_then(|path| Ok((path, make("body")?)));
                made.map_err(|e| described(&e))
            }
        }
    }
}

fn to_json(notice: &Notice) -> Value {
    serde_json::to_value(notice).unwrap_or_default()
}

/// The names that templates know: the fields of the event (absent ones too), and `title` and `details` as texts.
fn all_fields(notice: &Notice) -> Map<String, Value> {
    let defaults = json!({
        "labels": {}, "track": "", "detail": null, "reason": null, "channel": null, "area": null, "timecode": null,
        "count": null, "acknowledged": null, "flapping": false, "repeats": 0, "maintenance": false,
        "title": notice.title(), "details": notice.details(),
    });
    let mut fields = match defaults {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    if let Value::Object(own) = to_json(notice) {
        fields.extend(own);
    }
    fields
}

/// An alert, see the OpenAPI definition of Alertmanager. Its labels stay the same while it lasts, also if another member of a cluster goes
/// on with it. Only if it gets more severe it is another alert for Alertmanager, and the first runs out.
fn alertmanager(notice: &Notice, monitor: &str, member: &str) -> Value {
    let (source, defect) = (&notice.event.source, &notice.event.defect);
    let label = |name: &str| -> String {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = name.chars().map(|c| if is_allowed(c) { c } else { '_' });
        format!("label_{}", name.collect::<String>())
    };
    let mut labels: BTreeMap<String, &str> = source
        .labels
        .iter()
        .map(|(name, value)| (label(name), value.as_str()))
        .collect();
    for (name, value) in [
        ("alertname", defect.kind.as_str()),
        ("stream", &source.stream),
        ("severity", &defect.severity),
        ("monitor", monitor),
    ] {
        labels.insert(name.to_owned(), value);
    }
    let begun = notice.event.time;
    let length = SignedDuration::from_nanos(i64::try_from(defect.duration).unwrap_or(i64::MAX));
    let ends = match notice.is_end() {
        // Alertmanager ignores ends in the future.
        true => begun
            .saturating_add(length)
            .map_or(begun, |end| end.min(Timestamp::now())),
        false => Timestamp::now() + ALERTMANAGER_TIMEOUT,
    };
    json!([{
        "labels": labels,
        "annotations": {
            "summary": notice.title(),
            "description": notice.details(),
            "episode": notice.event.episode,
            "member": member,
            "track": source.track,
        },
        "startsAt": begun,
        "endsAt": ends,
    }])
}

/// Whether the body names only what there is. A name that is wrong would be nothing, not an error, where a filter takes it.
fn check_names(templates: &Environment<'_>) -> Result<(), String> {
    let body = templates.get_template("body").map_err(|e| described(&e))?;
    let mut known: Vec<String> = all_fields(&sample("end")?)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    known.push("secret".to_owned());
    let is_known = |name: &String| {
        known.contains(name) || templates.globals().any(|(global, _)| global == name)
    };
    match body
        .undeclared_variables(false)
        .into_iter()
        .find(|name| !is_known(name))
    {
        None => Ok(()),
        Some(name) => Err(format!(
            "there is no {name:?}; there are {}",
            known.join(", ")
        )),
    }
}

fn described(error: &minijinja::Error) -> String {
    let place = error
        .line()
        .map(|line| format!(" (line {line})"))
        .unwrap_or_default();
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    format!("{detail}{place}")
}

/// An event to try a template with.
fn sample(state: &str) -> Result<Notice, String> {
    let event = json!({
        "stream": "example", "labels": {"site": "vienna"}, "track": "video-0", "episode": "example.1.video-0.blackdetect.1",
        "time": "2026-01-01T00:00:00Z", "analysed": 1.0, "element": "blackdetect", "kind": "black", "state": state, "id": 1,
        "severity": "critical", "timestamp": 0, "duration": 5_000_000_000_u64, "value": 1.0, "threshold": 0.98, "confidence": 1.0,
    });
    serde_json::from_value(event).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::config::Secret;

    fn config(text: &str) -> WebhookConfig {
        toml::from_str(&format!("url = \"http://h/\"\n{text}")).unwrap()
    }

    #[test]
    fn ready_formats_make_what_their_services_take() {
        let file = std::env::temp_dir().join(format!("defect-key-{}", std::process::id()));
        std::fs::write(&file, "k3y").unwrap();
        let secret = || BTreeMap::from([("routing_key".to_owned(), Secret::File(file.clone()))]);
        let made = |config: &WebhookConfig, state: &str| {
            let body = Body::of(config).unwrap_or_else(|why| panic!("{why}"));
            let (path, text) = body.of_notice(&sample(state).unwrap()).unwrap();
            (path, serde_json::from_str::<Value>(&text).unwrap())
        };
        let (_, slack) = made(&config("format = \"slack\""), "begin");
        assert_eq!(slack["text"], "example (video-0): black, critical");
        let pagerduty = WebhookConfig {
            secrets: secret(),
            ..config("format = \"pagerduty\"")
        };
        let (_, begin) = made(&pagerduty, "begin");
        let (_, end) = made(&pagerduty, "end");
        assert_eq!(
            (&begin["routing_key"], &begin["event_action"]),
            (&json!("k3y"), &json!("trigger"))
        );
        assert_eq!(
            (&end["event_action"], &end["dedup_key"]),
            (&json!("resolve"), &begin["dedup_key"])
        );
        let headers = BTreeMap::from([("Authorization".to_owned(), Secret::File(file.clone()))]);
        let opsgenie = WebhookConfig {
            headers,
            ..config("format = \"opsgenie\"")
        };
        let (path, begin) = made(&opsgenie, "begin");
        assert_eq!((path.as_str(), &begin["priority"]), ("", &json!("P1")));
        let (path, _) = made(&opsgenie, "end");
        assert_eq!(
            path,
            "/example.1.video-0.blackdetect.1/close?identifierType=alias"
        );
    }

    #[test]
    fn a_template_that_can_never_work_is_refused_before_it_is_needed() {
        for (text, named) in [
            (
                "template = '{\"a\": {{ sream | tojson }}}'",
                "there is no \"sream\"; there are ",
            ),
            ("template = '{{ stream }}'", "isn't JSON"),
            ("template = '{% if %}'", "template: "),
            ("template = '{}'\nformat = \"slack\"", "leave one away"),
            ("template-file = \"/no/such/file\"", "/no/such/file"),
            ("format = \"pagerduty\"", "routing_key"),
            ("format = \"opsgenie\"", "GenieKey"),
        ] {
            let why = Body::of(&config(text)).unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
        let odd = "template = '{\"a\": {{ stream | tojson }}, \"why\": {{ reason | tojson }}, \"n\": {{ repeats }}}'";
        assert!(Body::of(&config(odd)).is_ok());
    }
}
