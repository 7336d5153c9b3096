//! The folder that holds all state: made on first start, readable by its owner only.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder given by `--data`.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It is a file.
    #[error("--data {} is a file; give a folder", .0.display())]
    NotAFolder(PathBuf),
    /// It cannot be made.
    #[error("--data {} cannot be made: {error}", path.display())]
    NotMade {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// It cannot be written.
    #[error("--data {} cannot be written: {error}; give a folder you own", path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
}

impl DataDir {
    /// Opens the folder, making it (mode 0700) if it is not there.
    ///
    /// # Errors
    /// When it is a file, cannot be made, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        if path.exists() && !path.is_dir() {
            return Err(DataDirError::NotAFolder(path.into()));
        }
        if !path.exists() {
            make_private(path).map_err(|error| DataDirError::NotMade { path: path.into(), error })?;
        }
        let probe = path.join(".writable");
        fs::write(&probe, [])
            .and_then(|()| fs::remove_file(&probe))
            .map_err(|error| DataDirError::NotWritable { path: path.into(), error })?;
        Ok(Self(path.into()))
    }

    /// The console's database.
    pub fn console_db(&self) -> PathBuf {
        self.0.join("console.db")
    }

    /// The key that seals the vault.
    pub fn console_key(&self) -> PathBuf {
        self.0.join("console.key")
    }

    /// Where the embedded AWS keeps its state; `trilock sandbox` on the same folder finds the same accounts, when nothing else
    /// has it open.
    pub fn aws(&self) -> PathBuf {
        self.0.join("aws")
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).create(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::DataDir;
    use std::fs;

    #[test]
    fn a_new_folder_is_private_and_a_file_is_refused() {
        let root = std::env::temp_dir().join(format!("trilock-data-dir-{}", uuid::Uuid::new_v4()));
        let path = root.join("data");
        DataDir::open(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let file = root.join("file");
        fs::write(&file, "x").unwrap();
        let error = DataDir::open(&file).unwrap_err().to_string();
        assert!(error.ends_with("is a file; give a folder"), "{error}");
        fs::remove_dir_all(root).unwrap();
    }
}
