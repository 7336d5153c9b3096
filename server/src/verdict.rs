//! What the policies say about a call, beside what AWS answered.
//!
//! [`gather`] reads every policy that bears on a call with the base identity's own SDK clients, *before* the call, so that
//! what is judged is what was in force. [`judge`] evaluates them with crate `policy` and compares. There is no private
//! channel into the embedded AWS: the same code explains a call to any AWS.

mod explain;
mod gather;
mod judge;
mod lanes;

pub use gather::{Readers, decoded, gather};
pub use judge::{is_denial, judge};
pub use policy::call::Question;
