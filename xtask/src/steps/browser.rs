//! The browser's half: `app` as WebAssembly, and the JavaScript that loads it.

use std::fs;
use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use super::record::{Inputs, files_below};
use super::site::{Published, Site};
use super::wasm_target::{TARGET, Toolchain};
use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// The profile in the workspace's Cargo.toml: size before speed.
const PROFILE: &str = "wasm-release";

/// Compiles `app` and gives the path of the WebAssembly as rustc leaves it.
pub(crate) fn compile(workspace: &Workspace, toolchain: &Toolchain) -> Result<(PathBuf, String), Error> {
    // A folder of its own: the compiler may be another than the server's, and neither build waits for the other's lock.
    let target = workspace.target.join("browser");
    let mut command = toolchain.cargo();
    command
        .args(["build", "--package", "app", "--lib", "--no-default-features", "--features", "hydrate"])
        .args(["--profile", PROFILE, "--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(&workspace.root);
    process::run(&mut command)?;
    Ok((target.join(TARGET).join(PROFILE).join("app.wasm"), "compiled".into()))
}

/// Makes `pkg/app.js` and `pkg/app_bg.wasm` in the site, if the WebAssembly changed.
pub(crate) fn bind(wasm: &Path, target: &Path, site: &Site) -> Result<((), String), Error> {
    let bytes = fs::read(wasm).map_err(Error::file("read", wasm))?;
    let inputs = Inputs::new().add("app.wasm", &bytes).fingerprint();
    let outcome = site.publish("pkg", inputs, || bound(bytes, &target.join("xtask").join("pkg")))?;
    Ok(((), outcome))
}

/// Everything wasm-bindgen makes, by way of the folder `scratch`.
fn bound(wasm: Vec<u8>, scratch: &Path) -> Result<Vec<Published>, Error> {
    if scratch.exists() {
        fs::remove_dir_all(scratch).map_err(Error::file("empty", scratch))?;
    }
    let mut bindgen = Bindgen::new();
    // The loader knows where its WebAssembly is, so a page may start it without saying so.
    let configured =
        bindgen.input_bytes("app", wasm).typescript(false).omit_default_module_path(false).web(true);
    configured
        .and_then(|bindgen| {
            bindgen.remove_name_section(true).remove_producers_section(true).generate(scratch)
        })
        .map_err(|error| Error::Source(format!("wasm-bindgen: {error:#}")))?;

    let mut published = Vec::new();
    for path in files_below(scratch)? {
        let mut bytes = fs::read(&path).map_err(Error::file("read", &path))?;
        if path.extension().is_some_and(|extension| extension == "js") {
            bytes = without_comments(&String::from_utf8_lossy(&bytes)).into_bytes();
        }
        let name = path.strip_prefix(scratch).unwrap_or(&path);
        published.push((Path::new("pkg").join(name), bytes));
    }
    Ok(published)
}

/// JavaScript as wasm-bindgen writes it, without the lines that only explain it and without indentation: nobody reads them in a
/// browser, and everybody downloads them.
fn without_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/**");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn a_script_loses_its_comments_and_nothing_else() {
        let script = "/**\n * @param {number} a\n */\nfunction f(a) {\n    // why\n    return a / 2;\n}\n\n/** one line */\nf(1);\n";
        assert_eq!(without_comments(script), "function f(a) {\nreturn a / 2;\n}\nf(1);\n");
    }
}
