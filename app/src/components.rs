//! Parts of pages, rendered on the server only.

pub(crate) use crate::picture::icon;

pub mod activity_row;
pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod check_step;
pub(crate) mod command;
pub(crate) mod difference;
pub(crate) mod form;
pub(crate) mod further;
pub(crate) mod instance_files;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod linted;
pub(crate) mod notice;
pub(crate) mod open_scenario;
pub(crate) mod own_terminal;
pub(crate) mod palette;
pub(crate) mod persona;
pub(crate) mod policy_source;
pub(crate) mod prose;
pub(crate) mod removals;
pub(crate) mod role_bar;
pub(crate) mod terminal;
pub(crate) mod walk_nav;
pub(crate) mod wire;
