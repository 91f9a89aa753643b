// SPDX-License-Identifier: MPL-2.0
//! The rules for Prometheus, judged by Prometheus' own tool.

use std::process::Command;

#[test]
fn a_lost_stream_is_one_alarm_within_half_a_minute() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/monitoring");
    for arguments in [["check", "alerts.yml"], ["test", "alerts-test.yml"]] {
        let mut command = Command::new("promtool");
        command.args([arguments[0], "rules", arguments[1]]);
        let Ok(output) = command.current_dir(folder).output() else {
            eprintln!("left out: there is no promtool");
            return;
        };
        let said = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned());
        assert!(output.status.success(), "{said:?}");
    }
}
