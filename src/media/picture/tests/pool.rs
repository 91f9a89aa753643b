// SPDX-License-Identifier: MPL-2.0

//! Grids are used again once nobody holds them.

use super::super::{GridPool, Layout};
use super::frame::format;
use std::sync::Arc;

#[test]
fn free_grids_are_used_again() {
    let mut pool = GridPool::new(&format(Layout::Gray8, 16, 16), 3);
    let first = pool.write(|_| ());
    let address = Arc::as_ptr(&first);
    assert_ne!(Arc::as_ptr(&pool.write(|_| ())), address);
    drop(first);
    assert_eq!(Arc::as_ptr(&pool.write(|_| ())), address);
}

#[test]
fn growth_is_bounded() {
    let mut pool = GridPool::new(&format(Layout::Gray8, 16, 16), 2);
    let held: Vec<_> = (0..5).map(|_| pool.write(|_| ())).collect();
    // The pool holds the first two, too.
    assert_eq!(
        held.iter().map(Arc::strong_count).collect::<Vec<_>>(),
        [2, 2, 1, 1, 1]
    );
}
