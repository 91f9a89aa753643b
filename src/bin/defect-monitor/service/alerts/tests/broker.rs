// SPDX-License-Identifier: MPL-2.0
//! With a real broker, where there is one.

use rumqttc::{Client, Event as Mqtt, MqttOptions, Packet, QoS};

use super::*;

/// A real broker.
struct Broker {
    process: Child,
    port: u16,
    log: PathBuf,
}

impl Broker {
    /// None if it isn't installed.
    fn start(port: u16) -> Option<Self> {
        let folder = folder(&format!("broker-{port}"));
        let (file, log) = (folder.join("mosquitto.conf"), folder.join("log"));
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nlog_type all\nlog_dest file {}\n",
            log.display()
        );
        std::fs::write(&file, text).unwrap();
        let process = ["mosquitto", "/usr/sbin/mosquitto"]
            .into_iter()
            .find_map(|program| {
                let mut command = Command::new(program);
                command
                    .arg("-c")
                    .arg(&file)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null());
                command.spawn().ok()
            });
        let Some(process) = process else {
            eprintln!("not tested: there is no mosquitto; pipelines/install --tests brings it");
            return None;
        };
        wait("the broker", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Self { process, port, log })
    }

    /// It takes no more packets, though connections stay.
    fn halt(&self) {
        let id = self.process.id().to_string();
        let halted = Command::new("kill").args(["-STOP", &id]).status().unwrap();
        assert!(halted.success());
    }

    /// How often the broker, by its own log, has got something of that topic. Readers would have to be there before.
    fn got(&self, topic: &str) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .filter(|line| {
                line.contains("Received PUBLISH") && line.contains(&format!("'{topic}'"))
            })
            .count()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is published at that port from now on.
fn subscribe(port: u16) -> Arc<Mutex<Vec<(String, serde_json::Value)>>> {
    let came = Came::default();
    let (client, mut connection) = Client::new(MqttOptions::new("reader", "127.0.0.1", port), 10);
    client.subscribe("defects/#", QoS::AtLeastOnce).unwrap();
    let kept = Arc::clone(&came);
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _client = client;
        for event in connection.iter() {
            match event {
                Ok(Mqtt::Incoming(Packet::SubAck(_))) => ready.send(()).unwrap_or_default(),
                Ok(Mqtt::Incoming(Packet::Publish(p))) => {
                    lock(&kept)
                        .push((p.topic.clone(), serde_json::from_slice(&p.payload).unwrap()));
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
    });
    is_ready.recv_timeout(Duration::from_secs(10)).unwrap();
    came
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn to_broker(port: u16, name: &str, parts: &Parts, runtime: &Handle) -> Alerts {
    let text = format!("type = \"mqtt\"\nhost = \"127.0.0.1\"\nport = {port}");
    Alerts::start(&[config(&text, &folder(name))], "a", parts, runtime).unwrap()
}

fn is_degraded(parts: &Parts) -> bool {
    let is = |health: &Health| matches!(health, Health::Degraded(_));
    parts.list().iter().any(|part| is(&part.health))
}

#[test]
fn a_broker_gets_every_event_also_those_of_the_time_when_it_was_away() {
    let port = free_port();
    let Some(broker) = Broker::start(port) else {
        return;
    };
    let (runtime, parts) = (runtime(), Parts::default());
    let alerts = to_broker(port, "mqtt", &parts, runtime.handle());
    let came = subscribe(broker.port);
    alerts.send(&event("a", "black", "error"));
    wait("the first", || !lock(&came).is_empty());
    let (topic, body) = lock(&came)[0].clone();
    assert_eq!(
        (topic.as_str(), &body["kind"]),
        ("defects/a/black", &"black".into())
    );
    drop(broker);
    wait("degraded", || is_degraded(&parts));
    alerts.send(&event("b", "silence", "error"));
    let broker = Broker::start(port).unwrap();
    wait("the second", || broker.got("defects/b/silence") > 0);
    alerts.close();
    assert_eq!(broker.got("defects/b/silence"), 1);
}

#[test]
fn an_event_that_a_broker_took_to_its_grave_is_sent_to_the_next() {
    let port = free_port();
    let Some(broker) = Broker::start(port) else {
        return;
    };
    let (runtime, parts) = (runtime(), Parts::default());
    let alerts = to_broker(port, "mqtt-grave", &parts, runtime.handle());
    alerts.send(&event("a", "black", "error"));
    wait("the first", || broker.got("defects/a/black") > 0);
    broker.halt();
    alerts.send(&event("b", "silence", "error"));
    // It is on its way now, and nobody will ever say that it has arrived.
    std::thread::sleep(Duration::from_millis(300));
    drop(broker);
    alerts.send(&event("c", "freeze", "error"));
    let broker = Broker::start(port).unwrap();
    wait("the others", || {
        broker.got("defects/b/silence") > 0 && broker.got("defects/c/freeze") > 0
    });
    alerts.close();
    assert_eq!(
        parts.numbers()["defect_alerts_sent"].values["alerts: mqtt"],
        3.0
    );
}
