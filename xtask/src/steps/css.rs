//! The style sheet: `style/main.css` with everything it imports, as one small file.

use std::fs;
use std::path::Path;

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};

use super::record::{Inputs, files_below};
use super::site::Site;
use crate::error::Error;

/// Bundles `folder/main.css` into the site's `pkg/main.css`, if any file of the folder changed.
pub(crate) fn bundle(folder: &Path, site: &Site) -> Result<((), String), Error> {
    let mut inputs = Inputs::new();
    for path in files_below(folder)? {
        let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
        inputs = inputs.add(&path.to_string_lossy(), &bytes);
    }
    let main = folder.join("main.css");
    let outcome = site.publish("css", inputs.fingerprint(), || {
        Ok(vec![("pkg/main.css".into(), bundled(&main)?.into_bytes())])
    })?;
    Ok(((), outcome))
}

/// One minified sheet out of `main` and its imports. Errors name file, line and column.
fn bundled(main: &Path) -> Result<String, Error> {
    if !main.is_file() {
        return Err(Error::Source(format!("the style sheet {} is missing", main.display())));
    }
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(main).map_err(|error| Error::Source(format!("style sheet: {error}")))?;
    // No targets: what is written is what current browsers read, so nothing is rewritten for older ones.
    sheet.minify(MinifyOptions::default()).map_err(|error| Error::Source(format!("style sheet: {error}")))?;
    let printed = sheet.to_css(PrinterOptions { minify: true, ..PrinterOptions::default() });
    printed.map(|css| css.code).map_err(|error| Error::Source(format!("style sheet: {error}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::steps::record::tests::Scratch;

    #[test]
    fn imports_become_one_minified_sheet() {
        let scratch = Scratch::new("css");
        scratch.write("tokens.css", ":root {\n  --ink: light-dark(#111111, #eeeeee);\n}\n");
        let main =
            scratch.write("main.css", "@import \"./tokens.css\";\n\nbody {\n  color: var(--ink);\n}\n");
        assert_eq!(bundled(&main).unwrap(), ":root{--ink:light-dark(#111,#eee)}body{color:var(--ink)}");
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let scratch = Scratch::new("css-mistake");
        let main = scratch.write("main.css", "body {\n  color: red;\n}\n}\n");
        let message = bundled(&main).unwrap_err().to_string();
        assert!(message.contains("main.css:4:1"), "{message}");
    }

    #[test]
    fn a_missing_sheet_is_named() {
        let scratch = Scratch::new("css-missing");
        let message = bundled(&scratch.0.join("main.css")).unwrap_err().to_string();
        assert!(message.ends_with("main.css is missing"), "{message}");
    }
}
