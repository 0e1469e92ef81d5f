//! What the page says of the list of series: which time it is about, and what is not in it.

use crate::bidi::isolated;
use crate::keys;
use crate::session::past::Told;
use crate::table::Listing;
use crate::tooltip::times;
use crate::words::grouped;

/// The time that the rows' numbers sum up.
pub fn time(listing: &Listing, told: Option<&Told>, utc_offset_min: i32) -> String {
    match told.map(|told| told.times) {
        Some(Some((start_ms, end_ms))) => times(start_ms, end_ms, utc_offset_min),
        Some(None) => "not kept any more".to_owned(),
        None if listing.seconds <= 0.0 => String::new(),
        None if listing.seconds < 1.0 => format!("last {:.1} s", listing.seconds),
        None => format!("last {:.0} s", listing.seconds),
    }
}

/// What there is to say below the rows.
pub fn remark(listing: &Listing, told: Option<&Told>) -> String {
    let kind = keys::kind(listing.key);
    if let Some(Told { times: None, .. }) = told {
        return "Of this time it is not kept any more who waited".to_owned();
    }
    match (listing.total, listing.matched, told) {
        (0, ..) => format!("No {} waits", kind.one),
        (_, 0, Some(_)) => format!("No {} that waited in this time matches", kind.one),
        (_, 0, None) => format!(
            "No {} that waited lately matches; a drag over the map tells who waited there",
            kind.one
        ),
        (.., Some(told)) => of_past(told, kind.many),
        _ => String::new(),
    }
}

fn of_past(told: &Told, many: &str) -> String {
    let cut = "Of a part of this time it is not kept any more who waited";
    let more = || {
        let (series, waits) = told.more;
        let many = if told.is_by_name() { "names" } else { many };
        format!(
            "{} more {many} with {} waits",
            grouped(series),
            grouped(waits)
        )
    };
    match (told.is_cut, told.more.0 > 0) {
        (true, true) => format!("{cut}. {}", more()),
        (true, false) => cut.to_owned(),
        (false, true) => more(),
        (false, false) => String::new(),
    }
}

/// What many series that are alike are better shown as: `842 × make`.
pub fn alike((name, n): &(String, usize)) -> String {
    format!("{} × {}", grouped(*n as u64), isolated(name))
}
