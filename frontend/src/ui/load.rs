//! A load that makes tasks wait, for trying the page out: in the help, and where nothing waits.

use super::copy::Copy;
use leptos::prelude::*;

const COMMAND: &str =
    "for i in $(seq $((2 * $(nproc)))); do timeout 30 sh -c 'while :; do :; done' & done";

#[component]
pub(crate) fn Load(testid: &'static str) -> impl IntoView {
    let text = Box::new(|| COMMAND.to_owned());
    view! {
        <div class="load">
            <p>"Twice as many busy loops as CPUs, for 30 s; each waits about half of the time:"</p>
            <pre tabindex="0">{COMMAND}</pre>
            <Copy label="Copy" testid title="Copies the command, for a shell on that host" text/>
        </div>
    }
}
