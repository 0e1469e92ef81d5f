//! Colours: which one a count gets, in the light and in the dark theme. Control points are those of
//! matplotlib's inferno, which is perceptually uniform and safe for colour-blind eyes. In the dark
//! theme more is brighter, in the light theme more is darker, and zero is the background in both.

/// Opaque sRGB.
pub type Rgb = [u8; 3];

/// Inferno at 0, 0.1, ... 1.
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

/// Part of inferno that is used: it starts where one count stands out from the background at a
/// contrast of about 2, which is the point of showing it.
const DARK_PART: (f64, f64) = (0.34, 1.0);
const LIGHT_PART: (f64, f64) = (0.82, 0.04);

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
    /// Lines and outlines that must stand out from every colour of the ramp, and their halo.
    pub line: Rgb,
    pub halo: Rgb,
    /// Where what is measured changed; no colour of the ramp is green.
    pub mark: Rgb,
    /// Axis labels, and the plot's frame and ticks.
    pub text: Rgb,
    pub frame: Rgb,
}

impl Palette {
    pub fn new(dark: bool) -> Self {
        let (from, to) = if dark { DARK_PART } else { LIGHT_PART };
        let at = |i: usize| from + (to - from) * i as f64 / (STEPS - 1) as f64;
        let ramp = (0..STEPS).map(|i| inferno(at(i))).collect();
        if dark {
            Self {
                empty: [14, 17, 22],
                missing: [[20, 24, 31], [38, 44, 54]],
                ramp,
                line: [120, 220, 255],
                halo: [4, 10, 16],
                mark: [91, 208, 141],
                text: [168, 178, 192],
                frame: [58, 66, 78],
            }
        } else {
            Self {
                empty: [255, 255, 255],
                missing: [[246, 247, 249], [222, 226, 232]],
                ramp,
                line: [0, 82, 204],
                halo: [255, 255, 255],
                mark: [11, 107, 58],
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

fn inferno(t: f64) -> Rgb {
    let position = t.clamp(0.0, 1.0) * (INFERNO.len() - 1) as f64;
    let below = (position as usize).min(INFERNO.len() - 2);
    let part = position - below as f64;
    let mix = |i: usize| {
        let (a, b) = (
            f64::from(INFERNO[below][i]),
            f64::from(INFERNO[below + 1][i]),
        );
        (a + (b - a) * part).round() as u8
    };
    [mix(0), mix(1), mix(2)]
}

#[cfg(test)]
mod tests {
    use super::{Palette, Rgb};

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

    #[test]
    fn lightness_goes_one_way_from_the_background() {
        for dark in [true, false] {
            let palette = Palette::new(dark);
            let levels: Vec<f64> = palette.ramp.iter().map(|c| luminance(*c)).collect();
            let rises = |w: &[f64]| if dark { w[1] >= w[0] } else { w[1] <= w[0] };
            assert!(levels.windows(2).all(rises), "dark: {dark}");
        }
    }

    #[test]
    fn one_count_stands_out_and_missing_time_is_quiet() {
        for dark in [true, false] {
            let palette = Palette::new(dark);
            let one = contrast(palette.at(0.0), palette.empty);
            assert!(one > 1.8, "dark: {dark}, contrast {one}");
            let stripes = contrast(palette.missing[0], palette.missing[1]);
            assert!(
                (1.1..1.8).contains(&stripes),
                "dark: {dark}, contrast {stripes}"
            );
            assert_ne!(palette.missing[0], palette.empty);
        }
    }

    #[test]
    fn a_mark_can_be_read_in_both_themes() {
        for dark in [true, false] {
            let palette = Palette::new(dark);
            for ground in [palette.empty, palette.halo, palette.missing[1]] {
                let found = contrast(palette.mark, ground);
                assert!(found > 4.5, "dark: {dark}, contrast {found}");
            }
        }
    }

    #[test]
    fn fractions_out_of_range_are_the_ends() {
        let palette = Palette::new(true);
        assert_eq!(palette.at(-1.0), palette.at(0.0));
        assert_eq!(palette.at(9.0), palette.at(1.0));
        assert_eq!(palette.at(1.0), [252, 255, 164]);
    }
}
