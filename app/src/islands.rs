//! The parts of a page that live in the browser. Each page is complete without them.
//!
//! Their props are plain numbers and strings, so that no type of the server reaches the WebAssembly.

mod activity_stream;
mod busy;
mod copy_button;
mod countdown;
mod live_parts;
#[cfg(feature = "hydrate")]
mod page;
mod palette;
mod terminal_input;
mod what_if;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    activity_stream::ActivityStream, busy::Busy, copy_button::CopyButton, countdown::Countdown,
    live_parts::LiveParts, palette::PaletteButton, terminal_input::TerminalInput, what_if::WhatIf,
};
