//! Trilock's server: the console's pages and the embedded AWS, each on its own address, in one process.
//!
//! The binary `trilock` is a few lines over [`cli`]; everything else is here so that tests can start any part of it.

pub mod activity;
pub mod cli;
pub mod cloud;
pub mod commands;
pub mod console;
pub mod data_dir;
pub mod listen;
pub mod session;
pub mod shutdown;
pub mod store;
pub mod terminal;
pub mod tutorial;
pub mod verdict;
pub mod web;
