//! The options of `link`.

use super::LISTEN;
use crate::link::{Ask, Wanted};
use crate::listen::Listen;
use clap::Args;

#[derive(Args)]
pub(super) struct LinkArgs {
    /// Print only the view link
    #[arg(long, conflicts_with = "control")]
    view: bool,

    /// Print only the control link
    #[arg(long)]
    control: bool,

    /// Where the server listens: localhost:PORT, ADDRESS:PORT or unix:PATH
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN)]
    listen: Listen,
}

impl LinkArgs {
    pub(super) fn ask(self) -> Ask {
        Ask {
            server: self.listen,
            wanted: match (self.view, self.control) {
                (true, _) => Wanted::View,
                (_, true) => Wanted::Control,
                (false, false) => Wanted::Both,
            },
        }
    }
}
