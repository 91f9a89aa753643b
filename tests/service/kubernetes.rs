// SPDX-License-Identifier: MPL-2.0
//! The manifests fit the API of Kubernetes, each other, and the programme.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::running::{Folder, command};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/kubernetes")
}

/// All of them, known to be valid.
fn manifests() -> Vec<Value> {
    let list = std::fs::read_to_string(folder().join("kustomization.yaml")).unwrap();
    let named = list
        .lines()
        .filter_map(|line| line.strip_prefix("  - ")?.strip_suffix(".yaml"));
    let files: Vec<PathBuf> = named
        .map(|name| folder().join(name).with_extension("yaml"))
        .collect();
    let there = std::fs::read_dir(folder()).unwrap();
    let there = there.filter(|e| e.as_ref().unwrap().path().extension() == Some("yaml".as_ref()));
    assert_eq!(files.len() + 1, there.count(), "a file isn't in the list");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/kubernetes");
    // The distribution's modules belong to its Python, which needn't be the first in the path.
    let output = Command::new("/usr/bin/python3")
        .arg(tests.join("validate.py"))
        .args(&files)
        .output()
        .unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one of that kind and name.
fn named<'a>(manifests: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is_it = |m: &&Value| m["kind"] == kind && m["metadata"]["name"] == name;
    let mut found = manifests.iter().filter(is_it);
    let manifest = found.next().expect(kind);
    assert!(found.next().is_none(), "two of {kind} {name}");
    manifest
}

#[test]
fn the_manifests_fit_the_api_each_other_and_the_programme() {
    let manifests = manifests();
    let of = |kind: &str| named(&manifests, kind, "defect-monitor");
    let deployment = &of("Deployment")["spec"];
    let pod = &deployment["template"]["spec"];
    let container = &pod["containers"][0];

    let labels = &deployment["template"]["metadata"]["labels"];
    assert!(labels.is_object());
    for selector in [
        &deployment["selector"]["matchLabels"],
        &of("Service")["spec"]["selector"],
        &of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        &pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let scaled = &of("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"];
    assert_eq!(scaled["name"], "defect-monitor");
    assert_eq!(scaled["kind"], "Deployment");
    // Who scales it isn't overruled by who applies it.
    assert!(deployment.get("replicas").is_none());

    // The programme takes these arguments, and this configuration.
    let folder = Folder::new("kubernetes");
    let text = of("ConfigMap")["data"]["config.toml"].as_str().unwrap();
    let config = folder.path("config.toml");
    std::fs::write(&config, text).unwrap();
    assert_eq!(container["args"][0], "serve");
    let mut check = command(&["--check", &config]);
    // From the secret.
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NATS_TOKEN"] {
        check.env(name, "x");
    }
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let port = container["ports"][0]["containerPort"].as_u64().unwrap();
    assert!(text.contains(&format!("listen = \"0.0.0.0:{port}\"")));
    assert_eq!(of("Service")["spec"]["ports"][0]["targetPort"], "http");
    let [config, state] = [0, 1].map(|n| container["volumeMounts"][n]["mountPath"].as_str());
    let file = container["args"][1].as_str().unwrap();
    assert!(file.starts_with(config.unwrap()));
    let state_directory = |e: &&Value| e["name"] == "STATE_DIRECTORY";
    let variables = container["env"].as_array().unwrap();
    assert_eq!(
        variables.iter().find(state_directory).unwrap()["value"].as_str(),
        state
    );
}

#[test]
fn the_members_reach_nats_and_nobody_else_does() {
    let manifests = manifests();
    let of = |kind: &str| named(&manifests, kind, "nats");
    let set = &of("StatefulSet")["spec"];
    let labels = &set["template"]["metadata"]["labels"];
    let policy = &of("NetworkPolicy")["spec"];
    for selector in [
        &set["selector"]["matchLabels"],
        &of("Service")["spec"]["selector"],
        &of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &policy["podSelector"]["matchLabels"],
        &policy["ingress"][1]["from"][0]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let deployment = named(&manifests, "Deployment", "defect-monitor");
    let members = &deployment["spec"]["template"]["metadata"]["labels"];
    let let_in = &policy["ingress"][0];
    assert_eq!(&let_in["from"][0]["podSelector"]["matchLabels"], members);
    assert_eq!(let_in["ports"][0]["port"], "client");

    // A server takes its configuration, of which the members know name, port and number.
    let folder = Folder::new("kubernetes-nats");
    let text = of("ConfigMap")["data"]["nats.conf"].as_str().unwrap();
    std::fs::write(folder.path("nats.conf"), text).unwrap();
    let output = Command::new("nats-server")
        .args(["-t", "-c", &folder.path("nats.conf")])
        .env("POD_NAME", "nats-0")
        .env("NATS_TOKEN", "t123")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let config = named(&manifests, "ConfigMap", "defect-monitor");
    let config = config["data"]["config.toml"].as_str().unwrap();
    let container = &set["template"]["spec"]["containers"][0];
    let port = &container["ports"][0]["containerPort"];
    assert!(config.contains(&format!(
        "\"nats://{}:{port}\"",
        set["serviceName"].as_str().unwrap()
    )));
    assert!(config.contains(&format!("replicas = {}", set["replicas"])));
    assert!(text.contains(&format!("\nport: {port}\n")));
}

#[test]
fn the_image_has_what_is_installed_elsewhere_and_no_root() {
    let text = std::fs::read_to_string(folder().join("Dockerfile")).unwrap();
    let user = &manifest_user();
    assert!(text.contains(&format!("\nUSER {user}:{user}\n")), "{text}");
    // The one list of packages is that of pipelines/install.
    assert!(text.contains("\nRUN pipelines/install\n") && text.contains("install --run"));
    assert!(!text.contains("apt-get"));
}

fn manifest_user() -> String {
    let manifests = manifests();
    let deployment = named(&manifests, "Deployment", "defect-monitor");
    let pod = &deployment["spec"]["template"]["spec"];
    pod["securityContext"]["runAsUser"].to_string()
}
