//! The heatmap's pixels, compared exactly with pictures that a person has looked at (`golden/`). A picture that is
//! meant to be another is renewed, and looked at again:
//!
//!     RUNQLAT_WEB_RENEW=1 cargo test -p runqlat-logic --test golden

use runqlat_common::buckets::Unit;
use runqlat_common::counts::{Counts, Waits};
use runqlat_logic::chart::colour::Spread;
use runqlat_logic::chart::frame::{Frame, Request};
use runqlat_logic::chart::grid::{Missing, Slice};
use runqlat_logic::chart::layout::{Layout, Size};
use runqlat_logic::chart::measure::{Cause, Measure};
use runqlat_logic::chart::palette::{Hue, Palette};
use runqlat_logic::chart::raster::{hatch, raster, stretched};
use runqlat_logic::chart::strokes::Strokes;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// A picture of 240 by 112 pixels; the axes are around it.
const SIZE: Size = Size {
    width: 330.0,
    height: 164.0,
    ratio: 1.0,
};

/// Waits of one interval.
type Second = fn(u64) -> Counts;

fn counts(woken: Vec<u64>, preempted: Vec<u64>) -> Counts {
    let waits = |counts| Waits { counts, sum_ns: 1 };
    Counts {
        woken: waits(woken),
        preempted: waits(preempted),
    }
}

/// A number that looks like chance and is the same everywhere.
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)) >> 40
}

/// One wait now and then.
fn sparse(seq: u64) -> Counts {
    let mut woken = vec![0; 14];
    if chance(seq).is_multiple_of(3) {
        woken[chance(seq + 500) as usize % 12] = 1;
    }
    counts(woken, Vec::new())
}

/// Hundreds of waits around 16 µs, around 2 ms in a burst, and a few that are far above.
fn dense(seq: u64) -> Counts {
    let middle = if (25..32).contains(&(seq % 60)) {
        11
    } else {
        4
    };
    let around = |most: u64| {
        let bucket = |slot: u64| {
            let most = most + chance(seq * 40 + slot) % (most / 3);
            most >> (slot.abs_diff(middle) * 2).min(30)
        };
        (0..15).map(bucket).collect::<Vec<_>>()
    };
    let mut woken = around(600);
    woken[14] += u64::from(seq.is_multiple_of(17));
    counts(woken, around(90))
}

/// Quiet but for a single long wait in an hour.
fn lone(seq: u64) -> Counts {
    let mut woken = vec![20, 9, 1];
    if seq == 1_801 {
        woken.resize(18, 0);
        woken[17] = 1;
    }
    counts(woken, Vec::new())
}

struct Picture {
    name: &'static str,
    second: Second,
    seconds: u64,
    measure: Measure,
    cause: Cause,
    hue: Hue,
    dark: bool,
    /// Of these seconds nothing is known.
    gap: std::ops::Range<u64>,
}

const PLAIN: Picture = Picture {
    name: "",
    second: dense,
    seconds: 60,
    measure: Measure::Counts,
    cause: Cause::All,
    hue: Hue::Inferno,
    dark: false,
    gap: 0..0,
};

const PICTURES: [Picture; 11] = [
    Picture {
        name: "sparse",
        second: sparse,
        ..PLAIN
    },
    Picture {
        name: "sparse-dark",
        second: sparse,
        dark: true,
        ..PLAIN
    },
    Picture {
        name: "dense",
        ..PLAIN
    },
    Picture {
        name: "dense-dark-viridis",
        hue: Hue::Viridis,
        dark: true,
        ..PLAIN
    },
    Picture {
        name: "dense-cividis",
        hue: Hue::Cividis,
        ..PLAIN
    },
    Picture {
        name: "share",
        measure: Measure::Share,
        ..PLAIN
    },
    Picture {
        name: "time",
        measure: Measure::Time,
        ..PLAIN
    },
    Picture {
        name: "preempted",
        cause: Cause::Preempted,
        ..PLAIN
    },
    Picture {
        name: "gap",
        gap: 20..34,
        ..PLAIN
    },
    // A pixel has more than one of them and less than two: no column is darker than what happened in it.
    Picture {
        name: "five-minutes",
        seconds: 300,
        ..PLAIN
    },
    Picture {
        name: "hour-with-a-lone-wait",
        second: lone,
        seconds: 3_600,
        ..PLAIN
    },
];

/// Width, height and RGBA.
fn draw(picture: &Picture) -> (u32, u32, Vec<u8>) {
    let seconds: Vec<Counts> = (0..picture.seconds).map(picture.second).collect();
    let slices = seconds.iter().zip(1_u64..).map(|(counts, seq)| Slice {
        seq,
        start_ms: (seq - 1) as f64 * 1_000.0,
        end_ms: seq as f64 * 1_000.0,
        interval_ms: 1_000.0,
        counts: if picture.gap.contains(&seq) {
            Err(Missing::Unknown)
        } else {
            Ok(counts)
        },
    });
    let request = Request {
        size: SIZE,
        window_ms: picture.seconds as f64 * 1_000.0,
        end_ms: picture.seconds as f64 * 1_000.0,
        spread: Spread::Sqrt,
        measure: picture.measure,
        cause: picture.cause,
        pinned: None,
        unit: Unit::Us,
    };
    let frame = Frame::new(slices, Vec::new(), &request, None).expect("there is room");
    let layout = &frame.layout;
    let palette = Palette::new(picture.hue, picture.dark);
    let rows = raster(&frame.grid, layout, (frame.measure, &frame.scale), &palette);
    let mut strokes = Strokes::new(SIZE.ratio);
    hatch(&mut strokes, &frame.grid, layout, &palette);
    (
        layout.width,
        layout.height(),
        painted(&rows, strokes.numbers(), layout),
    )
}

/// What the painter makes of rows of cells and of stripes over them.
fn painted(rows: &[u8], strokes: &[f64], layout: &Layout) -> Vec<u8> {
    let line = layout.width as usize * 4;
    let mut pixels = stretched(rows, layout);
    let ([_stripes, ground, striped, period, stripe, shift], fills) =
        strokes.split_first_chunk().expect("stripes");
    for fill in fills.chunks_exact(5) {
        let [left, top, width, height] = [1, 2, 3, 4].map(|at| fill[at] as u32);
        for (y, x) in (top..top + height).flat_map(|y| (left..left + width).map(move |x| (y, x))) {
            let along = (f64::from(x + y) - shift).rem_euclid(*period);
            let colour = if along < *stripe { striped } else { ground };
            let [_, r, g, b] = (*colour as u32).to_be_bytes();
            let at = (y - layout.top) as usize * line + (x - layout.left) as usize * 4;
            pixels[at..at + 4].copy_from_slice(&[r, g, b, 255]);
        }
    }
    pixels
}

fn write(path: &Path, (width, height, pixels): &(u32, u32, Vec<u8>)) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut encoder = png::Encoder::new(file, *width, *height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(pixels).expect("pixels");
}

fn read(path: &Path) -> Option<(u32, u32, Vec<u8>)> {
    let file = std::io::BufReader::new(File::open(path).ok()?);
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    Some((info.width, info.height, pixels))
}

/// Where two pictures differ first, and in how many pixels.
fn difference(a: &(u32, u32, Vec<u8>), b: &(u32, u32, Vec<u8>)) -> Option<String> {
    if (a.0, a.1) != (b.0, b.1) {
        return Some(format!("{}×{} and not {}×{}", a.0, a.1, b.0, b.1));
    }
    let pairs = a.2.chunks_exact(4).zip(b.2.chunks_exact(4)).enumerate();
    let differ: Vec<_> = pairs.filter(|(_, (a, b))| a != b).collect();
    let (at, (now, then)) = differ.first()?;
    let (x, y) = (*at as u32 % a.0, *at as u32 / a.0);
    Some(format!(
        "{} pixels differ; the first is {x},{y}: {now:?} and not {then:?}",
        differ.len()
    ))
}

#[test]
fn pictures_are_those_that_were_looked_at() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let seen = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let renew = std::env::var_os("RUNQLAT_WEB_RENEW").is_some();
    let mut wrong = Vec::new();
    for picture in &PICTURES {
        let name = format!("{}.png", picture.name);
        let now = draw(picture);
        if renew {
            write(&golden.join(&name), &now);
        }
        let told = match read(&golden.join(&name)) {
            Some(then) => difference(&now, &then),
            None => Some("there is none".to_owned()),
        };
        if let Some(told) = told {
            write(&seen.join(&name), &now);
            wrong.push(format!("{name}: {told}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nwhat was drawn is in {}; how to renew is at the top of this file",
        wrong.join("\n"),
        seen.display()
    );
}

/// The golden picture shows what its name says, whoever renewed it.
#[test]
fn a_lone_wait_in_an_hour_has_its_pixel() {
    let picture = PICTURES.iter().find(|p| p.name == "hour-with-a-lone-wait");
    let (width, height, pixels) = draw(picture.expect("it is there"));
    let empty = Palette::new(Hue::Inferno, false).empty;
    let filled = |x: u32, y: u32| {
        let at = ((y * width + x) * 4) as usize;
        pixels[at..at + 3] != empty
    };
    // The row of 131 to 262 ms is the topmost; a second is a fifteenth of a pixel.
    let row: Vec<u32> = (0..width).filter(|x| filled(*x, 0)).collect();
    assert_eq!(row, [width / 2], "{width}×{height}");
}
