//! The embedded AWS over the wire, in one binary: what takes long is linking it. What needs a process of its own is beside this
//! folder.
#![allow(clippy::unwrap_used)]

mod cloudtrail;
mod database;
mod ec2;
mod fidelity;
mod iam;
mod journal;
mod kms;
mod kms_access;
mod kms_grants;
mod kms_rotation;
mod kms_settings;
mod limits;
mod matrix;
mod operations;
mod orphans;
mod propagation;
mod root_key;
mod s3_access;
mod s3_buckets;
mod s3_conditions;
mod s3_customer_keys;
mod s3_errors;
mod s3_listings;
mod s3_objects;
mod s3_settings;
mod s3_signatures;
mod s3_uploads;
mod s3_versions;
mod s3_words;
mod slow_clients;
mod store;
mod sts;
mod sts_sessions;
mod sts_tokens;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
