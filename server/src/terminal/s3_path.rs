//! Paths of `aws s3`: `s3://bucket/key` and files in the one folder the instance has.

use super::{HOME, files};
use std::fmt;

/// One end of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An object, or a prefix that ends in `/`; the key may be empty.
    S3 {
        /// Bucket name.
        bucket: String,
        /// Key.
        key: String,
    },
    /// A path on the instance as typed.
    Local(String),
}

impl Place {
    /// Reads a path as `aws s3` does: what begins with `s3://` is in S3.
    pub fn of(path: &str) -> Self {
        match path.strip_prefix("s3://") {
            None => Self::Local(path.into()),
            Some(rest) => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                Self::S3 { bucket: bucket.into(), key: key.into() }
            }
        }
    }

    /// In S3, with the last part of `from`'s path appended to a key that is empty or ends in `/`.
    #[must_use]
    pub fn with_name_of(self, from: &Self) -> Self {
        match self {
            Self::S3 { bucket, key } => {
                let name = match from {
                    Self::S3 { key, .. } => base_name(key),
                    Self::Local(path) => base_name(path),
                };
                let key = upload_key(&key, name);
                Self::S3 { bucket, key }
            }
            local @ Self::Local(_) => local,
        }
    }
}

/// As the AWS CLI prints it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::Local(path) => f.write_str(path),
        }
    }
}

/// The key an upload of `file` goes to: the file's name is appended to an empty key or one that ends in `/`.
pub fn upload_key(key: &str, file: &str) -> String {
    if key.is_empty() || key.ends_with('/') { format!("{key}{file}") } else { key.into() }
}

/// Where a local path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalPath {
    /// The folder itself: a download keeps the object's name.
    Folder,
    /// A file in the folder.
    File(String),
    /// Another folder, which this instance does not have.
    Elsewhere,
}

/// Reads a path as typed: `f`, `./f`, `~/f`, `/home/ec2-user/f`, `.` and the like.
pub fn local(path: &str) -> LocalPath {
    let inside = path
        .strip_prefix(HOME)
        .or_else(|| path.strip_prefix('~'))
        .map(|rest| rest.strip_prefix('/').map_or_else(|| rest.is_empty().then_some(""), Some));
    let mut rest = match inside {
        Some(Some(rest)) => rest,
        Some(None) => return LocalPath::Elsewhere,
        None => path,
    };
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter;
    }
    match rest {
        "" | "." => LocalPath::Folder,
        name if files::is_name(name) => LocalPath::File(name.into()),
        _ => LocalPath::Elsewhere,
    }
}

/// The last part of a key: the name a download into a folder gets.
pub fn base_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::{LocalPath, Place, local, upload_key};

    #[test]
    fn s3_paths_split_at_the_first_slash() {
        let place = |bucket: &str, key: &str| Place::S3 { bucket: bucket.into(), key: key.into() };
        let cases = [
            ("s3://b", place("b", "")),
            ("s3://b/", place("b", "")),
            ("s3://b/a/k", place("b", "a/k")),
            ("b/k", Place::Local("b/k".into())),
        ];
        for (path, expected) in cases {
            assert_eq!(Place::of(path), expected, "{path}");
        }
        assert_eq!(upload_key("", "f.pdf"), "f.pdf");
        assert_eq!(upload_key("a/", "f.pdf"), "a/f.pdf");
        assert_eq!(upload_key("a", "f.pdf"), "a");
    }

    #[test]
    fn local_paths_lead_into_the_one_folder_or_elsewhere() {
        let file = || LocalPath::File("f".into());
        let cases = [
            ("f", file()),
            ("./f", file()),
            ("././f", file()),
            ("~/f", file()),
            ("/home/ec2-user/f", file()),
            (".", LocalPath::Folder),
            ("./", LocalPath::Folder),
            ("~", LocalPath::Folder),
            ("/home/ec2-user/", LocalPath::Folder),
            ("/home/ec2-userx", LocalPath::Elsewhere),
            ("a/f", LocalPath::Elsewhere),
            ("../f", LocalPath::Elsewhere),
            ("/etc/passwd", LocalPath::Elsewhere),
        ];
        for (path, expected) in cases {
            assert_eq!(local(path), expected, "{path}");
        }
    }
}
