// SPDX-License-Identifier: MPL-2.0
//! Chromium without a window, driven by ChromeDriver (W3C WebDriver).

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, ask};

/// Machines of continuous integration are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    profile: PathBuf,
}

/// A ChromeDriver and its port. It ends at once if the port that it has found for IPv4 is taken for IPv6: then it is started again.
fn driver() -> Option<(Child, u16)> {
    for _ in 0..5 {
        let start = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut driver) = start else {
            eprintln!("left out: there is no chromedriver (Debian's package chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .trim_end_matches('.')
                .parse::<u16>()
                .ok()
        });
        match port {
            Some(port) => return Some((driver, port)),
            None => drop(driver.wait()),
        }
    }
    panic!("ChromeDriver says no port");
}

impl Browser {
    /// With a page of that size; nothing, and a word about it, where ChromeDriver isn't installed. Narrow ones are phones.
    pub fn open(width: u32, height: u32) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (driver, port) = driver()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("defect-monitor-browser-{}-{number}", std::process::id());
        let profile = std::env::temp_dir().join(name);
        let mut browser = Self {
            driver,
            address: ([127, 0, 0, 1], port).into(),
            session: String::new(),
            profile,
        };
        let session = browser.command("POST", "/session", &browser.wishes(width, height));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    fn wishes(&self, width: u32, height: u32) -> Value {
        let mut options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            format!("--window-size={width},{height}"), format!("--user-data-dir={}", self.profile.display()),
        ]});
        if width < 500 {
            options["mobileEmulation"] = json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2.0, "touch": true } });
        }
        json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        }}})
    }

    /// Goes to a page.
    pub fn go(&self, url: &str) {
        self.on("url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        self.on("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an expression is once it is what it should be.
    pub fn until(&self, expression: &str, is: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let value = self.run(&format!("return {expression}"));
            if is(&value) {
                return value;
            }
            assert!(
                Instant::now() < end,
                "{expression} is {value}; {}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Clicks as a user does; once more where the page was drawn again between finding and clicking.
    pub fn click(&self, selector: &str) {
        let wish = json!({ "using": "css selector", "value": selector });
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.on("element", &wish);
            let element = found.as_object().unwrap().values().next().unwrap().clone();
            let click = format!(
                "{}/element/{}/click",
                self.session,
                element.as_str().unwrap()
            );
            let answer = self.ask("POST", &click, &json!({}));
            if answer.status == 200 {
                return;
            }
            let is_stale = answer.text().contains("stale element reference");
            assert!(
                is_stale && Instant::now() < end,
                "{selector}: {}",
                answer.text()
            );
        }
    }

    /// What the page complained of.
    pub fn said(&self) -> String {
        let log = self.on("se/log", &json!({ "type": "browser" }));
        log.as_array().map_or_else(String::new, |entries| {
            let texts = entries.iter().filter_map(|e| e["message"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        })
    }

    fn on(&self, what: &str, body: &Value) -> Value {
        self.command("POST", &format!("{}/{what}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = ["Content-Type: application/json"];
        ask(self.address, method, path, &headers, &body.to_string())
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // A driver that has gone is no second failure.
            let _ =
                std::panic::catch_unwind(|| ask(self.address, "DELETE", &self.session, &[], ""));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
