//! Ending in good order: one signal that every listener and every open stream watches.

use std::time::Duration;
use tokio::sync::watch;

/// How long answers under way may take once the process was asked to end.
pub const GRACE: Duration = Duration::from_secs(5);

/// Resolves when the process is asked to end. Clones watch the same signal.
#[derive(Clone, Debug)]
pub struct Shutdown {
    asked: watch::Receiver<bool>,
}

/// Asks every [`Shutdown`] made with it to resolve.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Asks to end.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// A shutdown that the caller triggers.
    pub fn by_hand() -> (Trigger, Self) {
        let (sender, asked) = watch::channel(false);
        (Trigger(sender), Self { asked })
    }

    /// A shutdown on SIGINT or SIGTERM (Ctrl-C elsewhere).
    pub fn on_signal() -> Self {
        let (trigger, shutdown) = Self::by_hand();
        tokio::spawn(async move {
            signal().await;
            trigger.pull();
        });
        shutdown
    }

    /// Waits until the process is asked to end; at once if it was already.
    pub async fn asked(mut self) {
        // A dropped trigger means that nothing can ask any more.
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be watched, only SIGINT ends this process in good order");
            ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    ctrl_c().await;
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn every_clone_sees_the_trigger_even_if_it_asks_later() {
        let (trigger, shutdown) = Shutdown::by_hand();
        let early = tokio::spawn(shutdown.clone().asked());
        trigger.pull();
        shutdown.asked().await;
        assert!(early.await.is_ok());
    }
}
