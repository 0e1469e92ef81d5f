//! Colours: which one a value gets, in the light and in the dark theme. Control points are those of
//! matplotlib's inferno, viridis and cividis, which are perceptually uniform; all three can be read by
//! colour-blind eyes, cividis best. In the dark theme more is brighter, in the light theme more is
//! darker, and zero is the background in both.

/// Opaque sRGB.
pub type Rgb = [u8; 3];

/// A choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hue {
    #[default]
    Inferno,
    Viridis,
    Cividis,
}

impl Hue {
    pub const ALL: [Self; 3] = [Self::Inferno, Self::Viridis, Self::Cividis];

    pub fn name(self) -> &'static str {
        match self {
            Self::Inferno => "inferno",
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
        }
    }

    /// Evenly spaced from 0 to 1.
    fn points(self) -> &'static [Rgb] {
        match self {
            Self::Inferno => &INFERNO,
            Self::Viridis => &VIRIDIS,
            Self::Cividis => &CIVIDIS,
        }
    }

    /// Of the points the one that bars have.
    fn bar(self, dark: bool) -> Rgb {
        let point = match (self, dark) {
            (Self::Inferno | Self::Cividis, true) => 7,
            (Self::Inferno, false) | (Self::Viridis, true) => 6,
            (Self::Viridis, false) => 4,
            (Self::Cividis, false) => 3,
        };
        self.points()[point]
    }

    /// The part that is used in a theme: it starts where one wait stands out from the background at a
    /// contrast of about 2, which is the point of showing it.
    fn part(self, dark: bool) -> (f64, f64) {
        match (self, dark) {
            (Self::Inferno, true) => (0.34, 1.0),
            (Self::Inferno, false) => (0.82, 0.04),
            (Self::Viridis | Self::Cividis, true) => (0.25, 1.0),
            (Self::Viridis, false) => (0.72, 0.0),
            (Self::Cividis, false) => (0.82, 0.0),
        }
    }
}

const INFERNO: [Rgb; 11] = [
    [0, 0, 4],
    [22, 11, 57],
    [66, 10, 104],
    [106, 23, 110],
    [147, 38, 103],
    [188, 55, 84],
    [221, 81, 58],
    [243, 120, 25],
    [252, 165, 10],
    [246, 215, 70],
    [252, 255, 164],
];

const VIRIDIS: [Rgb; 10] = [
    [68, 1, 84],
    [72, 40, 120],
    [62, 73, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
];

const CIVIDIS: [Rgb; 10] = [
    [0, 34, 78],
    [18, 53, 112],
    [59, 73, 108],
    [87, 93, 109],
    [112, 113, 115],
    [138, 134, 120],
    [165, 156, 116],
    [195, 179, 105],
    [225, 204, 85],
    [254, 232, 56],
];

/// Steps of the ramp; more than the eye tells apart.
const STEPS: usize = 256;

/// All colours of the plot in one theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// A count of zero: the plot's background.
    pub empty: Rgb,
    /// Missing time: ground and stripes.
    pub missing: [Rgb; 2],
    /// From one count to the scale's end.
    ramp: Vec<Rgb>,
    /// Of all bars whose length tells their value, as in the style sheet.
    pub bar: Rgb,
    /// Lines and outlines that must stand out from every colour of the ramp, and their halo.
    pub line: Rgb,
    pub halo: Rgb,
    /// Where what is measured changed.
    pub mark: Rgb,
    /// Axis labels, and the plot's frame and ticks.
    pub text: Rgb,
    pub frame: Rgb,
}

impl Palette {
    pub fn new(hue: Hue, dark: bool) -> Self {
        let (from, to) = hue.part(dark);
        let at = |i: usize| from + (to - from) * i as f64 / (STEPS - 1) as f64;
        let ramp = (0..STEPS).map(|i| mixed(hue.points(), at(i))).collect();
        let bar = hue.bar(dark);
        if dark {
            Self {
                empty: [14, 17, 22],
                missing: [[20, 24, 31], [38, 44, 54]],
                ramp,
                bar,
                // Of the ramps' colours none is near: inferno has no blue, the others no red.
                line: match hue {
                    Hue::Inferno => [120, 220, 255],
                    Hue::Viridis | Hue::Cividis => [255, 150, 210],
                },
                halo: [4, 10, 16],
                mark: match hue {
                    Hue::Inferno | Hue::Cividis => [91, 208, 141],
                    Hue::Viridis => [255, 170, 120],
                },
                text: [168, 178, 192],
                frame: [58, 66, 78],
            }
        } else {
            Self {
                empty: [255, 255, 255],
                missing: [[246, 247, 249], [222, 226, 232]],
                ramp,
                bar,
                line: match hue {
                    Hue::Inferno => [0, 82, 204],
                    Hue::Viridis | Hue::Cividis => [190, 0, 110],
                },
                halo: [255, 255, 255],
                mark: match hue {
                    Hue::Inferno | Hue::Cividis => [11, 107, 58],
                    Hue::Viridis => [150, 60, 0],
                },
                text: [74, 84, 98],
                frame: [196, 202, 211],
            }
        }
    }

    /// The colour at a fraction of the scale, 0 being one count and 1 its end.
    pub fn at(&self, fraction: f64) -> Rgb {
        let index = (fraction.clamp(0.0, 1.0) * (STEPS - 1) as f64).round() as usize;
        self.ramp[index]
    }
}

/// Between the points, linearly.
fn mixed(points: &[Rgb], t: f64) -> Rgb {
    let position = t.clamp(0.0, 1.0) * (points.len() - 1) as f64;
    let below = (position as usize).min(points.len() - 2);
    let part = position - below as f64;
    let mix = |i: usize| {
        let (a, b) = (f64::from(points[below][i]), f64::from(points[below + 1][i]));
        (a + (b - a) * part).round() as u8
    };
    [mix(0), mix(1), mix(2)]
}

#[cfg(test)]
mod tests {
    use super::{Hue, Palette, Rgb};

    /// Relative luminance by WCAG 2.
    fn luminance(rgb: Rgb) -> f64 {
        let linear = rgb.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn all() -> Vec<(Hue, bool, Palette)> {
        let both = |hue| [true, false].map(|dark| (hue, dark, Palette::new(hue, dark)));
        Hue::ALL.into_iter().flat_map(both).collect()
    }

    #[test]
    fn lightness_goes_one_way_from_the_background() {
        for (hue, dark, palette) in all() {
            let levels: Vec<f64> = palette.ramp.iter().map(|c| luminance(*c)).collect();
            // Rounding to whole steps of a channel may lose a hair.
            let rises = |w: &[f64]| {
                if dark {
                    w[1] > w[0] - 2e-3
                } else {
                    w[1] < w[0] + 2e-3
                }
            };
            assert!(levels.windows(2).all(rises), "{hue:?}, dark: {dark}");
        }
    }

    #[test]
    fn one_count_stands_out_and_missing_time_is_quiet() {
        for (hue, dark, palette) in all() {
            let one = contrast(palette.at(0.0), palette.empty);
            assert!(one > 1.8, "{hue:?}, dark: {dark}, contrast {one}");
            let stripes = contrast(palette.missing[0], palette.missing[1]);
            assert!(
                (1.1..1.8).contains(&stripes),
                "{hue:?}, dark: {dark}, contrast {stripes}"
            );
            assert_ne!(palette.missing[0], palette.empty);
        }
    }

    #[test]
    fn a_mark_can_be_read_in_both_themes() {
        for (hue, dark, palette) in all() {
            for ground in [palette.empty, palette.halo, palette.missing[1]] {
                let found = contrast(palette.mark, ground);
                assert!(found > 4.5, "{hue:?}, dark: {dark}, contrast {found}");
            }
        }
    }

    #[test]
    fn fractions_out_of_range_are_the_ends() {
        let palette = Palette::new(Hue::Inferno, true);
        assert_eq!(palette.at(-1.0), palette.at(0.0));
        assert_eq!(palette.at(9.0), palette.at(1.0));
        assert_eq!(palette.at(1.0), [252, 255, 164]);
    }
}
