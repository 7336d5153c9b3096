//! `POST /instance/files`: a file for the instance, from the form beside its terminal.

use super::AppError;
use crate::{
    console::{SessionConsole, Site},
    terminal::files::MAX_FILE,
};
use app::console::{Console as _, ConsoleError, StepId};
use axum::{
    extract::{
        Multipart, State,
        multipart::{MultipartError, MultipartRejection},
    },
    http::StatusCode,
    response::Redirect,
};
use std::sync::Arc;
use tower_sessions::Session;

/// The largest request: the largest file, and room for what the form puts around it.
pub(super) const MAX_UPLOAD: usize = MAX_FILE + 64 * 1024;

/// Takes the fields `file` and `step`, and leads back to the step's page or the instance's, which shows what was wrong.
///
/// # Errors
/// 413 when the file is too large to be read, 400 when the form cannot be read, 404 without a lab.
pub(super) async fn upload(
    State(site): State<Arc<Site>>,
    session: Session,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Redirect, AppError> {
    let mut form = form.map_err(|rejection| AppError::Unreadable(rejection.body_text()))?;
    let (mut step, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("step") => step = StepId::from_slug(&field.text().await.map_err(unreadable)?),
            Some("file") => {
                let name = field.file_name().map(base_name).unwrap_or_default();
                file = Some((name, field.bytes().await.map_err(unreadable)?));
            }
            _ => {}
        }
    }
    let page = step.map_or_else(|| "/instance".to_owned(), |step| format!("/steps/{}", step.slug()));
    let (name, bytes) = file.unwrap_or_default();
    match SessionConsole::new(site, session).upload(name, bytes.into()).await {
        Ok(()) => Ok(Redirect::to(&page)),
        Err(ConsoleError::Invalid { .. }) => Ok(Redirect::to(&format!("{page}#terminal-problem"))),
        Err(error) => Err(error.into()),
    }
}

fn unreadable(error: MultipartError) -> AppError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge { what: "a file", limit: "8 MiB" },
        _ => AppError::Unreadable(error.body_text()),
    }
}

/// Some browsers send the whole path.
fn base_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}
