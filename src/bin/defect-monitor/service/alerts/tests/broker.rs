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

/// What is published at that port under these topics, from now on and as far as it is kept.
fn subscribe(port: u16, topics: &str) -> Arc<Mutex<Vec<(String, String)>>> {
    let came = Arc::<Mutex<Vec<(String, String)>>>::default();
    let (client, mut connection) = Client::new(MqttOptions::new("reader", "127.0.0.1", port), 10);
    client.subscribe(topics, QoS::AtLeastOnce).unwrap();
    let (kept, topics) = (Arc::clone(&came), topics.to_owned());
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for event in connection.iter() {
            match event {
                Ok(Mqtt::Incoming(Packet::SubAck(_))) => ready.send(()).unwrap_or_default(),
                Ok(Mqtt::Incoming(Packet::Publish(p))) => {
                    let text = String::from_utf8(p.payload.to_vec()).unwrap();
                    lock(&kept).push((p.topic.clone(), text));
                }
                Ok(_) => {}
                // A broker that is slow to answer.
                Err(_) if client.subscribe(topics.as_str(), QoS::AtLeastOnce).is_ok() => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(_) => break,
            }
        }
    });
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
    came
}

fn to_broker(port: u16, name: &str, runtime: &Handle) -> Rig {
    let text = format!("type = \"mqtt\"\nhost = \"127.0.0.1\"\nport = {port}");
    Rig::start(&text, &folder(name), runtime).unwrap()
}

#[test]
fn a_broker_gets_every_event_also_those_of_the_time_when_it_was_away() {
    let port = free_port();
    let Some(broker) = Broker::start(port) else {
        return;
    };
    let runtime = runtime();
    let rig = to_broker(port, "mqtt", runtime.handle());
    let came = subscribe(broker.port, "defects/#");
    rig.alerts.send(&event("a", "black", "error"));
    wait("the first", || !lock(&came).is_empty());
    let (topic, body) = lock(&came)[0].clone();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (topic.as_str(), &body["kind"]),
        ("defects/a/black", &"black".into())
    );
    drop(broker);
    wait("degraded", || rig.degraded().is_some());
    rig.alerts.send(&event("b", "silence", "error"));
    let broker = Broker::start(port).unwrap();
    wait("the second", || broker.got("defects/b/silence") > 0);
    rig.close();
    assert_eq!(broker.got("defects/b/silence"), 1);
}

#[test]
fn an_event_that_a_broker_took_to_its_grave_is_sent_to_the_next() {
    let port = free_port();
    let Some(broker) = Broker::start(port) else {
        return;
    };
    let runtime = runtime();
    let rig = to_broker(port, "mqtt-grave", runtime.handle());
    rig.alerts.send(&event("a", "black", "error"));
    wait("the first", || broker.got("defects/a/black") > 0);
    broker.halt();
    rig.alerts.send(&event("b", "silence", "error"));
    // It is on its way now, and nobody will ever say that it has arrived.
    std::thread::sleep(Duration::from_millis(300));
    drop(broker);
    rig.alerts.send(&event("c", "freeze", "error"));
    let broker = Broker::start(port).unwrap();
    wait("the others", || {
        broker.got("defects/b/silence") > 0 && broker.got("defects/c/freeze") > 0
    });
    wait("all said to have arrived", || {
        rig.number("defect_alerts_sent", "alerts: mqtt") == 3.0
    });
    rig.close();
}

#[test]
fn the_broker_keeps_whether_the_monitor_is_there() {
    let port = free_port();
    let Some(_broker) = Broker::start(port) else {
        return;
    };
    let own = runtime();
    let rig = to_broker(port, "mqtt-status", own.handle());
    let came = subscribe(port, "defect-monitor/+/status");
    let is = |text: &str| {
        lock(&came).last() == Some(&("defect-monitor/a/status".to_owned(), text.to_owned()))
    };
    wait("online", || is("online"));
    // As a process ends that is killed: connections break, and nobody says a word.
    rig.kill();
    drop(own);
    wait("offline", || is("offline"));
}

#[test]
fn a_broker_hears_that_the_process_is_there_also_after_a_change() {
    let port = free_port();
    let Some(broker) = Broker::start(port) else {
        return;
    };
    let (runtime, place) = (runtime(), folder("mqtt-changed"));
    let text = |more: &str| {
        format!("[[alerts]]\ntype = \"mqtt\"\nhost = \"127.0.0.1\"\nport = {port}\n{more}")
    };
    let rig = Rig::start(&text(""), &place, runtime.handle()).unwrap();
    let status = subscribe(broker.port, "defect-monitor/a/status");
    let online = |n| lock(&status).iter().filter(|s| s.1 == "online").count() >= n;
    wait("online", || online(1));
    let changed = text("topic = \"other/{stream}\"");
    assert_eq!(rig.apply(&changed, &[], false), (0, 1, 0));
    wait("online again", || online(2));
    rig.alerts.send(&event("a", "black", "error"));
    wait("the event", || broker.got("other/a") > 0);
    assert!(
        lock(&status).iter().all(|s| s.1 == "online"),
        "{:?}",
        lock(&status)
    );
    // Another name, the same place: that the process is there is said last.
    let renamed = text("name = \"broker\"");
    assert_eq!(rig.apply(&renamed, &[], false), (1, 0, 1));
    wait("still online", || {
        let all = lock(&status);
        all.iter().any(|s| s.1 == "offline") && all.last().unwrap().1 == "online"
    });
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        lock(&status).last().unwrap().1,
        "online",
        "{:?}",
        lock(&status)
    );
    assert_eq!(rig.apply("", &[], false), (0, 0, 1));
    wait("offline", || lock(&status).last().unwrap().1 == "offline");
    rig.close();
}
