//! Rules for bucket names (S3 User Guide, "Bucket naming rules").

use std::net::Ipv4Addr;

use s3s::validation::NameValidation;

/// Tells which bucket names are valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct BucketNames;

impl NameValidation for BucketNames {
    fn validate_bucket_name(&self, name: &str) -> bool {
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = name.as_bytes();
        (3..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'))
            && bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && !name.contains("..")
            && name.parse::<Ipv4Addr>().is_err()
            && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
            && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|end| name.ends_with(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for valid in ["abc", "secure-demo-bucket", "a.b.c", "1bucket", &"a".repeat(63)] {
            assert!(BucketNames.validate_bucket_name(valid), "{valid}");
        }
        let invalid = [
            "ab",
            "Upper",
            "under_score",
            "-start",
            "end-",
            "a..b",
            "192.168.5.4",
            "xn--a",
            "a-s3alias",
            "a--ol-s3",
            "sp ace",
            "",
            &"a".repeat(64),
        ];
        for name in invalid {
            assert!(!BucketNames.validate_bucket_name(name), "{name}");
        }
    }
}
