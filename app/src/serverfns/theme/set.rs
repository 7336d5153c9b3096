//! Choosing light or dark.

use crate::context::{local_path, refuse, see_other};
use http::{HeaderValue, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

/// The cookie that remembers the choice. It says nothing about the person and is of no use to a thief.
pub(crate) const THEME_COOKIE: &str = "trilock-theme";

/// Remembers the theme for a year; `auto` forgets it, so that the system decides again. A cookie rather than a script:
/// the first paint is right, and it works without JavaScript.
#[server(SetTheme, "/api", endpoint = "theme/set")]
pub(crate) async fn set_theme(
    #[server(default)] theme: String,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let cookie = match theme.as_str() {
        "light" | "dark" => {
            format!("{THEME_COOKIE}={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly")
        }
        "auto" => format!("{THEME_COOKIE}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"),
        _ => return refuse("theme"),
    };
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
    see_other(local_path(&back));
    Ok(())
}
