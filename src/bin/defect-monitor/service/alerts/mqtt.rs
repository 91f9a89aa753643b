// SPDX-License-Identifier: MPL-2.0
//! Events by MQTT 3.1.1, at least once (QoS 1).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, Packet, QoS};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::notice::Notice;
use super::target::Failure;
use crate::lock::lock;
use crate::service::causes;
use crate::service::config::alerts::{MqttConfig, Receiver};
use crate::service::config::check::first;
use crate::service::log;

mod options;

pub use options::check;
use options::{is_encrypted, is_here, options};

/// Time that the broker gets to acknowledge an event.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time that the broker gets to close the connection at the end.
const FAREWELL: Duration = Duration::from_secs(1);
/// Time between two tries to connect.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The connection to the broker.
#[derive(Debug, Default, Clone)]
struct Link {
    /// Number of this connection; the client forgets unacknowledged messages of the previous one.
    number: u64,
    up: bool,
    /// Why it isn't connected; empty before the first try is over.
    why: String,
    /// Number of events that the broker has acknowledged on this connection, which it does in order (MQTT 3.1.1,
    /// 4.6).
    acknowledged: u64,
}

/// A broker that takes events.
#[derive(Debug)]
pub struct Mqtt {
    client: AsyncClient,
    topic: String,
    link: watch::Receiver<Link>,
    sent: Mutex<Sent>,
    /// Where the broker keeps whether this process is there.
    status: Option<String>,
    is_leaving: Arc<AtomicBool>,
}

/// The events sent on a connection.
#[derive(Debug, Default)]
struct Sent {
    /// Number of the connection.
    link: u64,
    /// Number of events sent on it.
    count: u64,
    /// Keys of the unacknowledged events, and how many had been sent with each.
    waiting: BTreeMap<String, u64>,
}

impl Mqtt {
    /// Starts to connect and keeps trying; an error if it can never work.
    pub fn start(
        config: &MqttConfig,
        member: &str,
        part: &str,
        runtime: &Handle,
    ) -> Result<Self, String> {
        first(check(config))?;
        if config.password.is_some() && !is_encrypted(config) && !is_here(&config.host) {
            log::warn(
                part,
                "the password goes to the broker without encryption; tls = true changes that",
            );
        }
        let status = config.status_topic.replace("{member}", member);
        let status = (!status.is_empty()).then_some(status);
        let (client, connection) = AsyncClient::new(options(config, part, status.as_deref())?, 64);
        let (tell, link) = watch::channel(Link::default());
        let birth = status.clone().map(|topic| (client.clone(), topic));
        let is_leaving = Arc::<AtomicBool>::default();
        runtime.spawn(keep_up(connection, birth, tell, Arc::clone(&is_leaving)));
        Ok(Self {
            client,
            topic: config.topic.clone(),
            link,
            sent: Mutex::default(),
            status,
            is_leaving,
        })
    }

    /// What is wrong with the connection.
    pub fn trouble(&self) -> Option<String> {
        let link = self.link.borrow();
        (!link.up && !link.why.is_empty()).then(|| link.why.clone())
    }

    /// Disconnects, so that the broker doesn't publish by itself that this process is gone. `says_so`: that is published before. Waits
    /// until it is done, a second at most.
    pub async fn sign_off(&self, says_so: bool) {
        self.is_leaving.store(true, Ordering::Release);
        let mut link = self.link.clone();
        if says_so && link.borrow().up {
            self.publish_status("offline");
        }
        let _ = self.client.try_disconnect();
        let gone = link.wait_for(|link| !link.up);
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }

    /// Tells the broker again that this process is there.
    pub fn announce(&self) {
        if self.link.borrow().up {
            self.publish_status("online");
        }
    }

    fn publish_status(&self, text: &str) {
        if let Some(topic) = &self.status {
            // Without an acknowledgement, which would be counted as that of an event.
            let _ = self.client.try_publish(topic, QoS::AtMostOnce, true, text);
        }
    }

    /// Sends an event and waits for the broker's acknowledgement. Without one the event is sent again on the next
    /// connection, so that an event that a failing broker had received isn't lost.
    pub async fn deliver(&self, notice: &Notice) -> Result<(), Failure> {
        let mut link = self.link.clone();
        let Some((number, count)) = self.publish(notice).map_err(Failure::for_now)? else {
            let up = tokio::time::timeout(TIMEOUT, link.wait_for(|link| link.up)).await;
            let why = self.trouble().filter(|_| up.is_err());
            return Err(Failure::for_now(
                why.unwrap_or_else(|| "the broker was away".to_owned()),
            ));
        };
        let told =
            link.wait_for(|link| link.number != number || !link.up || link.acknowledged >= count);
        match tokio::time::timeout(TIMEOUT, told).await {
            Ok(Ok(link)) if link.number == number && link.acknowledged >= count => Ok(()),
            Ok(_) => Err(Failure::for_now(
                "the connection broke before the broker had confirmed",
            )),
            Err(_) => Err(Failure::for_now(format!(
                "the broker says nothing for {} s",
                TIMEOUT.as_secs()
            ))),
        }
    }

    /// Publishes an event on the current connection if that isn't done already; returns the number of the connection
    /// and of this event on it. `None` if there is no connection.
    fn publish(&self, notice: &Notice) -> Result<Option<(u64, u64)>, String> {
        let mut sent = lock(&self.sent);
        // The lock is held, so that the connection can't be marked as down and nothing is left for the next one to
        // count.
        let link = self.link.borrow();
        if !link.up {
            return Ok(None);
        }
        if sent.link != link.number {
            *sent = Sent {
                link: link.number,
                ..Sent::default()
            };
        }
        sent.waiting.retain(|_, count| *count > link.acknowledged);
        let key = notice.key();
        if let Some(count) = sent.waiting.get(&key) {
            return Ok(Some((link.number, *count)));
        }
        let topic = self
            .topic
            .replace("{stream}", &notice.event.source.stream)
            .replace("{kind}", &notice.event.defect.kind);
        let body = serde_json::to_string(notice).map_err(|e| e.to_string())?;
        self.client
            .try_publish(topic, QoS::AtLeastOnce, false, body)
            .map_err(|e| e.to_string())?;
        sent.count += 1;
        let count = sent.count;
        sent.waiting.insert(key, count);
        Ok(Some((link.number, count)))
    }
}

/// Whether both keep at the same place whether this process is there.
pub fn is_same_place(one: &Receiver, other: &Receiver) -> bool {
    match (one, other) {
        (Receiver::Mqtt(one), Receiver::Mqtt(other)) => {
            (&one.host, one.port, &one.status_topic)
                == (&other.host, other.port, &other.status_topic)
        }
        _ => false,
    }
}

/// Connects repeatedly, until nobody needs the connection. `birth`: topic of the status message.
async fn keep_up(
    mut connection: EventLoop,
    birth: Option<(AsyncClient, String)>,
    tell: watch::Sender<Link>,
    is_leaving: Arc<AtomicBool>,
) {
    while !tell.is_closed() {
        match connection.poll().await {
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                tell.send_modify(|link| link.acknowledged += 1);
            }
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if let Some((client, topic)) = &birth
                    && !is_leaving.load(Ordering::Acquire)
                {
                    // Without an acknowledgement, which would be counted as that of an event.
                    let _ = client.try_publish(topic, QoS::AtMostOnce, true, "online");
                }
                tell.send_modify(|link| {
                    *link = Link {
                        number: link.number + 1,
                        up: true,
                        ..Link::default()
                    }
                });
            }
            Ok(_) => {}
            Err(e) => {
                let why = format!("the broker can't be reached: {}", causes(&e));
                // What was published just before is forgotten like all that was not acknowledged.
                connection.clean();
                tell.send_modify(|link| (link.up, link.why) = (false, why));
                if is_leaving.load(Ordering::Acquire) {
                    return;
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }
}
