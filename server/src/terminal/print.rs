//! The exact texts of the AWS CLI and of the small programs beside it.

mod structure;

pub use structure::answered;

use super::{
    s3_path::Place,
    usage::{GENERAL_STATUS, SERVICE_STATUS},
};
use crate::{store::FileInfo, terminal::Output};
use time::{OffsetDateTime, macros::format_description};

/// `An error occurred (CODE) when calling the OPERATION operation: MESSAGE`, as every AWS CLI command says it.
pub fn error_occurred(code: &str, operation: &str, message: &str) -> String {
    format!("An error occurred ({code}) when calling the {operation} operation: {message}")
}

/// What a transfer is called: by where it leads, or `move`.
fn verb(moves: bool, from: &Place, to: &Place) -> &'static str {
    match (moves, from, to) {
        (true, ..) => "move",
        (false, Place::Local(_), _) => "upload",
        (false, _, Place::Local(_)) => "download",
        (false, ..) => "copy",
    }
}

/// A place as a transfer's line names it: files relative to the folder.
fn shown(place: &Place) -> String {
    match place {
        Place::Local(file) => format!("./{file}"),
        place @ Place::S3 { .. } => place.to_string(),
    }
}

/// `aws s3 cp` or `mv`, done.
pub fn transferred(moves: bool, from: &Place, to: &Place) -> Output {
    Output::ok(format!("{}: {} to {}\n", verb(moves, from, to), shown(from), shown(to)))
}

/// `aws s3 cp` or `mv`, failed at the transfer.
pub fn transfer_failed(moves: bool, from: &Place, to: &Place, error: &str) -> Output {
    Output::failed(1, format!("{} failed: {} to {} {error}\n", verb(moves, from, to), shown(from), shown(to)))
}

/// A failure before the transfer itself: `HeadObject`.
pub fn fatal(error: &str) -> Output {
    Output::failed(1, format!("fatal error: {error}\n"))
}

/// `aws s3 rm`, done.
pub fn deleted(bucket: &str, key: &str) -> Output {
    Output::ok(format!("delete: s3://{bucket}/{key}\n"))
}

/// `aws s3 rm`, failed.
pub fn delete_failed(bucket: &str, key: &str, error: &str) -> Output {
    Output::failed(1, format!("delete failed: s3://{bucket}/{key} {error}\n"))
}

/// Any other AWS CLI command that AWS answered with an error, or did not answer.
pub fn command_failed(error: &str, answered: bool) -> Output {
    Output::failed(if answered { SERVICE_STATUS } else { GENERAL_STATUS }, format!("\n{error}\n"))
}

/// A line of `aws s3 ls` for an object or a bucket; `size` is `None` for buckets.
pub fn listed(modified: OffsetDateTime, size: Option<i64>, name: &str) -> String {
    let at = modified
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
        .unwrap_or_else(|_| "-".repeat(19));
    match size {
        Some(size) => format!("{at} {size:>10} {name}\n"),
        None => format!("{at} {name}\n"),
    }
}

/// A line of `aws s3 ls` for a common prefix such as `a/b/`.
pub fn listed_prefix(prefix: &str) -> String {
    let name = prefix.trim_end_matches('/').rsplit('/').next().unwrap_or(prefix);
    format!("{:>30} {name}/\n", "PRE")
}

/// `ls`, or `ls -l`.
pub fn ls(files: &[FileInfo], long: bool) -> String {
    if files.is_empty() {
        return if long { "total 0\n" } else { "" }.into();
    }
    if !long {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        return names.join("  ") + "\n";
    }
    let blocks: i64 =
        files.iter().map(|file| file.size.div_euclid(4096) * 4 + i64::from(file.size % 4096 > 0) * 4).sum();
    format!("total {blocks}\n") + &ls_lines(files)
}

/// The lines of `ls -l`, without the total that a folder has.
pub fn ls_lines(files: &[FileInfo]) -> String {
    let width = files.iter().map(|file| file.size.to_string().len()).max().unwrap_or(0);
    let mut text = String::new();
    for file in files {
        let at = OffsetDateTime::from_unix_timestamp(file.modified)
            .ok()
            .and_then(|at| {
                at.format(format_description!("[month repr:short] [day padding:space] [hour]:[minute]")).ok()
            })
            .unwrap_or_default();
        text += &format!("-rw-r--r-- 1 ec2-user ec2-user {:>width$} {at} {}\n", file.size, file.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Place, listed, listed_prefix, ls, transfer_failed, transferred};
    use crate::store::FileInfo;
    use time::macros::datetime;

    #[test]
    fn listings_line_up_as_in_the_aws_cli() {
        assert_eq!(
            listed(datetime!(2026-01-02 03:04:05 UTC), Some(1234), "a.pdf"),
            "2026-01-02 03:04:05       1234 a.pdf\n"
        );
        assert_eq!(
            listed(datetime!(2026-01-02 03:04:05 UTC), None, "bucket"),
            "2026-01-02 03:04:05 bucket\n"
        );
        assert_eq!(listed_prefix("a/b/"), "                           PRE b/\n");
    }

    #[test]
    fn transfers_are_named_by_where_they_lead() {
        let (file, object) = (Place::Local("f".into()), Place::of("s3://b/k"));
        let cases = [
            (false, &file, &object, "upload: ./f to s3://b/k\n"),
            (false, &object, &file, "download: s3://b/k to ./f\n"),
            (false, &object, &object, "copy: s3://b/k to s3://b/k\n"),
            (true, &file, &object, "move: ./f to s3://b/k\n"),
        ];
        for (moves, from, to, line) in cases {
            assert_eq!(transferred(moves, from, to).text, line);
        }
        let failed = transfer_failed(true, &object, &file, "An error");
        assert_eq!((failed.status, failed.text.as_str()), (1, "move failed: s3://b/k to ./f An error\n"));
    }

    #[test]
    fn local_listings_look_like_ls() {
        let file = |name: &str, size| FileInfo { name: name.into(), size, modified: 0 };
        let files = [file("a.pdf", 5000), file("b", 1)];
        assert_eq!(ls(&files, false), "a.pdf  b\n");
        assert_eq!(
            ls(&files, true),
            "total 12\n-rw-r--r-- 1 ec2-user ec2-user 5000 Jan  1 00:00 a.pdf\n\
             -rw-r--r-- 1 ec2-user ec2-user    1 Jan  1 00:00 b\n"
        );
    }
}
