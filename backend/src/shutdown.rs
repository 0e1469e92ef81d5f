//! How the parts learn that the program ends.

use tokio::sync::watch;

/// Ends everything that holds a [`Stop`]; so does dropping all clones of it.
#[derive(Clone)]
pub struct Stopper(watch::Sender<bool>);

/// Something that can be waited for: the end.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A stopper and what it stops.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when the program ends, at once if it already does.
    pub async fn requested(&mut self) {
        // An error is a stopper that was dropped.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
