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

#[test]
fn the_manifests_fit_the_api_each_other_and_the_programme() {
    let manifests = manifests();
    let of = |kind: &str| -> &Value {
        let mut found = manifests.iter().filter(|m| m["kind"] == kind);
        let manifest = found.next().expect(kind);
        assert!(found.next().is_none(), "two of {kind}");
        assert_eq!(manifest["metadata"]["name"], "defect-monitor", "{kind}");
        manifest
    };
    let set = &of("StatefulSet")["spec"];
    let pod = &set["template"]["spec"];
    let container = &pod["containers"][0];

    let labels = &set["template"]["metadata"]["labels"];
    assert!(labels.is_object());
    for selector in [
        &set["selector"]["matchLabels"],
        &of("Service")["spec"]["selector"],
        &of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    for name in [
        &set["serviceName"],
        &of("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"],
        &pod["serviceAccountName"],
        &of("RoleBinding")["subjects"][0]["name"],
        &of("RoleBinding")["roleRef"]["name"],
    ] {
        assert_eq!(name, "defect-monitor");
    }
    // Who scales it isn't overruled by who applies it.
    assert!(set.get("replicas").is_none());

    // The account may read what the members ask for.
    let rule = &of("Role")["rules"][0];
    let path = format!(
        "/apis/{}/v1/namespaces/$(NAMESPACE)/{}/{}",
        rule["apiGroups"][0].as_str().unwrap(),
        rule["resources"][0].as_str().unwrap(),
        rule["resourceNames"][0].as_str().unwrap()
    );
    let shard = container["args"][1].as_str().unwrap();
    assert!(shard.starts_with("--shard=$(ORDINAL)/https://") && shard.ends_with(&path));

    // The programme takes these arguments, and this configuration.
    let folder = Folder::new("kubernetes");
    let text = of("ConfigMap")["data"]["config.toml"].as_str().unwrap();
    let config = folder.path("config.toml");
    std::fs::write(&config, text).unwrap();
    let shard = shard
        .replace("$(ORDINAL)", "3")
        .replace("$(NAMESPACE)", "n");
    let mut check = command(&["--check", &shard, &config]);
    // From the secret.
    check.env("AWS_ACCESS_KEY_ID", "x");
    check.env("AWS_SECRET_ACCESS_KEY", "x");
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let port = container["ports"][0]["containerPort"].as_u64().unwrap();
    assert!(text.contains(&format!("listen = \"0.0.0.0:{port}\"")));
    assert_eq!(of("Service")["spec"]["ports"][0]["targetPort"], "http");
    let [config, state] = [0, 1].map(|n| container["volumeMounts"][n]["mountPath"].as_str());
    assert!(
        container["args"][2]
            .as_str()
            .unwrap()
            .starts_with(config.unwrap())
    );
    let state_directory = |e: &&Value| e["name"] == "STATE_DIRECTORY";
    let variables = container["env"].as_array().unwrap();
    assert_eq!(
        variables.iter().find(state_directory).unwrap()["value"].as_str(),
        state
    );
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
    let set = manifests.iter().find(|m| m["kind"] == "StatefulSet");
    let pod = &set.unwrap()["spec"]["template"]["spec"];
    pod["securityContext"]["runAsUser"].to_string()
}
