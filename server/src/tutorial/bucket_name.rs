//! S3's rules for bucket names (`aws-semantics.md` §3), for the first page, where no call is made yet.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// What is wrong with a bucket name, or `Ok`.
///
/// # Errors
/// One sentence that says what is wrong and what is allowed.
pub fn check(name: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let parts: Vec<&str> = name.split('.').collect();
    if name.is_empty() {
        return Err("Choose a name for the bucket.");
    }
    if !(3..=63).contains(&name.len()) {
        return Err("A bucket name has 3 to 63 characters.");
    }
    if !name.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'.') {
        return Err("A bucket name holds lower case letters, digits, hyphens and dots only.");
    }
    if !name.bytes().next().is_some_and(plain) || !name.bytes().last().is_some_and(plain) {
        return Err("A bucket name begins and ends with a letter or a digit.");
    }
    if name.contains("..") {
        return Err("A bucket name does not hold two dots in a row.");
    }
    if parts.len() == 4 && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("A bucket name does not look like an IP address.");
    }
    let prefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
    let suffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    if prefixes.iter().any(|prefix| name.starts_with(prefix))
        || suffixes.iter().any(|suffix| name.ends_with(suffix))
    {
        return Err("This bucket name has a beginning or an end that S3 keeps for itself.");
    }
    Ok(())
}

/// A valid name that nobody is likely to have: the tutorial's with a random tail.
pub fn suggested() -> String {
    let mut tail = [0; 5];
    // Without randomness the tutorial's own name is offered; S3 says if it is taken.
    match SystemRandom::new().fill(&mut tail) {
        Ok(()) => format!("secure-demo-bucket-{}", hex::encode(tail)),
        Err(_) => "secure-demo-bucket".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, suggested};

    #[test]
    fn names_are_checked_against_s3s_rules() {
        let long = "a".repeat(64);
        let cases = [
            ("secure-demo-bucket", true),
            ("a.b-c.1", true),
            ("", false),
            ("ab", false),
            (long.as_str(), false),
            ("Secure", false),
            ("under_score", false),
            ("-begins", false),
            ("ends.", false),
            ("two..dots", false),
            ("192.168.5.4", false),
            ("xn--name", false),
            ("name-s3alias", false),
        ];
        for (name, valid) in cases {
            assert_eq!(check(name).is_ok(), valid, "{name}");
        }
    }

    #[test]
    fn a_suggested_name_is_valid_and_new_each_time() {
        assert!(check(&suggested()).is_ok());
        assert_ne!(suggested(), suggested());
    }
}
