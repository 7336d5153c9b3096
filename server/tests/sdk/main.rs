//! The AWS SDK for Rust against `trilock sandbox`, over TCP: what it sends is understood, what it is answered has the types
//! it knows.
#![allow(clippy::unwrap_used)]

mod keys;
mod lab;
mod objects;
mod people;
mod tcp;
