//! The build, part by part: wasm target, browser half, style sheet, static files, server.

mod browser;
mod compress;
mod css;
pub(crate) mod record;
pub(crate) mod server;
mod site;
mod wasm_target;

use std::path::PathBuf;

use crate::error::Error;
use crate::report::Report;
use crate::workspace::Workspace;
use record::Records;
use site::Site;

/// Builds everything that changed and gives the path of the server's binary.
pub(crate) fn build(workspace: &Workspace, report: &mut Report) -> Result<PathBuf, Error> {
    let records = Records::in_folder(workspace.records())?;
    let site = Site::new(workspace.site(), &records);

    let toolchain = report.part("WebAssembly target", || wasm_target::find_or_make(workspace))?;
    let wasm = report.part("Browser half: compile `app`", || browser::compile(workspace, &toolchain))?;
    report.part("Browser half: bind and compress", || browser::bind(&wasm, &workspace.target, &site))?;
    report.part("Style sheet", || css::bundle(&workspace.root.join("style"), &site))?;
    report.part("Static files", || site.copy_folder("public", &workspace.root.join("public")))?;
    report.part("Server: compile `trilock`", || server::compile(workspace))
}
