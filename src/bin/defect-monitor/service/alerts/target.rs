// SPDX-License-Identifier: MPL-2.0
//! The receivers of notices, of all types.

use std::time::Duration;

use super::mqtt::Mqtt;
use super::notice::Notice;
use super::webhook::Webhook;

/// Who is sent something.
#[derive(Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// An HTTP server.
    Webhook(Webhook),
    /// An MQTT broker.
    Mqtt(Mqtt),
}

/// Why a notice didn't arrive.
#[derive(Debug)]
pub struct Failure {
    /// In words.
    pub why: String,
    /// The receiver will never accept this notice.
    pub for_good: bool,
    /// When the receiver asks to be tried again.
    pub after: Option<Duration>,
}

impl Failure {
    /// It may arrive later.
    pub fn for_now(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            for_good: false,
            after: None,
        }
    }
}

impl Target {
    /// Sends a notice and waits until it has arrived.
    pub async fn deliver(&self, notice: &Notice) -> Result<(), Failure> {
        match self {
            Self::Webhook(webhook) => webhook.deliver(notice).await,
            Self::Mqtt(mqtt) => mqtt.deliver(notice).await,
            Self::Stdout => {
                let line = serde_json::to_string(notice).unwrap_or_default();
                // A reader that has gone is not a reason to stop watching, and one that is slow keeps nobody else.
                let print = move || {
                    use std::io::Write;
                    let _ = writeln!(std::io::stdout().lock(), "{line}");
                };
                let _ = tokio::task::spawn_blocking(print).await;
                Ok(())
            }
        }
    }

    /// What is wrong with the connection, if that is known without sending anything.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Mqtt(mqtt) => mqtt.trouble(),
            Self::Stdout | Self::Webhook(_) => None,
        }
    }

    /// How often it is told that this process lives.
    pub fn heartbeat(&self) -> Option<Duration> {
        match self {
            Self::Webhook(webhook) => webhook.heartbeat_interval(),
            Self::Stdout | Self::Mqtt(_) => None,
        }
    }
}
