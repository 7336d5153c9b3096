//! What a person sees: pages, components, islands and server functions.
//!
//! The pages are complete HTML from the server and every form works without a script. The browser's half of this crate
//! (feature `hydrate`) holds the islands and nothing else, which is why the rest is gated by `ssr`.
#![allow(
    unreachable_pub,
    reason = "the component macro writes `pub` whatever the component's own visibility"
)]
#![recursion_limit = "256"]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "ssr")]
mod app;
#[cfg(any(feature = "hydrate", test))]
mod completion;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod console;
#[cfg(feature = "ssr")]
mod context;
mod islands;
#[cfg(feature = "ssr")]
mod pages;
mod picture;
#[cfg(feature = "ssr")]
mod serverfns;
mod time_left;

#[cfg(feature = "ssr")]
pub use app::{App, shell};
#[cfg(feature = "ssr")]
pub use context::content_security_policy;

/// Wakes the islands of a page; the page's own script calls it once the WebAssembly is loaded.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
