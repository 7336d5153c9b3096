//! `s3:PutBucketPolicy`.

use super::super::{act, with_unix_lines};
use crate::console::Action;
use leptos::prelude::*;

/// Puts the bucket policy as worded in the form.
#[server(PutBucketPolicy, "/api", endpoint = "bucket/put-policy")]
pub(crate) async fn put_bucket_policy(
    #[server(default)] step: String,
    #[server(default)] document: String,
) -> Result<(), ServerFnError> {
    act(&step, Action::PutBucketPolicy { document: with_unix_lines(&document) }).await
}
