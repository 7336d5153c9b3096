//! The folder the server serves as files. Steps publish into it; each file comes with its compressed copies.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::compress;
use super::record::{Fingerprint, Inputs, Records, files_below};
use crate::error::Error;
use crate::report;

/// A file for the site: where it goes, relative to the site, and what is in it.
pub(crate) type Published = (PathBuf, Vec<u8>);

/// The site and the memory of what was put there.
pub(crate) struct Site<'a> {
    folder: PathBuf,
    records: &'a Records,
}

impl<'a> Site<'a> {
    /// A site in `folder`, whose content `records` knows.
    pub(crate) fn new(folder: PathBuf, records: &'a Records) -> Self {
        Self { folder, records }
    }

    /// Publishes what `make` gives, unless `step` has already published from the same inputs. Gives the outcome in
    /// words: each file with its size, and how small it travels.
    pub(crate) fn publish(
        &self,
        step: &str,
        inputs: Fingerprint,
        make: impl FnOnce() -> Result<Vec<Published>, Error>,
    ) -> Result<String, Error> {
        if self.records.is_done(step, inputs) {
            return Ok("unchanged".into());
        }
        let mut outputs = Vec::new();
        let mut told = Vec::new();
        for (name, bytes) in make()? {
            let travels = self.put(&name, &bytes, &mut outputs)?;
            told.push(match travels {
                Some(small) => {
                    format!(
                        "{} {}, brotli {}",
                        name.display(),
                        report::size(bytes.len()),
                        report::size(small)
                    )
                }
                None => format!("{} {}", name.display(), report::size(bytes.len())),
            });
        }
        self.records.done(step, inputs, outputs)?;
        Ok(if told.is_empty() { "none".into() } else { told.join("; ") })
    }

    /// Publishes every file of a folder as it is.
    pub(crate) fn copy_folder(&self, step: &str, from: &Path) -> Result<((), String), Error> {
        let mut inputs = Inputs::new();
        let mut files = Vec::new();
        for path in files_below(from)? {
            let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
            let name = path.strip_prefix(from).unwrap_or(&path).to_path_buf();
            inputs = inputs.add(&name.to_string_lossy(), &bytes);
            files.push((name, bytes));
        }
        let outcome = self.publish(step, inputs.fingerprint(), || Ok(files))?;
        Ok(((), outcome))
    }

    /// Writes one file and its compressed copies, notes them in `outputs`, and gives the size of the brotli copy.
    fn put(&self, name: &Path, bytes: &[u8], outputs: &mut Vec<PathBuf>) -> Result<Option<usize>, Error> {
        let path = self.folder.join(name);
        replace(&path, bytes)?;
        let compressed = if compress::is_worthwhile(name) { Some(compress::compress(bytes)?) } else { None };
        let (brotli, gzip) = compressed.map_or((None, None), |both| (both.brotli, both.gzip));
        for (extension, copy) in [(".br", &brotli), (".gz", &gzip)] {
            let path = with_suffix(&path, extension);
            match copy {
                Some(copy) => {
                    replace(&path, copy)?;
                    outputs.push(path);
                }
                // A copy of an earlier content must not be served for this one.
                None if path.exists() => fs::remove_file(&path).map_err(Error::file("remove", &path))?,
                None => {}
            }
        }
        outputs.push(path);
        Ok(brotli.map(|copy| copy.len()))
    }
}

/// Writes beside and renames, so that a server that is running never reads half a file.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    let beside = with_suffix(path, ".new");
    fs::write(&beside, bytes).map_err(Error::file("write", &beside))?;
    fs::rename(&beside, path).map_err(Error::file("replace", path))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::steps::record::tests::Scratch;

    #[test]
    fn a_folder_is_copied_with_compressed_forms_once_and_follows_removals() {
        let scratch = Scratch::new("site");
        let records = Records::in_folder(scratch.0.join("records")).unwrap();
        let site = Site::new(scratch.0.join("site"), &records);
        let public = scratch.0.join("public");
        let text = "locks ".repeat(100);
        let robots = scratch.write("public/robots.txt", &text);
        scratch.write("public/pictures/lock.png", &text);
        let copy = || site.copy_folder("public", &public).unwrap().1;
        let there = || {
            let files = files_below(&scratch.0.join("site")).unwrap();
            let names: Vec<String> = files
                .iter()
                .map(|path| path.strip_prefix(scratch.0.join("site")).unwrap().display().to_string())
                .collect();
            names.join(" ")
        };

        let first = copy();
        assert!(first.contains("robots.txt 600 B, brotli "), "{first}");
        assert_eq!(there(), "pictures/lock.png robots.txt robots.txt.br robots.txt.gz");
        assert_eq!(copy(), "unchanged");

        fs::write(&robots, "x").unwrap();
        copy();
        assert_eq!(there(), "pictures/lock.png robots.txt", "compressed copies of the old content are gone");

        fs::remove_file(robots).unwrap();
        copy();
        assert_eq!(there(), "pictures/lock.png");
    }

    #[test]
    fn an_empty_folder_publishes_nothing() {
        let scratch = Scratch::new("empty");
        let records = Records::in_folder(scratch.0.join("records")).unwrap();
        let site = Site::new(scratch.0.join("site"), &records);
        assert_eq!(site.copy_folder("public", &scratch.0.join("public")).unwrap().1, "none");
    }
}
