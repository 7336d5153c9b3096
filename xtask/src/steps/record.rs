//! Remembers out of what a step made which files, so that it is done again only if its inputs changed.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::fs;
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// What went into a step, in 64 bits. Not a defence against anyone: it guards against stale files only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Collects what goes into a step.
pub(crate) struct Inputs(DefaultHasher);

impl Inputs {
    /// Starts with nothing.
    pub(crate) fn new() -> Self {
        Self(DefaultHasher::new())
    }

    /// Adds bytes under a name. Lengths go in too, so that no two lists of inputs run together.
    pub(crate) fn add(mut self, name: &str, bytes: &[u8]) -> Self {
        for part in [name.as_bytes(), bytes] {
            self.0.write_usize(part.len());
            self.0.write(part);
        }
        self
    }

    /// All that was added.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.0.finish())
    }
}

/// What a step made, as its record tells.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    fingerprint: Fingerprint,
    outputs: Vec<PathBuf>,
}

impl Record {
    fn to_text(&self) -> String {
        let outputs: String = self.outputs.iter().map(|path| format!("{}\n", path.display())).collect();
        format!("{}\n{outputs}", self.fingerprint)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let fingerprint = Fingerprint(u64::from_str_radix(lines.next()?, 16).ok()?);
        Some(Self { fingerprint, outputs: lines.map(PathBuf::from).collect() })
    }
}

/// The records of all steps, a file each.
pub(crate) struct Records {
    folder: PathBuf,
    /// xtask itself is an input of every step: another version of a linked tool may make other files.
    tool: Fingerprint,
}

impl Records {
    /// Records kept in `folder`, which is made if need be.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        Ok(Self { folder, tool: own_fingerprint() })
    }

    /// Whether `step` was last done with these inputs and all it made is still there.
    pub(crate) fn is_done(&self, step: &str, inputs: Fingerprint) -> bool {
        self.read(step).is_some_and(|record| {
            record.fingerprint == self.with_tool(inputs) && record.outputs.iter().all(|path| path.exists())
        })
    }

    /// Notes that `step` made `outputs` out of `inputs`, and removes what it made before and no longer makes.
    pub(crate) fn done(&self, step: &str, inputs: Fingerprint, outputs: Vec<PathBuf>) -> Result<(), Error> {
        let before = self.read(step).map(|record| record.outputs).unwrap_or_default();
        for stale in before.iter().filter(|path| !outputs.contains(path)) {
            match fs::remove_file(stale) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::file("remove", stale)(error));
                }
                _ => {}
            }
        }
        let path = self.path(step);
        let record = Record { fingerprint: self.with_tool(inputs), outputs };
        fs::write(&path, record.to_text()).map_err(Error::file("write", &path))
    }

    fn with_tool(&self, inputs: Fingerprint) -> Fingerprint {
        let both = [self.tool.0.to_le_bytes(), inputs.0.to_le_bytes()].concat();
        Inputs::new().add("tool and inputs", &both).fingerprint()
    }

    fn read(&self, step: &str) -> Option<Record> {
        Record::from_text(&fs::read_to_string(self.path(step)).ok()?)
    }

    fn path(&self, step: &str) -> PathBuf {
        self.folder.join(format!("{step}.record"))
    }
}

/// Size and time of the running program: enough to notice that it was built anew.
fn own_fingerprint() -> Fingerprint {
    let file = std::env::current_exe().and_then(fs::metadata);
    let described = file.map(|file| format!("{} {:?}", file.len(), file.modified().ok()));
    Inputs::new().add("xtask", described.unwrap_or_default().as_bytes()).fingerprint()
}

/// Every file below `folder`, in order; none if there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries.map_err(Error::file("list", folder))?,
    };
    for entry in entries {
        let path = entry.map_err(Error::file("list", folder))?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    /// A folder of its own for a test, removed at the end.
    pub(crate) struct Scratch(pub(crate) PathBuf);

    impl Scratch {
        pub(crate) fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("trilock-xtask-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn fingerprint(inputs: &[(&str, &str)]) -> Fingerprint {
        inputs.iter().fold(Inputs::new(), |all, (name, bytes)| all.add(name, bytes.as_bytes())).fingerprint()
    }

    #[test]
    fn the_same_inputs_have_the_same_fingerprint_and_others_another() {
        let one = fingerprint(&[("a.css", "x"), ("b.css", "y")]);
        assert_eq!(one, fingerprint(&[("a.css", "x"), ("b.css", "y")]));
        let others: [&[(&str, &str)]; 5] = [
            &[("a.css", "x"), ("b.css", "z")],
            &[("a.css", "x"), ("c.css", "y")],
            &[("a.css", "xb.css"), ("", "y")],
            &[("a.css", "x")],
            &[("b.css", "y"), ("a.css", "x")],
        ];
        for other in others {
            assert_ne!(one, fingerprint(other), "{other:?}");
        }
    }

    #[test]
    fn a_step_is_done_until_its_inputs_change_or_an_output_is_gone() {
        let scratch = Scratch::new("record");
        let records = Records::in_folder(scratch.0.join("records")).unwrap();
        let output = scratch.write("out.css", "");
        let (inputs, changed) = (fingerprint(&[("a", "1")]), fingerprint(&[("a", "2")]));

        assert!(!records.is_done("css", inputs), "before it was ever done");
        records.done("css", inputs, vec![output.clone()]).unwrap();
        assert!(records.is_done("css", inputs));
        assert!(!records.is_done("css", changed), "with other inputs");
        assert!(!records.is_done("pkg", inputs), "another step");
        fs::remove_file(output).unwrap();
        assert!(!records.is_done("css", inputs), "with an output gone");
    }

    #[test]
    fn what_a_step_no_longer_makes_is_removed() {
        let scratch = Scratch::new("stale");
        let records = Records::in_folder(scratch.0.join("records")).unwrap();
        let (kept, dropped) = (scratch.write("kept", ""), scratch.write("dropped", ""));
        records.done("public", fingerprint(&[("1", "")]), vec![kept.clone(), dropped.clone()]).unwrap();
        records.done("public", fingerprint(&[("2", "")]), vec![kept.clone()]).unwrap();
        assert!(kept.exists());
        assert!(!dropped.exists());
    }

    #[test]
    fn another_xtask_does_every_step_again() {
        let scratch = Scratch::new("tool");
        let mut records = Records::in_folder(scratch.0.clone()).unwrap();
        let inputs = fingerprint(&[("a", "1")]);
        records.done("css", inputs, Vec::new()).unwrap();
        records.tool = fingerprint(&[("another", "xtask")]);
        assert!(!records.is_done("css", inputs));
    }

    #[test]
    fn a_damaged_record_counts_as_none() {
        let scratch = Scratch::new("damaged");
        let records = Records::in_folder(scratch.0.clone()).unwrap();
        scratch.write("css.record", "not a number\n");
        assert!(!records.is_done("css", fingerprint(&[])));
        records.done("css", fingerprint(&[]), Vec::new()).unwrap();
        assert!(records.is_done("css", fingerprint(&[])));
    }

    #[test]
    fn files_are_found_in_every_folder_below() {
        let scratch = Scratch::new("files");
        let expected =
            [scratch.write("a.css", ""), scratch.write("b/c.css", ""), scratch.write("b/d/e.css", "")];
        assert_eq!(files_below(&scratch.0).unwrap(), expected);
        assert_eq!(files_below(&scratch.0.join("missing")).unwrap(), Vec::<PathBuf>::new());
    }
}
