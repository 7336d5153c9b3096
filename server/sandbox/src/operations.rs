//! What the embedded AWS does: read from the tables that route its requests, so that it cannot say more than there is.

use crate::{ec2, iam, kms, s3, sts};

/// Every operation by service, in the order of their names. All others answer an error that names them.
pub fn operations() -> [(&'static str, Vec<&'static str>); 5] {
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    let query = |table: &[(&'static str, &[&str])]| sorted(table.iter().map(|(name, _)| *name).collect());
    let s3 = s3::INPUTS.iter().map(|input| input.trim_end_matches("Input"));
    [
        ("S3", sorted(s3.collect())),
        ("KMS", sorted(kms::OPERATIONS.to_vec())),
        ("IAM", query(iam::OPERATIONS)),
        ("STS", query(sts::OPERATIONS)),
        ("EC2", query(ec2::OPERATIONS)),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fmt::Write as _;

    use super::operations;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");

    /// The page that `docs/operations.md` must be; with `UPDATE_GOLDEN=1` in the environment the test writes it.
    #[test]
    fn the_page_of_operations_is_what_there_is() {
        let mut page = String::from(
            "# What the embedded AWS does\n\n\
             Every operation listed here verifies its signature, asks the policies where AWS asks them, and does its work. All\n\
             others answer an error that names them. A test writes this page from the tables that route requests:\n\
             `UPDATE_GOLDEN=1 cargo test -p sandbox --lib`.\n",
        );
        for (service, names) in operations() {
            assert!(names.windows(2).all(|pair| pair.first() < pair.last()), "{service} lists one twice");
            write!(page, "\n## {service} ({})\n\n", names.len()).unwrap();
            for name in names {
                writeln!(page, "- {name}").unwrap();
            }
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(PAGE).unwrap() == page,
            "docs/operations.md is out of date: it says how to write it"
        );
    }
}
