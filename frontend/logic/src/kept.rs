//! Room for what is longer with one reading and shorter with the next: a browser that was given another size for it each
//! time would compute styles and lay out all that is around, and who reads would see it jump.

/// Readings, one after another, that have to need less before there is less: half a minute where they come once a
/// second.
const READINGS: u32 = 30;

/// A size that grows at once and shrinks late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub size: usize,
    /// Readings since the last one that needed it.
    spare_for: u32,
}

impl Kept {
    pub fn exactly(size: usize) -> Self {
        let spare_for = 0;
        Self { size, spare_for }
    }

    /// The size for a reading that needs so much, after those `before`.
    pub fn after(before: Option<Self>, needed: usize) -> Self {
        match before.filter(|before| before.size > needed) {
            Some(before) if before.spare_for + 1 < READINGS => Self {
                spare_for: before.spare_for + 1,
                ..before
            },
            _ => Self::exactly(needed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, READINGS};

    #[test]
    fn it_grows_at_once_and_shrinks_late() {
        let mut kept = None;
        let mut read = |needed, times: u32| {
            let mut size = 0;
            for _ in 0..times {
                let next = Kept::after(kept, needed);
                (kept, size) = (Some(next), next.size);
            }
            size
        };
        assert_eq!(read(4, 1), 4);
        assert_eq!(read(8, 1), 8);
        assert_eq!(read(4, READINGS - 1), 8, "less is enough for a moment");
        assert_eq!(read(8, 1), 8);
        assert_eq!(read(3, READINGS - 1), 8, "it was needed again");
        assert_eq!(read(3, 1), 3);
    }
}
