//! `GET /activity/stream`: server-sent events, one a record, each a row of the activity page.

use crate::{console::Site, session::layer, shutdown::Shutdown, store::LabId, web::AppError};
use app::console::Record;
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};
use tokio::sync::watch;
use tower_sessions::Session;

/// Records read at a time.
const BATCH: u32 = 64;

/// Where a stream begins when the browser has not seen any of it.
#[derive(Debug, Deserialize)]
pub struct From {
    /// The number of the newest record the page already shows.
    after: Option<i64>,
}

/// Streams the session's records from now on; after a lost connection from where the browser stopped
/// (`Last-Event-ID`), and with `?after=N` from record N on.
///
/// # Errors
/// 404 when the session has no lab.
pub async fn stream(
    State((site, shutdown)): State<(Arc<Site>, Shutdown)>,
    session: Session,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, AppError> {
    let lab = layer::lab(&session).await?.ok_or(app::console::ConsoleError::NoLab)?;
    // Listen first: what is written while the rest is read must not be missed.
    let told = site.live.listen(&lab);
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(from.after);
    let after = match seen {
        Some(id) => id,
        None => site.store.newest_record(&lab).await.map_err(app::console::ConsoleError::from)?,
    };
    let follow = Follow { site, lab, told, after, ready: VecDeque::new() };
    let events = stream::unfold(follow, Follow::next).map(Ok).take_until(shutdown.asked());
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A position in a lab's records.
struct Follow {
    site: Arc<Site>,
    lab: LabId,
    told: watch::Receiver<i64>,
    after: i64,
    ready: VecDeque<Record>,
}

impl Follow {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                self.after = record.id;
                let row = app::components::activity_row::to_html(&record);
                return Some((Event::default().id(record.id.to_string()).data(row), self));
            }
            self.told.borrow_and_update();
            match self.site.store.records_after(&self.lab, self.after, BATCH).await {
                Ok(records) if records.is_empty() => self.told.changed().await.ok()?,
                Ok(records) => self.ready = records.into(),
                Err(error) => {
                    // The browser connects again by itself and goes on from the last event.
                    tracing::error!(%error, "activity stream");
                    return None;
                }
            }
        }
    }
}
