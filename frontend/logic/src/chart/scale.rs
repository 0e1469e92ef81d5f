//! Where a time and a latency lie on the plot. Every name carries its space: `time` is wall-clock
//! ms, `pixel` is device pixels from the plot's top left corner, `slot` is a latency bucket.

use runqlat_common::buckets::{SLOTS, Unit};

/// Time runs from left to right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale {
    /// Left edge, in ms since 1970.
    pub start_ms: f64,
    /// Right edge, in ms since 1970; later than `start_ms`.
    pub end_ms: f64,
    /// Width in device pixels.
    pub width_px: u32,
}

impl TimeScale {
    pub fn pixel_from_time(&self, ms: f64) -> f64 {
        let span = (self.end_ms - self.start_ms).max(1.0);
        (ms - self.start_ms) / span * f64::from(self.width_px)
    }

    pub fn time_from_pixel(&self, px: f64) -> f64 {
        let width = f64::from(self.width_px.max(1));
        self.start_ms + px / width * (self.end_ms - self.start_ms)
    }

    /// The pixel boundary nearest to a time, clipped to the plot.
    pub fn edge_from_time(&self, ms: f64) -> u32 {
        // A float becomes an integer by saturation: times left of the plot end up at 0.
        (self.pixel_from_time(ms).round() as u32).min(self.width_px)
    }
}

/// Latency runs upwards from bucket 0; every bucket has the same height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowScale {
    /// Buckets shown, from bucket 0 on.
    pub rows: usize,
    /// Height of one, in device pixels.
    pub row_px: u32,
    /// What the buckets count.
    pub unit: Unit,
}

impl RowScale {
    /// Height of the plot, in device pixels.
    pub fn height_px(&self) -> u32 {
        self.rows as u32 * self.row_px
    }

    /// The upper edge of a bucket's row.
    pub fn pixel_from_slot(&self, slot: usize) -> u32 {
        self.height_px()
            .saturating_sub((slot as u32 + 1) * self.row_px)
    }

    /// The bucket under a pixel.
    pub fn slot_from_pixel(&self, px: f64) -> Option<usize> {
        let height = f64::from(self.height_px());
        if !(0.0..height).contains(&px) || self.row_px == 0 {
            return None;
        }
        let slot = ((height - px) / f64::from(self.row_px)).ceil() as usize;
        Some(slot.saturating_sub(1).min(SLOTS - 1))
    }

    /// The height of a latency of `us` microseconds. Between a bucket's ends it is interpolated:
    /// by logarithm, and linearly in bucket 0, which has no lower logarithm.
    pub fn pixel_from_micros(&self, us: f64) -> f64 {
        let n = us * Unit::Us.ns() as f64 / self.unit.ns() as f64;
        let rows = if n < 2.0 { n / 2.0 } else { n.log2() };
        f64::from(self.height_px()) - rows * f64::from(self.row_px)
    }
}

#[cfg(test)]
mod tests {
    use super::{RowScale, TimeScale};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use runqlat_common::buckets::Unit;

    const TIME: TimeScale = TimeScale {
        start_ms: 1_000.0,
        end_ms: 61_000.0,
        width_px: 600,
    };

    #[test]
    fn both_ends_of_the_window_are_the_plot_s_edges() {
        assert_eq!(TIME.edge_from_time(1_000.0), 0);
        assert_eq!(TIME.edge_from_time(61_000.0), 600);
        assert_eq!(TIME.edge_from_time(-5.0), 0);
        assert_eq!(TIME.edge_from_time(99_000.0), 600);
        assert_eq!(TIME.time_from_pixel(300.0), 31_000.0);
    }

    #[test]
    fn bucket_edges_and_decades_meet_the_rows() {
        let rows = RowScale {
            rows: 20,
            row_px: 10,
            unit: Unit::Us,
        };
        for slot in 1..20 {
            let lower_edge = f64::from(rows.pixel_from_slot(slot) + 10);
            let us = (1_u64 << slot) as f64;
            assert!((rows.pixel_from_micros(us) - lower_edge).abs() < 1e-9);
        }
        assert_eq!(rows.pixel_from_micros(0.0), 200.0);
        assert_eq!(rows.pixel_from_micros(1.0), 195.0);
        let in_ms = RowScale {
            unit: Unit::Ms,
            ..rows
        };
        for us in [0.0, 0.5, 1.0, 2.0, 10.0, 512.0, 1_000.0] {
            assert_eq!(
                in_ms.pixel_from_micros(us * 1_000.0),
                rows.pixel_from_micros(us)
            );
        }
    }

    #[test]
    fn outside_of_the_plot_is_no_bucket() {
        let rows = RowScale {
            rows: 4,
            row_px: 10,
            unit: Unit::Us,
        };
        let table = [
            (-1.0, None),
            (0.0, Some(3)),
            (9.9, Some(3)),
            (10.5, Some(2)),
            (39.9, Some(0)),
            (40.0, None),
        ];
        for (px, slot) in table {
            assert_eq!(rows.slot_from_pixel(px), slot, "{px}");
        }
    }

    proptest! {
        #[test]
        fn a_time_survives_the_way_to_pixels_and_back(ms in 0.0..100_000.0_f64) {
            let back = TIME.time_from_pixel(TIME.pixel_from_time(ms));
            prop_assert!((back - ms).abs() < 1e-6);
        }

        #[test]
        fn a_row_s_middle_hits_its_bucket(rows in 1..36_usize, row_px in 1..40_u32, slot in 0..36_usize) {
            let scale = RowScale { rows, row_px, unit: Unit::Us };
            if slot < rows {
                let middle = f64::from(scale.pixel_from_slot(slot)) + f64::from(row_px) / 2.0;
                prop_assert_eq!(scale.slot_from_pixel(middle), Some(slot));
            }
        }
    }
}
