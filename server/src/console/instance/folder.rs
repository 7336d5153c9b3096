//! The instance's files as the page shows them.

use crate::{console::Site, store::LabState};
use app::console::{ConsoleError, InstanceFile};

/// Every file, by name.
pub(in crate::console) async fn list(site: &Site, lab: &LabState) -> Result<Vec<InstanceFile>, ConsoleError> {
    let files = site.store.files(&lab.id).await?;
    let shown = |file: crate::store::FileInfo| InstanceFile {
        name: file.name,
        size: file.size,
        modified: file.modified,
    };
    Ok(files.into_iter().map(shown).collect())
}

/// A file's bytes.
pub(in crate::console) async fn read(
    site: &Site,
    lab: &LabState,
    name: &str,
) -> Result<Vec<u8>, ConsoleError> {
    let bytes = site.store.file(&lab.id, name).await?;
    bytes.ok_or_else(|| ConsoleError::NotFound { what: "such file".into() })
}

/// Removes a file. One that is gone already is no error: the page shows what is there.
pub(in crate::console) async fn remove(site: &Site, lab: &LabState, name: &str) -> Result<(), ConsoleError> {
    site.store.remove_file(&lab.id, name).await?;
    Ok(())
}
