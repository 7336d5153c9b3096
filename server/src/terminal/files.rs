//! Limits and names of the instance's files.

/// The largest file, in bytes: below this `aws s3 cp` makes one `PutObject`.
pub const MAX_FILE: usize = 8 * 1024 * 1024;

/// What a command shows of files at most, in bytes.
pub const MAX_CAT: usize = 64 * 1024;

/// As many files as an instance may hold.
pub const MAX_FILES: usize = 32;

/// Whether `name` can be a file's name here: one path component that can be shown.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !matches!(name, "." | "..")
        && !name.contains('/')
        && !name.chars().any(char::is_control)
}

/// The content type `aws s3 cp` guesses from a name.
pub fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "pdf" => Some("application/pdf"),
        "txt" => Some("text/plain"),
        "html" | "htm" => Some("text/html"),
        "csv" => Some("text/csv"),
        "json" => Some("application/json"),
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "zip" => Some("application/zip"),
        "xml" => Some("text/xml"),
        _ => None,
    }
}
