//! What the embedded AWS does: read from the tables that route its requests, so that it cannot say more than there is. What
//! each operation asks of the gate stands in `policy::call`, and the gate holds operations to it.

use policy::call::Operation;

use crate::{cloudtrail, ec2, iam, kms, s3, sts};

/// Every operation by service, in the order of their names. All others answer an error that names them.
pub fn operations() -> Vec<(&'static str, Vec<&'static Operation>)> {
    let query = |table: &[(&'static str, &[&str])]| table.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let services = [
        ("S3", "s3", s3::names()),
        ("KMS", "kms", kms::OPERATIONS.to_vec()),
        ("IAM", "iam", query(iam::OPERATIONS)),
        ("STS", "sts", query(sts::OPERATIONS)),
        ("EC2", "ec2", query(ec2::OPERATIONS)),
        ("CloudTrail", "cloudtrail", cloudtrail::OPERATIONS.to_vec()),
    ];
    let rows = |prefix: &str, mut names: Vec<&str>| {
        names.sort_unstable();
        names.into_iter().filter_map(|name| policy::call::operation(prefix, name)).collect()
    };
    services.into_iter().map(|(service, prefix, names)| (service, rows(prefix, names))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;

    use policy::call::{CheckSpec, Operation};

    use super::operations;
    use crate::{cloudtrail, ec2, iam, kms, s3, sts};

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");

    #[test]
    fn every_operation_that_is_routed_has_a_row_that_says_what_it_asks() {
        let query = [("iam", iam::OPERATIONS), ("sts", sts::OPERATIONS), ("ec2", ec2::OPERATIONS)];
        let query =
            query.into_iter().flat_map(|(service, table)| table.iter().map(move |row| (service, row.0)));
        let s3 = s3::names().into_iter().map(|name| ("s3", name));
        let kms = kms::OPERATIONS.iter().map(|name| ("kms", *name));
        let cloudtrail = cloudtrail::OPERATIONS.iter().map(|name| ("cloudtrail", *name));
        let routed = query.chain(s3).chain(kms).chain(cloudtrail);
        let missing: Vec<_> =
            routed.filter(|(service, name)| policy::call::operation(service, name).is_none()).collect();
        assert_eq!(missing, [], "add their rows to `policy::call`");
    }

    fn asks(operation: &Operation) -> String {
        let check = |check: &CheckSpec| format!("`{}` on {} {}", check.action, check.on, check.when);
        let checks: Vec<_> =
            operation.checks.iter().map(|asked| check(asked).trim_end().to_owned()).collect();
        match checks.is_empty() {
            true => "nothing: it cannot be denied".into(),
            false => checks.join("<br>"),
        }
    }

    /// The condition keys of every action that operations ask, by its name; those that have none are left out.
    fn keys_by_action() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let rows = operations().into_iter().flat_map(|(_, rows)| rows);
        for check in rows.flat_map(|row| row.checks) {
            keys.entry(check.action).or_default().extend(check.condition_keys());
        }
        keys.retain(|_, keys| !keys.is_empty());
        keys
    }

    fn shown(key: &&str) -> String {
        if key.ends_with(['/', ':']) { format!("`{key}*`") } else { format!("`{key}`") }
    }

    /// The page that `docs/operations.md` must be; with `UPDATE_GOLDEN=1` in the environment the test writes it.
    #[test]
    fn the_page_of_operations_is_what_there_is() {
        let mut page = String::from(
            "# What the embedded AWS does\n\n\
             Every operation listed here verifies its signature, asks the policies where AWS asks them, and does its work. All\n\
             others answer an error that names them. A test writes this page from the tables that route and\n\
             authorize requests: `UPDATE_GOLDEN=1 cargo test -p sandbox --lib`.\n",
        );
        for (service, rows) in operations() {
            assert!(rows.windows(2).all(|pair| pair[0].name < pair[1].name), "{service} lists one twice");
            write!(page, "\n## {service} ({})\n\n| operation | asks |\n|---|---|\n", rows.len()).unwrap();
            for row in rows {
                writeln!(page, "| {} | {} |", row.name, asks(row)).unwrap();
            }
        }
        page.push_str(
            "\n## Condition keys\n\nWhat a request fills for an action beside the global keys that every request carries: those about \
             the caller,\nthe time, the network and the region.\n\n| action | condition keys |\n|---|---|\n",
        );
        for (action, keys) in keys_by_action() {
            let keys: Vec<_> = keys.iter().map(shown).collect();
            writeln!(page, "| `{action}` | {} |", keys.join(" ")).unwrap();
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
