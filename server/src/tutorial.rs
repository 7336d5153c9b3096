//! The tutorial as data: its listings in both spellings, the documents the AWS console writes for its reader, the
//! commands it types, and when a step counts as done. Own words throughout; only policies are as published.

pub mod bucket_name;
pub mod commands;
pub mod key_policy;
pub mod listings;
pub mod plan;
pub mod scenario;
pub mod steps;
pub mod trust;

/// The file the tutorial's reader downloads for the tests.
pub const TEST_FILE: &str = "KMS-Cryptographic-Details.pdf";

/// Where the tutorial's reader downloads it from.
pub const TEST_FILE_URL: &str = "https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf";

/// The instance profile of step 2, named like its role as the AWS console names it.
pub const INSTANCE_PROFILE: &str = "authorized-users";
