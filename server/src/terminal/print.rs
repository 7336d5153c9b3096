//! The exact texts of the AWS CLI and of the small programs beside it.

use crate::{store::FileInfo, terminal::Output};
use time::{OffsetDateTime, macros::format_description};

/// `An error occurred (CODE) when calling the OPERATION operation: MESSAGE`, as every AWS CLI command says it.
pub fn error_occurred(code: &str, operation: &str, message: &str) -> String {
    format!("An error occurred ({code}) when calling the {operation} operation: {message}")
}

/// `aws s3 cp` of a file up, done.
pub fn uploaded(file: &str, bucket: &str, key: &str) -> Output {
    Output::ok(format!("upload: ./{file} to s3://{bucket}/{key}\n"))
}

/// `aws s3 cp` of a file up, failed at `PutObject`.
pub fn upload_failed(file: &str, bucket: &str, key: &str, error: &str) -> Output {
    Output::failed(1, format!("upload failed: ./{file} to s3://{bucket}/{key} {error}\n"))
}

/// `aws s3 cp` of an object down, done.
pub fn downloaded(bucket: &str, key: &str, file: &str) -> Output {
    Output::ok(format!("download: s3://{bucket}/{key} to ./{file}\n"))
}

/// `aws s3 cp` of an object down, failed at `GetObject`.
pub fn download_failed(bucket: &str, key: &str, file: &str, error: &str) -> Output {
    Output::failed(1, format!("download failed: s3://{bucket}/{key} to ./{file} {error}\n"))
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

/// Any other AWS CLI command that AWS answered with an error.
pub fn command_failed(error: &str) -> Output {
    Output::failed(255, format!("\n{error}\n"))
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
pub fn ls(files: &[FileInfo], long: bool) -> Output {
    if files.is_empty() {
        return Output::ok(if long { "total 0\n" } else { "" });
    }
    if !long {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        return Output::ok(names.join("  ") + "\n");
    }
    let blocks: i64 =
        files.iter().map(|file| file.size.div_euclid(4096) * 4 + i64::from(file.size % 4096 > 0) * 4).sum();
    let width = files.iter().map(|file| file.size.to_string().len()).max().unwrap_or(0);
    let mut text = format!("total {blocks}\n");
    for file in files {
        let at = OffsetDateTime::from_unix_timestamp(file.modified)
            .ok()
            .and_then(|at| {
                at.format(format_description!("[month repr:short] [day padding:space] [hour]:[minute]")).ok()
            })
            .unwrap_or_default();
        text += &format!("-rw-r--r-- 1 ec2-user ec2-user {:>width$} {at} {}\n", file.size, file.name);
    }
    Output::ok(text)
}

/// `aws sts get-caller-identity`.
pub fn caller_identity(user_id: &str, account: &str, arn: &str) -> Output {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    Output::ok(format!(
        "{{\n    \"UserId\": {},\n    \"Account\": {},\n    \"Arn\": {}\n}}\n",
        text(user_id),
        text(account),
        text(arn)
    ))
}

#[cfg(test)]
mod tests {
    use super::{caller_identity, listed, listed_prefix, ls};
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
    fn local_listings_look_like_ls() {
        let file = |name: &str, size| FileInfo { name: name.into(), size, modified: 0 };
        let files = [file("a.pdf", 5000), file("b", 1)];
        assert_eq!(ls(&files, false).text, "a.pdf  b\n");
        assert_eq!(
            ls(&files, true).text,
            "total 12\n-rw-r--r-- 1 ec2-user ec2-user 5000 Jan  1 00:00 a.pdf\n\
             -rw-r--r-- 1 ec2-user ec2-user    1 Jan  1 00:00 b\n"
        );
    }

    #[test]
    fn the_caller_is_printed_as_indented_json() {
        assert_eq!(
            caller_identity("AROA:i-1", "111122223333", "arn:x").text,
            "{\n    \"UserId\": \"AROA:i-1\",\n    \"Account\": \"111122223333\",\n    \"Arn\": \"arn:x\"\n}\n"
        );
    }
}
