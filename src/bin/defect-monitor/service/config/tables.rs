// SPDX-License-Identifier: MPL-2.0
//! From a table of the file to the section that it is: all that is wrong in it is found, not only the first.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeValue, ValueDeserializer};

use super::without_values;

/// The keys, or numbers of list entries, that lead to a value.
type Path = Vec<String>;

/// Where what was put into a table lies in the file: nowhere.
const NOWHERE: Range<usize> = 0..0;

/// What was read of a table.
#[derive(Debug)]
pub struct Read<T> {
    /// Without what is wrong.
    pub section: T,
    /// No value was left out. Otherwise nothing can be said of what depends on it.
    pub is_whole: bool,
}

/// Reads a table. Each thing that is wrong is noted with its place and left out, and the rest is read again; nothing comes back where
/// something is missing that has no default.
pub fn read<T: DeserializeOwned>(
    mut table: Spanned<DeValue<'_>>,
    mut note: impl FnMut(Range<usize>, String),
) -> Option<Read<T>> {
    table.get_mut().make_owned();
    let whole = table.span();
    let mut left_out = BTreeSet::<Path>::new();
    // Tables in it that lack something.
    let mut incomplete = BTreeSet::<Path>::new();
    let mut is_whole = true;
    loop {
        let error = match T::deserialize(ValueDeserializer::from(table.clone())) {
            Ok(section) if incomplete.is_empty() => return Some(Read { section, is_whole }),
            Ok(_) => {
                // The last of a list first, so that the others keep their numbers.
                for path in std::mem::take(&mut incomplete).iter().rev() {
                    remove(&mut table, path)?;
                }
                is_whole = false;
                continue;
            }
            Err(error) => error,
        };
        let message = without_values(error.message());
        let span = error.span().unwrap_or_else(|| whole.clone());
        let path = path_to(&table, &span).unwrap_or_default();
        if let Some(key) = missing(&message) {
            let missing = [path.as_slice(), &[key.to_owned()]].concat();
            if !left_out.contains(&missing) {
                note(span, message);
            }
            // What else is missing is known only if this isn't.
            fill(&mut table, &missing)?;
            incomplete.insert(path);
        } else if span == NOWHERE {
            return None;
        } else {
            is_whole &= message.starts_with("unknown field");
            note(span, message);
            remove(&mut table, &path)?;
            left_out.insert(path);
        }
    }
}

fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// The path to the key or value that lies there, if it isn't the outermost.
fn path_to(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Path> {
    let inside = |key: &str, value: &Spanned<DeValue<'_>>| {
        let mut path = path_to(value, span).or_else(|| (value.span() == *span).then(Path::new))?;
        path.insert(0, key.to_owned());
        Some(path)
    };
    match value.get_ref() {
        DeValue::Table(table) => table.iter().find_map(|(key, value)| {
            let is_key = || (key.span() == *span).then(|| vec![key.get_ref().to_string()]);
            inside(key.get_ref(), value).or_else(is_key)
        }),
        DeValue::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(n, item)| inside(&n.to_string(), item))
        }
        _ => None,
    }
}

fn at<'v, 'i>(value: &'v mut Spanned<DeValue<'i>>, path: &[String]) -> Option<&'v mut DeValue<'i>> {
    path.iter().try_fold(value.get_mut(), |value, key| {
        let inner = match value {
            DeValue::Table(table) => table.get_mut(key.as_str())?,
            DeValue::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
        Some(inner.get_mut())
    })
}

fn remove(value: &mut Spanned<DeValue<'_>>, path: &[String]) -> Option<()> {
    let (key, parents) = path.split_last()?;
    let parent = at(value, parents)?;
    match parent {
        DeValue::Table(table) => table.remove(key.as_str()).map(drop),
        DeValue::Array(items) => {
            let mut left = DeArray::new();
            let others = items
                .iter()
                .enumerate()
                .filter(|(n, _)| n.to_string() != *key);
            others.for_each(|(_, item)| left.push(item.clone()));
            *parent = DeValue::Array(left);
            Some(())
        }
        _ => None,
    }
}

/// Puts an empty text where something is missing.
fn fill(value: &mut Spanned<DeValue<'_>>, path: &[String]) -> Option<()> {
    let (key, parents) = path.split_last()?;
    let DeValue::Table(table) = at(value, parents)? else {
        return None;
    };
    let key = Spanned::new(NOWHERE, key.clone().into());
    let empty = Spanned::new(NOWHERE, DeValue::String("".into()));
    table.insert(key, empty).is_none().then_some(())
}
