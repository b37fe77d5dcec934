//! The worker team: several threads share one forward pass, and change no bit of it.
//!
//! A [`Team`] is entered once for some passes. Its lead runs them as if alone and, where a layer is
//! wide enough, offers the columns of what it computes as numbered parts
//! ([`Crew::for_each_strip`]). Helpers spin for work between such offers, for a bounded time; one
//! that finds none for long dozes and looks again now and then. Parts are claimed one by one, so a
//! helper that is late, asleep or gone costs nothing, and the lead alone always gets to the end.
//! Which thread computes a column cannot matter, as columns do not depend on one another.
#![allow(unsafe_code)] // threads write disjoint parts of one slice

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A task: called with the number of each part, from any thread.
type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// Turns of the spin loop for which a helper waits for work: some hundred microseconds, several times
/// what passes between two products of a pass. In Miri, a thousand times slower, hardly any.
const PATIENCE: usize = if cfg!(miri) { 20 } else { 200_000 };

/// Turns for which the lead waits for a part that another member has claimed: as long as a part takes.
const HASTE: usize = if cfg!(miri) { 20 } else { 20_000 };

/// How long a member sleeps that has waited in vain.
const NAP: Duration = Duration::from_micros(100);

/// Widths of parts are a multiple of this: the rows of a tile of packed weights.
const GRAIN: usize = 16;

/// How many threads share a pass, the calling one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Team {
    members: usize,
}

impl Team {
    /// A team of `members` threads: at least one, and only one where the build has no threads.
    /// In a browser the thread pool must have been started for more than one.
    pub fn new(members: usize) -> Self {
        let most = if HAS_THREADS { 64 } else { 1 };
        Team {
            members: members.clamp(1, most),
        }
    }

    /// Threads of the team.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Runs `pass` on the calling thread, while the team's helpers are ready.
    pub fn enter<R>(&self, pass: impl FnOnce(&Crew) -> R) -> R {
        let crew = Crew::new(self.members);
        self.with_helpers(&crew, || {
            // Closed also when `pass` unwinds, or the helpers would wait out their patience.
            let _closing = Closing(&crew);
            pass(&crew)
        })
    }

    /// Miri, which judges our code, would stop at rayon's.
    #[cfg(miri)]
    fn with_helpers<R>(&self, crew: &Crew, lead: impl FnOnce() -> R) -> R {
        std::thread::scope(|scope| {
            for _ in 1..self.members {
                scope.spawn(|| crew.help());
            }
            lead()
        })
    }

    #[cfg(all(
        not(miri),
        any(not(target_arch = "wasm32"), target_feature = "atomics")
    ))]
    fn with_helpers<R>(&self, crew: &Crew, lead: impl FnOnce() -> R) -> R {
        if self.members == 1 {
            return lead();
        }
        rayon::in_place_scope(|scope| {
            for _ in 1..self.members {
                scope.spawn(|_| crew.help());
            }
            lead()
        })
    }

    #[cfg(not(any(not(target_arch = "wasm32"), target_feature = "atomics")))]
    fn with_helpers<R>(&self, _crew: &Crew, lead: impl FnOnce() -> R) -> R {
        lead()
    }
}

const HAS_THREADS: bool = cfg!(any(not(target_arch = "wasm32"), target_feature = "atomics"));

struct Closing<'a>(&'a Crew);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
    }
}

/// Alone on its line of the cache, so that a write here slows down no reader of another line.
#[repr(align(64))]
struct Line<T>(T);

/// The members of a team during one pass.
pub struct Crew {
    members: usize,
    /// Parts of the offered task that nobody has claimed yet.
    unclaimed: Line<AtomicUsize>,
    /// Parts of the offered task that helpers have finished.
    finished: Line<AtomicUsize>,
    /// The offered task. Written by the lead while nothing is unclaimed or unfinished, read by a
    /// helper only between a claim and its finish.
    task: std::cell::UnsafeCell<Option<*const Task<'static>>>,
    closed: AtomicBool,
}

// SAFETY: `task` is the only part that is not `Sync` by itself. The lead writes it when no part is
// claimed and unfinished, then releases `unclaimed`; a helper reads it after acquiring a claim from
// `unclaimed` and before releasing `finished`, which the lead acquires before it writes again.
unsafe impl Sync for Crew {}

impl Crew {
    fn new(members: usize) -> Self {
        Crew {
            members,
            unclaimed: Line(AtomicUsize::new(0)),
            finished: Line(AtomicUsize::new(0)),
            task: std::cell::UnsafeCell::new(None),
            closed: AtomicBool::new(false),
        }
    }

    /// Threads that may take part.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Splits the columns of some sheets of one width into parts and calls
    /// `compute(columns, strips)` for each, on whichever thread is free; all in one part where the
    /// work is not `worth` sharing.
    ///
    /// # Panics
    /// When the sheets are not of one width.
    pub fn for_each_strip<const N: usize>(
        &self,
        sheets: [Sheet; N],
        worth: bool,
        compute: impl Fn(Range<usize>, [Strip; N]) + Sync,
    ) {
        let width = sheets.first().map_or(0, |sheet| sheet.width);
        let fits = sheets.iter().all(|sheet| sheet.width == width);
        assert!(fits, "sheets of one width");
        // One for each: to hand over a part costs more than what smaller ones make up for.
        let parts = if worth { self.members } else { 1 };
        let part_len = width.div_ceil(parts).next_multiple_of(GRAIN);
        let part = |part: usize| {
            let columns = part * part_len..width.min((part + 1) * part_len);
            // Parts are disjoint columns, each claimed by one thread, and the sheets stay mutably
            // borrowed until `offer` returns, after the last part is finished.
            let strips = sheets.each_ref().map(|sheet| Strip {
                base: sheet.base,
                rows: sheet.rows,
                blocks: sheet.blocks,
                width,
                columns: columns.clone(),
                sheet: PhantomData,
            });
            compute(columns, strips);
        };
        match width.div_ceil(part_len.max(1)) {
            0 => {}
            1 => part(0),
            parts => self.offer(parts, &part),
        }
    }

    /// Calls `compute(i, row, item)` for each row of a matrix `[items, len]` and the item that
    /// belongs to it, on whichever thread is free.
    ///
    /// # Panics
    /// When there is not one row for each item.
    pub fn for_each_row<T: Send>(
        &self,
        matrix: &mut [f32],
        items: &mut [T],
        compute: impl Fn(usize, &mut [f32], &mut T) + Sync,
    ) {
        let (count, len) = (items.len(), matrix.len() / items.len().max(1));
        assert_eq!(matrix.len(), count * len, "one row for each item");
        if self.members == 1 || count < 2 {
            let rows = matrix.chunks_exact_mut(len.max(1)).zip(items);
            return rows
                .enumerate()
                .for_each(|(i, (row, item))| compute(i, row, item));
        }
        let (rows, items) = (Shared(matrix.as_mut_ptr()), Shared(items.as_mut_ptr()));
        self.offer(count, &|i| {
            // SAFETY: each row and item is claimed by one thread, and both slices stay mutably
            // borrowed until `offer` returns, after the last part is finished.
            let (row, item) = unsafe {
                let row = std::slice::from_raw_parts_mut(rows.get().add(i * len), len);
                (row, &mut *items.get().add(i))
            };
            compute(i, row, item);
        });
    }

    /// Runs `task(0..parts)` across the team and returns when all parts are finished.
    fn offer(&self, parts: usize, task: &Task<'_>) {
        // SAFETY: no part of an earlier task is claimed and unfinished (see `Settle`), so nobody
        // reads the cell. The lifetime is erased only until this function returns, and `Settle`
        // makes it outlast every claimed part, also when the lead's own part unwinds.
        unsafe {
            let task = std::mem::transmute::<*const Task<'_>, *const Task<'static>>(task);
            *self.task.get() = Some(task);
        }
        self.finished.0.store(0, Ordering::Relaxed);
        self.unclaimed.0.store(parts, Ordering::Release);
        let mut settle = Settle { crew: self, parts };
        while let Some(part) = self.claim() {
            // The lead's own parts need no count that others see.
            settle.parts -= 1;
            task(part);
        }
    }

    /// The number of a part that is now the caller's, if one was left.
    fn claim(&self) -> Option<usize> {
        let claim = self
            .unclaimed
            .0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |n| n.checked_sub(1));
        claim.ok().map(|left| left - 1)
    }

    /// Claims and runs one part, as a helper does; false when none was left.
    fn help_once(&self) -> bool {
        let Some(part) = self.claim() else {
            return false;
        };
        let _finish = Finish(self);
        // SAFETY: a claim stands between the lead's write of the cell and its next one.
        let task = unsafe { &*(*self.task.get()).expect("a claimed part has a task") };
        task(part);
        true
    }

    /// A helper's whole time: work while there is work, wait while there is none.
    fn help(&self) {
        let mut idle = 0;
        while !self.closed.load(Ordering::Acquire) {
            if self.unclaimed.0.load(Ordering::Relaxed) > 0 && self.help_once() {
                idle = 0;
            } else if idle < PATIENCE {
                idle += 1;
                std::hint::spin_loop();
            } else {
                std::thread::park_timeout(NAP);
            }
        }
    }
}

/// Counts a claimed part as finished, also when it unwound.
struct Finish<'a>(&'a Crew);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finished.0.fetch_add(1, Ordering::Release);
    }
}

/// Waits until no helper runs a claimed part; withdraws what nobody claimed.
struct Settle<'a> {
    crew: &'a Crew,
    /// Parts offered to helpers, taken or not.
    parts: usize,
}

impl Drop for Settle<'_> {
    fn drop(&mut self) {
        let withdrawn = self.crew.unclaimed.0.swap(0, Ordering::Relaxed);
        let mut turns = 0;
        while self.crew.finished.0.load(Ordering::Acquire) + withdrawn < self.parts {
            turns += 1;
            if turns < HASTE {
                std::hint::spin_loop();
            } else {
                // The helper with the last part has lost its core: let it run on this one.
                std::thread::park_timeout(NAP);
            }
        }
    }
}

/// A pointer that may cross threads; sound by the reasoning where it is used.
struct Shared<T>(*mut T);

impl<T> Shared<T> {
    /// By reference, so that closures capture the wrapper and not the bare pointer.
    fn get(&self) -> *mut T {
        self.0
    }
}

// SAFETY: a crew hands out disjoint parts of a slice of `T: Send`.
unsafe impl<T: Send> Sync for Shared<T> {}

/// A matrix `[rows, blocks · width]` that a crew fills in: each row is some blocks of one width, and
/// a part has the same columns of all blocks and rows.
pub struct Sheet<'a> {
    base: *mut f32,
    rows: usize,
    blocks: usize,
    width: usize,
    values: PhantomData<&'a mut [f32]>,
}

// SAFETY: a sheet stands for a `&mut [f32]`, and a crew hands out disjoint columns of it.
unsafe impl Sync for Sheet<'_> {}

impl<'a> Sheet<'a> {
    /// The sheet of whole rows of `blocks` blocks, each of `width` columns.
    ///
    /// # Panics
    /// When the last row is not whole.
    pub fn new(values: &'a mut [f32], blocks: usize, width: usize) -> Self {
        let row = blocks * width;
        let rows = values.len() / row.max(1);
        assert_eq!(values.len(), rows * row, "whole rows");
        Sheet {
            base: values.as_mut_ptr(),
            rows,
            blocks,
            width,
            values: PhantomData,
        }
    }
}

/// One part of a [`Sheet`]: some columns, the same of every block and row.
pub struct Strip<'a> {
    base: *mut f32,
    rows: usize,
    blocks: usize,
    width: usize,
    columns: Range<usize>,
    sheet: PhantomData<&'a mut [f32]>,
}

impl Strip<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// The columns of one block of a row.
    ///
    /// # Panics
    /// When there is no such row or block.
    pub fn block(&mut self, row: usize, block: usize) -> &mut [f32] {
        assert!(
            row < self.rows && block < self.blocks,
            "a block of the sheet"
        );
        let start = (row * self.blocks + block) * self.width + self.columns.start;
        // SAFETY: within the sheet's values, and no other strip has these columns. The strip is
        // mutably borrowed as long as the slice lives.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(start), self.columns.len()) }
    }

    /// The columns of all blocks of a row.
    ///
    /// # Panics
    /// When there is no such row, or another number of blocks.
    pub fn row<const BLOCKS: usize>(&mut self, row: usize) -> [&mut [f32]; BLOCKS] {
        assert_eq!(BLOCKS, self.blocks, "all blocks of the sheet");
        std::array::from_fn(|block| {
            let columns: *mut [f32] = self.block(row, block);
            // SAFETY: blocks do not overlap, and the strip is mutably borrowed as long as any lives.
            unsafe { &mut *columns }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times that a crew shares the same work.
    const ROUNDS: u16 = if cfg!(miri) { 2 } else { 50 };

    /// Adds to element c of block b of row r the number 1000 r + 100 b + c, in every round.
    fn filled(team: Team, rows: usize, blocks: usize, width: usize) -> Vec<f32> {
        let mut values = vec![0.0; rows * blocks * width];
        team.enter(|crew| {
            for _ in 0..ROUNDS {
                let sheet = Sheet::new(&mut values, blocks, width);
                crew.for_each_strip([sheet], true, |columns, [mut strip]| {
                    for row in 0..rows {
                        for block in 0..blocks {
                            let at = strip.block(row, block).iter_mut().zip(columns.clone());
                            at.for_each(|(x, c)| *x += (1000 * row + 100 * block + c) as f32);
                        }
                    }
                });
            }
        });
        values
    }

    #[test]
    fn every_column_is_computed_once_by_any_team() {
        for width in [0, 1, 7, 16, 64, 99] {
            for (rows, blocks) in [(1, 1), (1, 3), (4, 2)] {
                let all = (0..rows).flat_map(|r| {
                    (0..blocks).flat_map(move |b| (0..width).map(move |c| (r, b, c)))
                });
                let want: Vec<f32> = all
                    .map(|(r, b, c)| f32::from(ROUNDS) * (1000 * r + 100 * b + c) as f32)
                    .collect();
                for members in [1, 2, 3, 8] {
                    assert_eq!(filled(Team::new(members), rows, blocks, width), want);
                }
            }
        }
    }

    #[test]
    fn rows_and_items_go_together() {
        for members in [1, 2, 8] {
            for count in [0, 1, 2, 33] {
                let (mut matrix, mut items) = (vec![0.0; 5 * count], vec![0; count]);
                Team::new(members).enter(|crew| {
                    crew.for_each_row(&mut matrix, &mut items, |i, row, item| {
                        row.fill(i as f32);
                        *item += i;
                    });
                });
                assert_eq!(items, (0..count).collect::<Vec<_>>());
                for (row, &i) in matrix.chunks(5).zip(&items) {
                    assert_eq!(row, [i as f32; 5]);
                }
            }
        }
    }

    #[test]
    fn a_row_gives_its_blocks() {
        let mut values: Vec<f32> = (0..12).map(|i| i as f32).collect();
        Team::new(1).enter(|crew| {
            crew.for_each_strip([Sheet::new(&mut values, 3, 2)], false, |_, [mut strip]| {
                assert_eq!((strip.rows(), strip.blocks()), (2, 3));
                assert_eq!(strip.row(1), [[6.0, 7.0], [8.0, 9.0], [10.0, 11.0]]);
            });
        });
    }

    #[test]
    fn a_panic_in_a_part_reaches_the_caller_and_nothing_hangs() {
        let caught = std::panic::catch_unwind(|| {
            let mut out = [0.0; 128];
            Team::new(4).enter(|crew| {
                let sheet = Sheet::new(&mut out, 1, 128);
                crew.for_each_strip([sheet], true, |columns, _| {
                    assert!(columns.start != 96, "the last part");
                });
            });
        });
        assert!(caught.is_err());
        assert_eq!(filled(Team::new(4), 1, 1, 2), [0.0, f32::from(ROUNDS)]);
    }

    #[test]
    fn members_are_bounded() {
        assert_eq!(Team::new(0).members(), 1);
        assert!(Team::new(usize::MAX).members() <= 64);
    }
}
