//! Many horizontal bars below each other as the outline of one shape, in CSS: for the browser they are one element
//! with one style, however many change.

use std::fmt::Write;

/// A `clip-path` that leaves bars of a box: `lengths` as parts of its width, by row from the top, each of at least
/// 2 px where it is not 0. `inset` is the free part of a row above a bar, and below it.
pub fn bars(lengths: impl ExactSizeIterator<Item = f64>, inset: f64) -> String {
    let rows = lengths.len().max(1) as f64;
    // Between bars the outline follows the left edge, where it has no area.
    let mut css = "polygon(0 0".to_owned();
    for (row, length) in lengths.enumerate().filter(|(_, length)| *length > 0.0) {
        let edge = |part: f64| (row as f64 + part) / rows * 100.0;
        let (top, bottom, length) = (edge(inset), edge(1.0 - inset), length.min(1.0) * 100.0);
        // Writing to a string never fails.
        let _written = write!(
            css,
            ",0 {top:.2}%,max(2px,{length:.1}%) {top:.2}%,max(2px,{length:.1}%) {bottom:.2}%,0 {bottom:.2}%"
        );
    }
    css.push_str(",0 100%)");
    css
}

/// The same of where bars would end: 2 px at the end of each, as high as its row.
pub fn ends(lengths: impl ExactSizeIterator<Item = f64>) -> String {
    let rows = lengths.len().max(1) as f64;
    let mut css = "polygon(0 0".to_owned();
    for (row, length) in lengths.enumerate().filter(|(_, length)| *length > 0.0) {
        let edge = |row: usize| row as f64 / rows * 100.0;
        let (top, bottom, end) = (edge(row), edge(row + 1), length.min(1.0) * 100.0);
        let start = format!("calc({end:.1}% - 2px)");
        // There and back on one line, which has no area.
        let _written = write!(
            css,
            ",0 {top:.2}%,{end:.1}% {top:.2}%,{end:.1}% {bottom:.2}%,{start} {bottom:.2}%,{start} {top:.2}%,0 {top:.2}%"
        );
    }
    css.push_str(",0 100%)");
    css
}

#[cfg(test)]
mod tests {
    use super::{bars, ends};

    #[test]
    fn each_row_has_its_bar_and_none_where_there_is_nothing() {
        let css = bars([0.5, 0.0, 1.0, 7.0].into_iter(), 0.1);
        let expected = "polygon(0 0,\
            0 2.50%,max(2px,50.0%) 2.50%,max(2px,50.0%) 22.50%,0 22.50%,\
            0 52.50%,max(2px,100.0%) 52.50%,max(2px,100.0%) 72.50%,0 72.50%,\
            0 77.50%,max(2px,100.0%) 77.50%,max(2px,100.0%) 97.50%,0 97.50%,0 100%)";
        assert_eq!(css, expected);
    }

    #[test]
    fn an_end_is_a_line_across_its_row() {
        let css = ends([0.0, 0.25].into_iter());
        let expected = "polygon(0 0,0 50.00%,25.0% 50.00%,25.0% 100.00%,calc(25.0% - 2px) 100.00%,\
            calc(25.0% - 2px) 50.00%,0 50.00%,0 100%)";
        assert_eq!(css, expected);
    }

    #[test]
    fn without_rows_there_is_no_area() {
        assert_eq!(bars([].into_iter(), 0.1), "polygon(0 0,0 100%)");
    }
}
