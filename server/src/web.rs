//! The console's web server: pages, server functions, files, the live stream, and what guards them.

mod error;
mod guard;
mod headers;
mod instance_files;
mod router;
mod serve;
mod site_files;
mod tabs;
mod upload;

pub use error::AppError;
pub use router::{Setup, router};
pub use serve::serve;
pub use tabs::ActsAs;
