// SPDX-License-Identifier: MPL-2.0
//! Queues of the latest of something.

use std::collections::VecDeque;

/// Appends an item to a queue of at most `most`, from which the oldest drops out. Allocates nothing in a queue with room for `most`.
pub fn push_latest<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    while queue.len() >= most.max(1) {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_drop_out_and_room_is_reused() {
        let mut queue = VecDeque::with_capacity(3);
        let room = queue.capacity();
        (0..10).for_each(|n| push_latest(&mut queue, n, 3));
        assert_eq!(queue, [7, 8, 9]);
        assert_eq!(queue.capacity(), room);
    }
}
