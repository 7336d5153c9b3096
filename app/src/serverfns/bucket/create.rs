//! `s3:CreateBucket`.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Creates the bucket.
#[server(CreateBucket, "/api", endpoint = "bucket/create")]
pub(crate) async fn create_bucket(
    #[server(default)] step: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    act(&step, Action::CreateBucket { name: name.trim().to_owned() }).await
}
