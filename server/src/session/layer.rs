//! The session cookie: which lab a browser works on, and nothing else.

use crate::store::{LabId, Store};
use app::console::{ConsoleError, Draft};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
    session::Error,
};

const COOKIE: &str = "trilock";
const LAB: &str = "lab";
const START_DRAFT: &str = "start-draft";
const LASTS: Duration = Duration::days(30);

/// The layer that finds or makes a request's session.
///
/// `secure` sends the cookie over https only; it must be off where the console is served as plain http on loopback.
pub async fn layer(store: &Store, secure: bool) -> SessionManagerLayer<Store> {
    // Expired sessions open nothing; sweeping them at the start keeps the table small.
    if let Err(error) = store.remove_ended_sessions().await {
        tracing::warn!(%error, "expired sessions were not swept");
    }
    SessionManagerLayer::new(store.clone())
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(Expiry::OnInactivity(LASTS))
}

fn unavailable(error: Error) -> ConsoleError {
    tracing::error!(%error, "session");
    ConsoleError::Unavailable("Trilock could not read or save this browser's session. Try again.".into())
}

/// The lab this session works on.
///
/// # Errors
/// When the session cannot be read.
pub async fn lab(session: &Session) -> Result<Option<LabId>, ConsoleError> {
    session.get(LAB).await.map_err(unavailable)
}

/// Has this session work on another lab, under a new session id: an id known from before the start opens nothing.
///
/// # Errors
/// When the session cannot be written.
pub async fn set_lab(session: &Session, lab: &LabId) -> Result<(), ConsoleError> {
    session.cycle_id().await.map_err(unavailable)?;
    session.insert(LAB, lab).await.map_err(unavailable)?;
    session.remove::<Draft>(START_DRAFT).await.map_err(unavailable)?;
    session.save().await.map_err(unavailable)
}

/// Has this session work on no lab any more.
///
/// # Errors
/// When the session cannot be written.
pub async fn leave_lab(session: &Session) -> Result<(), ConsoleError> {
    session.remove::<LabId>(LAB).await.map_err(unavailable)?;
    session.save().await.map_err(unavailable)
}

/// Keeps what was typed into the form of the first page, which has no lab to belong to.
///
/// # Errors
/// When the session cannot be written.
pub async fn keep_start_draft(session: &Session, draft: &Draft) -> Result<(), ConsoleError> {
    session.insert(START_DRAFT, draft).await.map_err(unavailable)
}

/// What was typed into the form of the first page and did not succeed.
///
/// # Errors
/// When the session cannot be read.
pub async fn start_draft(session: &Session) -> Result<Option<Draft>, ConsoleError> {
    session.get(START_DRAFT).await.map_err(unavailable)
}
