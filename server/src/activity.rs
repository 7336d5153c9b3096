//! The live stream of records: every open page of a lab hears of a call as soon as it is written down.
//!
//! A page is only *told* that there is something new; what is sent is always read from the database, so that nothing is
//! missed when a browser falls behind or the server restarts.

mod stream;

pub use stream::stream;

use crate::store::LabId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::watch;

/// Who waits for new records of which lab.
#[derive(Debug, Default)]
pub struct Live(Mutex<HashMap<LabId, watch::Sender<i64>>>);

impl Live {
    /// Tells the lab's open pages that the record with this number was written.
    pub fn tell(&self, lab: &LabId, id: i64) {
        let mut labs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if labs.get(lab).is_some_and(|sender| sender.send(id).is_err()) {
            // Nobody listens any more.
            labs.remove(lab);
        }
    }

    /// Hears of the lab's new records from now on.
    pub fn listen(&self, lab: &LabId) -> watch::Receiver<i64> {
        let mut labs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        labs.retain(|_, sender| sender.receiver_count() > 0);
        labs.entry(lab.clone()).or_insert_with(|| watch::channel(0).0).subscribe()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Live;
    use crate::store::LabId;

    #[tokio::test]
    async fn only_the_labs_own_pages_are_told() {
        let live = Live::default();
        let (mine, other) = (LabId::random(), LabId::random());
        let mut heard = live.listen(&mine);
        live.tell(&other, 4);
        assert!(!heard.has_changed().unwrap());
        live.tell(&mine, 7);
        heard.changed().await.unwrap();
        assert_eq!(*heard.borrow_and_update(), 7);
    }
}
