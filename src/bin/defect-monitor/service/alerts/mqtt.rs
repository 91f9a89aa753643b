// SPDX-License-Identifier: MPL-2.0
//! Events by MQTT 3.1.1, at least once (QoS 1).

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, Transport};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::courier::Failure;
use super::outbox::Letter;
use crate::service::config::Secret;
use crate::service::log;
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
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
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

/// The connection to the broker.
#[derive(Debug, Default, Clone, Copy)]
struct Link {
    /// Which it is: they are counted. The client forgets with each what was on its way by the last.
    number: u64,
    up: bool,
    /// How many events the broker has acknowledged by it.
    acknowledged: u64,
}

/// A broker that takes events.
#[derive(Debug)]
pub struct Mqtt {
    client: AsyncClient,
    topic: String,
    link: watch::Receiver<Link>,
    /// What was sent by the present connection.
    sent: Sent,
}

/// What was sent by a connection.
#[derive(Debug, Default)]
struct Sent {
    /// Which.
    link: u64,
    /// How many events.
    count: u64,
    /// Key of the last.
    last: Option<String>,
}

/// Whether it can work, as far as that is known without the broker.
pub fn check(config: &Config) -> Result<(), String> {
    if config.topic.is_empty() || config.topic.contains(['#', '+']) {
        return Err(format!(
            "topic {:?}: events can't be sent to patterns",
            config.topic
        ));
    }
    // Not repeated: in a URL there may be a password.
    if config.host.is_empty() || config.host.contains(['/', '@', ' ']) {
        return Err(
            "host: the name or address of the broker alone, e.g. broker.example".to_owned(),
        );
    }
    options(config, "").map(drop)
}

impl Mqtt {
    /// Starts to connect, for as long as it takes; an error if it can never work.
    pub fn start(
        config: &Config,
        part: &str,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        check(config)?;
        let encrypted = config.tls || config.ca_file.is_some();
        if config.password.is_some() && !encrypted && !is_here(&config.host) {
            log::line(
                part,
                "the password goes to the broker without encryption; tls = true changes that",
            );
        }
        let (client, connection) = AsyncClient::new(options(config, part)?, 16);
        let (tell, link) = watch::channel(Link::default());
        runtime.spawn(keep_up(connection, tell, part.to_owned(), parts.clone()));
        Ok(Self {
            client,
            topic: config.topic.clone(),
            link,
            sent: Sent::default(),
        })
    }

    /// Sends an event and waits for the broker's word. Without it the event is sent again by the next connection: what a broker took along when it
    /// went down is not lost.
    pub async fn deliver(&mut self, letter: &Letter) -> Result<(), Failure> {
        let failure = |why: &str| Failure {
            why: why.to_owned(),
            for_good: false,
            after: None,
        };
        let Some((number, count)) = self.publish(letter).map_err(|why| failure(&why))? else {
            // Why, the connection itself has reported.
            let up = self.link.wait_for(|link| link.up);
            let up = tokio::time::timeout(TIMEOUT, up).await;
            return Err(failure(match up {
                Ok(_) => "the broker was away",
                Err(_) => "the broker can't be reached",
            }));
        };
        let told = self
            .link
            .wait_for(|link| link.number != number || !link.up || link.acknowledged >= count);
        match tokio::time::timeout(TIMEOUT, told).await {
            Ok(Ok(link)) if link.number == number && link.acknowledged >= count => Ok(()),
            Ok(_) => Err(failure(
                "the connection broke before the broker had confirmed",
            )),
            Err(_) => Err(failure(&format!(
                "the broker says nothing for {} s",
                TIMEOUT.as_secs()
            ))),
        }
    }

    /// Publishes an event by the present connection, unless that is done; gives which connection it is and how many events have gone
    /// by it. None if there is no connection.
    fn publish(&mut self, letter: &Letter) -> Result<Option<(u64, u64)>, String> {
        // While it is borrowed the connection can't be told to be down, so nothing is left for the next one to count.
        let link = self.link.borrow();
        if !link.up {
            return Ok(None);
        }
        if self.sent.link != link.number {
            self.sent = Sent {
                link: link.number,
                ..Sent::default()
            };
        }
        if self.sent.last.as_ref() != Some(&letter.key) {
            let topic = self
                .topic
                .replace("{stream}", &letter.stream)
                .replace("{kind}", &letter.kind);
            self.client
                .try_publish(topic, QoS::AtLeastOnce, false, letter.body.clone())
                .map_err(|e| e.to_string())?;
            self.sent.count += 1;
            self.sent.last = Some(letter.key.clone());
        }
        Ok(Some((link.number, self.sent.count)))
    }
}

/// Connects again and again, until nobody waits for anything any more.
async fn keep_up(mut connection: EventLoop, tell: watch::Sender<Link>, part: String, parts: Parts) {
    while !tell.is_closed() {
        match connection.poll().await {
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                tell.send_modify(|link| link.acknowledged += 1);
            }
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                parts.report(&part, Health::Fine);
                tell.send_modify(|link| {
                    *link = Link {
                        number: link.number + 1,
                        up: true,
                        acknowledged: 0,
                    }
                });
            }
            Ok(_) => {}
            Err(e) => {
                tell.send_modify(|link| link.up = false);
                // What was published just before is forgotten like all that was not acknowledged.
                connection.clean();
                let why = format!("the broker can't be reached: {e}");
                parts.report(&part, Health::Degraded(why));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn options(config: &Config, part: &str) -> Result<MqttOptions, String> {
    let encrypted = config.tls || config.ca_file.is_some();
    let port = config.port.unwrap_or(if encrypted { 8883 } else { 1883 });
    let id = config.client_id.clone().unwrap_or_else(|| own_id(part));
    let mut options = MqttOptions::new(id, &config.host, port);
    options.set_keep_alive(Duration::from_secs(15));
    options.set_max_packet_size(LARGEST, LARGEST);
    // A session that outlives the connection would send again by itself, but no broker has to keep one.
    options.set_clean_session(true);
    if let Some(user) = &config.username {
        let password = config.password.as_ref().map(Secret::read).transpose()?;
        options.set_credentials(user, password.unwrap_or_default());
    }
    if encrypted {
        options.set_transport(transport(config)?);
    }
    Ok(options)
}

/// Whether what is sent there stays on this machine.
fn is_here(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
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
