//! What Tab can complete, as lines for the page's script: a key, then the words that may follow it, with tabs between.
//!
//! A key is the words of a command so far (`aws kms`), an option whose value is next (`--sse`), or `*`: what any command
//! that takes names may be given.

use super::api;
use crate::store::{FileInfo, LabState};

const PROGRAMS: [(&str, &[&str]); 11] = [
    ("aws s3 cp", &["--quiet", "--sse", "--sse-kms-key-id"]),
    ("aws s3 mv", &["--quiet", "--sse", "--sse-kms-key-id"]),
    ("aws s3 ls", &["--recursive"]),
    ("aws s3 rm", &["--quiet"]),
    ("cat", &[]),
    ("cp", &[]),
    ("curl", &["-O"]),
    ("ls", &["-l"]),
    ("mv", &[]),
    ("rm", &["-f"]),
    ("sha256sum", &[]),
];

/// Values that do not depend on the lab.
const VALUES: [(&str, &[&str]); 6] = [
    ("--sse", &["AES256", "aws:kms"]),
    ("--server-side-encryption", &["AES256", "aws:kms"]),
    ("--output", &["json", "text"]),
    ("--key-spec", &["AES_256", "AES_128"]),
    ("--policy-name", &["default"]),
    ("--encryption-algorithm", &["SYMMETRIC_DEFAULT"]),
];

fn line<'a>(key: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().fold(key.to_owned(), |line, word| line + "\t" + word) + "\n"
}

/// Commands and options: the same for every lab.
pub fn words() -> String {
    let services = ["s3"].into_iter().chain(api::SERVICES);
    let mut text = line("", ["aws", "cat", "clear", "cp", "curl", "help", "ls", "mv", "rm", "sha256sum"]);
    text += &line("aws", services);
    text += &line("aws s3", ["cp", "ls", "mv", "rm"]);
    text += &line("help", ["aws", "cat", "curl"]);
    for (program, options) in PROGRAMS {
        text += &line(program, options.iter().copied());
    }
    for service in api::SERVICES {
        text += &line(&format!("aws {service}"), api::operations(service).map(|operation| operation.name));
        for operation in api::operations(service) {
            let options = operation.options.iter().map(|option| option.name);
            text += &line(&format!("aws {service} {}", operation.name), options);
        }
    }
    for (option, values) in VALUES {
        text += &line(option, values.iter().copied());
    }
    text
}

/// The names of a lab: its bucket, key and roles, and the files on its instance.
pub fn names(lab: &LabState, files: &[FileInfo]) -> String {
    // A name that needs quotes is left to be typed.
    let plain = |name: &&str| shlex::try_quote(name).is_ok_and(|quoted| quoted == **name);
    let files: Vec<&str> = files.iter().map(|file| file.name.as_str()).filter(plain).collect();
    let bucket = format!("s3://{}/", lab.bucket);
    let alias = lab.key_alias.as_ref().map(|alias| format!("alias/{alias}"));
    let keys: Vec<&str> = lab.key_arn.iter().chain(&alias).map(String::as_str).collect();
    let mut text = line("*", files.iter().copied().chain([bucket.as_str()]).chain(keys.iter().copied()));
    text += &line("--bucket", [lab.bucket.as_str()]);
    text += &line("--body", files.iter().copied());
    if !keys.is_empty() {
        for option in ["--key-id", "--sse-kms-key-id", "--ssekms-key-id"] {
            text += &line(option, keys.iter().copied());
        }
    }
    let roles: Vec<String> =
        app::console::RoleName::ALL.iter().map(|role| lab.role_arn(role.name())).collect();
    text + &line("--role-arn", roles.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::{names, words};
    use crate::store::{FileInfo, LabState};
    use app::console::Listings;

    #[test]
    fn every_operation_and_option_can_be_completed() {
        let words = words();
        for expected in [
            "\taws\tcat\t",
            "aws\ts3\ts3api\tkms\tsts\n",
            "aws kms\tencrypt\tdecrypt\t",
            "aws kms encrypt\t--key-id\t--plaintext\t",
            "aws sts get-caller-identity\n",
            "--sse\tAES256\taws:kms\n",
        ] {
            assert!(words.contains(expected), "{expected:?} in {words}");
        }
    }

    #[test]
    fn names_are_the_labs_own_and_need_no_quotes() {
        let mut lab = LabState::new("111122223333".into(), Listings::Corrected, "demo".into());
        let file = |name: &str| FileInfo { name: name.into(), size: 1, modified: 0 };
        let files = [file("a.pdf"), file("b c.pdf"), file("$x")];
        assert!(names(&lab, &files).starts_with("*\ta.pdf\ts3://demo/\n--bucket\tdemo\n--body\ta.pdf\n"));
        lab.key_arn = Some("arn:k".into());
        assert!(names(&lab, &files).contains("--key-id\tarn:k\n"));
    }
}
