// SPDX-License-Identifier: MPL-2.0
//! Lists of several members as one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::Answer;

/// The episodes of all lists, each once, the latest first.
pub fn by_time(lists: impl IntoIterator<Item = Value>, limit: usize) -> Vec<Value> {
    let lists = lists.into_iter().filter_map(|list| match list {
        Value::Array(list) => Some(list),
        _ => None,
    });
    let mut known = BTreeSet::new();
    let mut all: Vec<_> = lists
        .flatten()
        .filter(|event| known.insert(event["episode"].to_string()))
        .collect();
    all.sort_by_cached_key(|event| std::cmp::Reverse(time(event)));
    all.truncate(limit);
    all
}

/// The events of this member and those that others answer, as `/api/v1/events` has them.
pub fn events(own: Value, others: &[Answer], limit: usize) -> Value {
    let others = others.iter();
    let others = others.filter_map(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
    let all: Vec<Value> = std::iter::once(own).chain(others).collect();
    let of = |key: &str, limit| by_time(all.iter().map(|lists| lists[key].clone()), limit);
    let mut open = of("open", usize::MAX);
    open.reverse();
    serde_json::json!({ "open": open, "recent": of("recent", limit) })
}

fn time(event: &Value) -> Option<Timestamp> {
    event["time"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_several_are_one_in_order_of_time() {
        let event = |name: &str, time: &str| json!({ "episode": name, "time": time });
        let (a, b) = (
            event("a", "2026-01-01T00:00:05Z"),
            event("b", "2026-01-01T00:00:05.5Z"),
        );
        let lists = || [json!([a]), json!([b, a]), json!("broken")];
        assert_eq!(by_time(lists(), 9), [b.clone(), a.clone()]);
        assert_eq!(by_time(lists(), 1).len(), 1);
        let other = Answer {
            status: 200,
            kind: String::new(),
            body: json!({ "open": [a], "recent": [] })
                .to_string()
                .as_bytes()
                .into(),
        };
        let all = events(json!({ "open": [b], "recent": [b] }), &[other], 9);
        assert_eq!(all, json!({ "open": [a, b], "recent": [b] }));
    }
}
