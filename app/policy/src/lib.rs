//! AWS policies: parse, evaluate, explain. Pure: no I/O, no clock; the time comes in the request.
//!
//! A [`Document`] is parsed and compiled once. [`evaluate`] decides a [`Request`] by all [`Policies`] that bear on it and
//! borrows from both; [`Decision::explain`] turns the result into owned data for a page. [`message`] has AWS's words for a
//! denial, [`validate`] what the services refuse to store, [`call`] which checks one API call consists of, [`access`] which
//! services policies let somebody use, [`scene`] what everyone of an account may do.
//!
//! ```
//! use std::sync::Arc;
//! use policy::{Context, Document, NamedPolicy, Outcome, Policies, Principal, Request, evaluate};
//!
//! let document = Document::parse(
//!     r#"{"Version": "2012-10-17",
//!         "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::demo/*"}}"#,
//! )?;
//! let identity = [NamedPolicy { name: "reader".into(), arn: None, document: Arc::new(document) }];
//! let request = Request {
//!     principal: Principal::from_arn("arn:aws:iam::111122223333:user/alice")?,
//!     action: "s3:GetObject".into(),
//!     resource: "arn:aws:s3:::demo/report.pdf".into(),
//!     resource_account: None,
//!     context: Context::new(),
//! };
//! let decision = evaluate(&request, &Policies { identity: &identity, ..Policies::default() });
//! assert_eq!(decision.outcome, Outcome::Allowed);
//! assert_eq!(decision.deciding[0].statement.sid(), Some("Read"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
mod arn;
pub mod call;
mod condition;
mod context;
mod decision;
mod document;
mod explain;
mod facts;
mod kms;
mod layers;
pub mod line;
pub mod lint;
pub mod message;
mod pattern;
mod principal;
mod public;
mod request;
pub mod scene;
mod service_principals;
pub mod validate;

pub use arn::{Arn, is_account_id};
pub use condition::Condition;
pub use context::Context;
pub use decision::{DecidedBy, Decision, Denial, Examined, LaneVerdict, Layer, Outcome, StatementRef, Unmet};
pub use document::{Document, Effect, ParseError, ParseErrorKind, Reach, Statement, Version};
pub use explain::{
    ConditionExplanation, Explanation, GrantExplanation, LaneExplanation, Mismatch, StatementExplanation,
};
pub use kms::{Grant, GrantConstraints};
pub use layers::evaluate;
pub use principal::{Principal, PrincipalError, PrincipalKind};
pub use request::{NamedPolicy, Policies, Request, ResourceKind};
