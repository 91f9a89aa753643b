// SPDX-License-Identifier: MPL-2.0
//! Events by MQTT 3.1.1, at least once (QoS 1).

use std::path::PathBuf;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, Transport};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::courier::Failure;
use super::outbox::Letter;
use crate::service::config::Secret;
use crate::service::parts::{Health, Parts};
use crate::service::results::place;
use crate::service::tls;

/// So long the broker may take to say that it has an event.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_secs(1);
/// The largest packet: events have a few kB.
const LARGEST: usize = 1 << 20;

/// Where to, and how.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// Name or address of the broker.
    pub host: String,
    /// Its port; 1883, or 8883 with encryption, by default.
    pub port: Option<u16>,
    /// `{stream}` and `{kind}` stand for those of the event.
    #[serde(default = "Config::usual_topic")]
    pub topic: String,
    /// How this client is called; of its own by default.
    pub client_id: Option<String>,
    /// Who logs in.
    pub username: Option<String>,
    /// With which password.
    pub password: Option<Secret>,
    /// Whether the connection is encrypted.
    #[serde(default)]
    pub tls: bool,
    /// Certificates (PEM) of the authority that signed the broker's; those of the system by default.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    fn usual_topic() -> String {
        "defects/{stream}/{kind}".to_owned()
    }
}

/// A broker that takes events.
#[derive(Debug)]
pub struct Mqtt {
    client: AsyncClient,
    topic: String,
    /// How many events the broker has acknowledged.
    acknowledged: watch::Receiver<u64>,
    /// The key of the event that is on its way, and how many were acknowledged before it. The client itself repeats it when the broker
    /// is back, so it is published once.
    pending: Option<(String, u64)>,
}

impl Mqtt {
    /// Starts to connect, for as long as it takes; an error if it can never work.
    pub fn start(
        config: &Config,
        part: &str,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        if config.topic.is_empty() || config.topic.contains(['#', '+']) {
            return Err(format!(
                "topic {:?}: events can't be sent to patterns",
                config.topic
            ));
        }
        let encrypted = config.tls || config.ca_file.is_some();
        let port = config.port.unwrap_or(if encrypted { 8883 } else { 1883 });
        let id = config.client_id.clone().unwrap_or_else(|| own_id(part));
        let mut options = MqttOptions::new(id, &config.host, port);
        options.set_keep_alive(Duration::from_secs(15));
        options.set_max_packet_size(LARGEST, LARGEST);
        if let Some(user) = &config.username {
            let password = config.password.as_ref().map(Secret::read).transpose()?;
            options.set_credentials(user, password.unwrap_or_default());
        }
        if encrypted {
            options.set_transport(transport(config)?);
        }
        let (client, mut connection) = AsyncClient::new(options, 16);
        let (count, acknowledged) = watch::channel(0_u64);
        let (part, parts) = (part.to_owned(), parts.clone());
        runtime.spawn(async move {
            // Until nobody waits for acknowledgements any more.
            while !count.is_closed() {
                match connection.poll().await {
                    Ok(Event::Incoming(Packet::PubAck(_))) => count.send_modify(|n| *n += 1),
                    Ok(Event::Incoming(Packet::ConnAck(_))) => parts.report(&part, Health::Fine),
                    Ok(_) => {}
                    Err(e) => {
                        parts.report(
                            &part,
                            Health::Degraded(format!("the broker can't be reached: {e}")),
                        );
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
        Ok(Self {
            client,
            topic: config.topic.clone(),
            acknowledged,
            pending: None,
        })
    }

    /// Sends an event and waits for the broker's word.
    pub async fn deliver(&mut self, letter: &Letter) -> Result<(), Failure> {
        let failure = |why: String| Failure {
            why,
            for_good: false,
            after: None,
        };
        let topic = self
            .topic
            .replace("{stream}", &letter.stream)
            .replace("{kind}", &letter.kind);
        let before = match &self.pending {
            Some((key, before)) if *key == letter.key => *before,
            _ => {
                let body = letter.body.clone();
                let sent = self
                    .client
                    .try_publish(topic, QoS::AtLeastOnce, false, body);
                sent.map_err(|e| failure(e.to_string()))?;
                let before = *self.acknowledged.borrow();
                self.pending = Some((letter.key.clone(), before));
                before
            }
        };
        let acknowledged = self.acknowledged.wait_for(|n| *n > before);
        match tokio::time::timeout(TIMEOUT, acknowledged).await {
            Ok(Ok(_)) => {
                self.pending = None;
                Ok(())
            }
            Ok(Err(why)) => Err(failure(why.to_string())),
            Err(_) => Err(failure(format!(
                "the broker says nothing for {} s",
                TIMEOUT.as_secs()
            ))),
        }
    }
}

/// No other client has it: a broker lets two of one name evict each other.
fn own_id(part: &str) -> String {
    let number = crate::service::chance(0.0, f64::from(u32::MAX)) as u32;
    format!("defect-monitor-{}-{number:08x}", place::file_name(part))
}

fn transport(config: &Config) -> Result<Transport, String> {
    tls::prepare();
    let Some(file) = &config.ca_file else {
        return Ok(Transport::tls_with_default_config());
    };
    Ok(Transport::tls(tls::authority(file)?, None, None))
}
