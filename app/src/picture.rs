//! What the server and the browser both draw, as HTML text made of plain data: the page as it is sent, and what an island puts in its
//! place while somebody types. One function makes both, so they cannot differ.
#![cfg_attr(not(feature = "ssr"), allow(dead_code, reason = "the browser draws a part of it only"))]

#[cfg(feature = "ssr")]
pub(crate) mod architecture;
#[cfg(feature = "ssr")]
pub(crate) mod findings;
pub(crate) mod html;
pub(crate) mod icon;
pub(crate) mod matrix;
pub(crate) mod people;
pub(crate) mod venn;
