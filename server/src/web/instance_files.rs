//! What the instance's page gives to keep: `GET /instance/files/NAME`, and `POST /instance/credentials`.

use super::AppError;
use crate::console::{OwnKey, SessionConsole, Site};
use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderName, HeaderValue, header};
use std::sync::Arc;
use tower_sessions::Session;

/// A file of the instance, to be saved: whatever is in it, no browser shows it as a page of ours.
///
/// # Errors
/// 404 without such a file in this session's lab.
pub(super) async fn download(
    State(site): State<Arc<Site>>,
    session: Session,
    Path(name): Path<String>,
) -> Result<Response, AppError> {
    let bytes = SessionConsole::new(site, session).file(&name).await?;
    Ok((attachment("application/octet-stream", &name), bytes).into_response())
}

/// A new access key of the administrator's as the AWS CLI's credentials file. What it answers is the only copy. A refusal
/// leads to the page of the call.
///
/// # Errors
/// 404 without a lab, 503 when the lab cannot be read.
pub(super) async fn credentials(
    State(site): State<Arc<Site>>,
    session: Session,
) -> Result<Response, AppError> {
    match SessionConsole::new(site, session).create_own_key().await? {
        OwnKey::File(text) => {
            let headers = attachment("text/plain; charset=utf-8", "trilock-credentials");
            Ok((headers, text.as_bytes().to_vec()).into_response())
        }
        OwnKey::Refused(call) => Ok(Redirect::to(&format!("/activity/{call}")).into_response()),
    }
}

fn attachment(kind: &'static str, name: &str) -> [(HeaderName, HeaderValue); 3] {
    let disposition = HeaderValue::from_str(&disposition(name));
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

/// `attachment` with the name twice: as ASCII for any client, and encoded (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_graphic() && !"\"\\%;".contains(letter) { letter } else { '_' })
        .collect();
    let encoded = name.bytes().fold(String::new(), |out, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out + &char::from(byte).to_string(),
        byte => out + &format!("%{byte:02X}"),
    });
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_cannot_end_the_header_or_its_quotes() {
        assert_eq!(disposition("a.pdf"), "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf");
        assert_eq!(
            disposition("ä\"; x\r\n"),
            "attachment; filename=\"____x__\"; filename*=UTF-8''%C3%A4%22%3B%20x%0D%0A"
        );
    }
}
