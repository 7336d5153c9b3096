//! The time credentials still last, kept true while a page is open.

use crate::time_left::time_left;
use leptos::prelude::*;

/// How long until `expires_at`. The server writes the time left at `now`, both Unix time in seconds; from there the browser
/// counts by its own clock, which need not agree with the server's.
#[island]
pub(crate) fn Countdown(
    /// When the credentials end.
    expires_at: i64,
    /// When the server rendered the page.
    now: i64,
) -> impl IntoView {
    let (text, set_text) = signal(time_left(expires_at, now));
    #[cfg(feature = "hydrate")]
    {
        let opened = js_sys::Date::now();
        let tick = move || {
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds since the page was opened")]
            let elapsed = ((js_sys::Date::now() - opened) / 1000.0) as i64;
            set_text.set(time_left(expires_at, now + elapsed));
        };
        set_interval(tick, std::time::Duration::from_secs(1));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = set_text;
    view! { <span class="countdown">{text}</span> }
}
