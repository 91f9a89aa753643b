// SPDX-License-Identifier: MPL-2.0
//! With the real Alertmanager of Prometheus, where there is one.

use super::*;

/// A real Alertmanager.
struct Alertmanager {
    process: Child,
    url: String,
}

impl Alertmanager {
    /// None if it isn't installed.
    fn start(name: &str, receiver: &str) -> Option<Self> {
        let place = folder(&format!("alertmanager-{name}"));
        let port = free_port();
        let text = format!(
            "route:\n  receiver: all\n  group_by: [stream]\n  group_wait: 100ms\n  group_interval: 200ms\n\
             receivers:\n  - name: all\n    webhook_configs:\n      - url: {receiver}\n        send_resolved: true\n"
        );
        std::fs::write(place.join("alertmanager.yml"), text).unwrap();
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!(
                "--config.file={}",
                place.join("alertmanager.yml").display()
            ))
            .arg(format!("--storage.path={}", place.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            eprintln!(
                "not tested: there is no prometheus-alertmanager; pipelines/install --tests brings it"
            );
            return None;
        };
        wait("the Alertmanager", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let url = format!("http://127.0.0.1:{port}");
        Some(Self { process, url })
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn alertmanager_sends_on_what_begins_and_ends() {
    let runtime = runtime();
    let (url, came) = server(&runtime, |_, _, _| 200);
    let Some(manager) = Alertmanager::start("whole", &url) else {
        return;
    };
    let text = format!(
        "type = \"alertmanager\"\nhold-down-seconds = 0\nurl = \"{}\"",
        manager.url
    );
    let rig = Rig::start(&text, &folder("alertmanager"), runtime.handle()).unwrap();
    let mut begin = event("one", "black", "critical");
    begin.source.labels = Arc::new([("site-of".to_owned(), "vienna".to_owned())].into());
    rig.alerts.send(&begin);
    let has = |status: &str| {
        lock(&came).iter().any(|(_, _, group)| {
            let alert = &group["alerts"][0];
            alert["status"] == status && alert["labels"]["stream"] == "one"
        })
    };
    wait("firing", || has("firing"));
    let alert = lock(&came)[0].2["alerts"][0].clone();
    assert_eq!(alert["labels"]["alertname"], "black");
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["label_site_of"], "vienna");
    assert_eq!(alert["annotations"]["episode"], &*begin.episode);
    begin.defect.state = "end".to_owned();
    begin.defect.reason = Some("cleared".to_owned());
    rig.alerts.send(&begin);
    wait("resolved", || has("resolved"));
    assert!(rig.alerts.undelivered().is_empty());
    rig.close();
}
