//! The worker team: several threads share one forward pass, and change no bit of it.
//!
//! A [`Team`] is entered once for each pass. Its lead runs the pass as if alone and, where a layer
//! is wide enough, offers the rows of one product as numbered parts ([`Crew::for_each_part`]).
//! Helpers spin for work between such offers, for a bounded time: a helper that finds none leaves
//! the pass. Parts are claimed one by one, so a helper that is late, asleep or gone costs nothing,
//! and the lead alone always gets to the end. Which thread computes a row cannot matter, as
//! rows do not depend on one another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A task: called with the number of each part, from any thread.
type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// Turns of the spin loop after which a helper leaves the pass: some tens of microseconds, a few
/// times what passes between two products of one layer.
const PATIENCE: usize = 20_000;

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

    /// Runs `pass` on the calling thread, with the team's helpers at hand.
    pub fn enter<R>(&self, pass: impl FnOnce(&Crew) -> R) -> R {
        let crew = Crew::new(self.members);
        self.with_helpers(&crew, || {
            // Closed also when `pass` unwinds, or the helpers would wait out their patience.
            let _closing = Closing(&crew);
            pass(&crew)
        })
    }

    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
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

/// The members of a team during one pass.
pub struct Crew {
    members: usize,
    /// Parts of the offered task that nobody has claimed yet.
    unclaimed: AtomicUsize,
    /// Parts of the offered task that are finished.
    finished: AtomicUsize,
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
            unclaimed: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            task: std::cell::UnsafeCell::new(None),
            closed: AtomicBool::new(false),
        }
    }

    /// Threads that may take part.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Splits `out` into parts of `part_len` elements (the last may be shorter) and calls
    /// `compute(offset of the part, part)` for each, on whichever thread is free.
    pub fn for_each_part<T: Send>(
        &self,
        out: &mut [T],
        part_len: usize,
        compute: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let len = out.len();
        let parts = len.div_ceil(part_len.max(1));
        if self.members == 1 || parts < 2 {
            return compute(0, out);
        }
        let base = SendPointer(out.as_mut_ptr());
        self.offer(parts, &|part| {
            let start = part * part_len;
            let count = part_len.min(len - start);
            // SAFETY: parts are disjoint ranges of `out`, each claimed by one thread, and `out`
            // stays mutably borrowed until `offer` returns, after the last part is finished.
            let slice = unsafe { std::slice::from_raw_parts_mut(base.get().add(start), count) };
            compute(start, slice);
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
        self.finished.store(0, Ordering::Relaxed);
        self.unclaimed.store(parts, Ordering::Release);
        let _settle = Settle { crew: self, parts };
        while self.work_one() {}
    }

    /// Claims and runs one part; false when none was left.
    fn work_one(&self) -> bool {
        let claim = self
            .unclaimed
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |n| n.checked_sub(1));
        let Ok(claimed) = claim else { return false };
        let _finish = Finish(self);
        // SAFETY: a claim stands between the lead's write of the cell and its next one.
        let task = unsafe { &*(*self.task.get()).expect("a claimed part has a task") };
        task(claimed - 1);
        true
    }

    /// A helper's whole pass: work while there is work, leave when it stays away.
    fn help(&self) {
        let mut idle = 0;
        while idle < PATIENCE && !self.closed.load(Ordering::Acquire) {
            if self.unclaimed.load(Ordering::Relaxed) > 0 && self.work_one() {
                idle = 0;
            } else {
                idle += 1;
                std::hint::spin_loop();
            }
        }
    }
}

/// Counts a claimed part as finished, also when it unwound.
struct Finish<'a>(&'a Crew);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finished.fetch_add(1, Ordering::Release);
    }
}

/// Waits until no claimed part is running; withdraws what nobody claimed.
struct Settle<'a> {
    crew: &'a Crew,
    parts: usize,
}

impl Drop for Settle<'_> {
    fn drop(&mut self) {
        let withdrawn = self.crew.unclaimed.swap(0, Ordering::Relaxed);
        let mut turns = 0;
        while self.crew.finished.load(Ordering::Acquire) + withdrawn < self.parts {
            turns += 1;
            if turns < PATIENCE {
                std::hint::spin_loop();
            } else {
                // The helper that holds the last part has lost its core: leave it ours.
                std::thread::park_timeout(std::time::Duration::from_micros(50));
            }
        }
    }
}

/// A pointer that may cross threads; sound by the reasoning where it is used.
struct SendPointer<T>(*mut T);

impl<T> SendPointer<T> {
    /// By reference, so that closures capture the wrapper and not the bare pointer.
    fn get(&self) -> *mut T {
        self.0
    }
}

// SAFETY: `for_each_part` hands out disjoint parts of a slice of `T: Send`.
unsafe impl<T: Send> Sync for SendPointer<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(team: Team, len: usize, part_len: usize) -> Vec<usize> {
        let mut out = vec![0; len];
        team.enter(|crew| {
            for _ in 0..50 {
                crew.for_each_part(&mut out, part_len, |start, part| {
                    for (i, x) in part.iter_mut().enumerate() {
                        *x += (start + i) * (start + i);
                    }
                });
            }
        });
        out
    }

    #[test]
    fn every_part_is_done_once_by_any_team() {
        for len in [0, 1, 7, 64, 1000] {
            let want: Vec<usize> = (0..len).map(|i| 50 * i * i).collect();
            for members in [1, 2, 3, 8] {
                for part_len in [1, 7, 64, 5000] {
                    assert_eq!(squares(Team::new(members), len, part_len), want);
                }
            }
        }
    }

    #[test]
    fn a_panic_in_a_part_reaches_the_caller_and_nothing_hangs() {
        let caught = std::panic::catch_unwind(|| {
            let mut out = [0; 64];
            Team::new(4).enter(|crew| {
                crew.for_each_part(&mut out, 1, |start, _| assert!(start != 40, "part 40"));
            });
        });
        assert!(caught.is_err());
        assert_eq!(squares(Team::new(4), 3, 1), [0, 50, 200]);
    }

    #[test]
    fn members_are_bounded() {
        assert_eq!(Team::new(0).members(), 1);
        assert!(Team::new(usize::MAX).members() <= 64);
    }
}
