//! One call of an operation: who asks what, and how the operation gets at the account.
//!
//! An operation reaches the caller's account only with a [`Permit`], so none can act before it has asked the gate.

use std::sync::Arc;

use super::{Fault, Params};
use crate::Aws;
use crate::caller::Caller;
use crate::gate::{Action, Permit, Question};
use crate::model::{Account, Timestamp};
use crate::request::RequestMeta;
use crate::store::ChangeError;

/// What every operation is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) aws: &'a Arc<Aws>,
    pub(crate) meta: &'a RequestMeta,
    pub(crate) caller: &'a Caller,
    pub(crate) params: &'a Params,
}

impl<'a> Call<'a> {
    /// When the request arrived.
    pub(crate) fn now(&self) -> Timestamp {
        self.meta.now.unix_timestamp()
    }

    /// The caller's account id.
    pub(crate) fn account_id(&self) -> &'a str {
        self.caller.account_id()
    }

    /// Asks the gate whether the caller may do `A` to a resource of the caller's own account.
    pub(crate) fn authorize<A: Action>(&self, question: Question) -> Result<Permit<A>, Fault> {
        Ok(self.aws.gate.authorize(self.meta, self.caller, question.owned_by(self.account_id()))?)
    }

    /// Reads from the caller's account before the gate was asked. Only for what the question itself needs, such as the
    /// path in a role's ARN; nothing of it may reach the answer.
    pub(crate) fn peek<T>(&self, read: impl FnOnce(&'a Account) -> Option<T>) -> Option<T> {
        read(self.caller.account.as_deref()?)
    }

    /// The caller's account.
    pub(crate) fn account<A>(&self, _permit: &Permit<A>) -> Result<&'a Account, Fault> {
        self.caller.account.as_deref().ok_or_else(|| Fault::Internal("the caller has no account".into()))
    }

    /// Changes the caller's account; see [`crate::store::Store::change`].
    pub(crate) async fn change<A, T>(
        &self,
        _permit: &Permit<A>,
        change: impl Fn(&mut Account) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        Ok(self.aws.store.change(self.account_id(), change).await?)
    }

    /// The same for a change that takes a name which must be unique over all accounts: `taken` when another account has it.
    pub(crate) async fn change_unless_taken<A, T>(
        &self,
        _permit: &Permit<A>,
        taken: impl FnOnce() -> Fault,
        change: impl Fn(&mut Account) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.aws.store.change(self.account_id(), change).await.map_err(|error| match error {
            ChangeError::NameTaken => taken(),
            error => error.into(),
        })
    }
}

/// A service's table of operations: name in the API, function, and the parameters it takes. A parameter that is not in
/// the table is refused by name, so that none is accepted and then ignored.
macro_rules! operations {
    ($service:expr; $($name:literal => $operation:path: [$($parameter:literal)*];)*) => {
        /// Answers one request.
        pub(crate) async fn handle(
            aws: &std::sync::Arc<$crate::Aws>,
            meta: &$crate::request::RequestMeta,
            caller: &$crate::caller::Caller,
            params: &$crate::query::Params,
        ) -> http::Response<$crate::Body> {
            let action = params.action().unwrap_or_default();
            let meta = &meta.asking_for($service.prefix(), action);
            let call = $crate::query::Call { aws, meta, caller, params };
            let outcome = match $crate::query::Call::check_version($service, params) {
                Err(fault) => Err(fault),
                Ok(()) => match action {
                    // Boxed: the futures of all operations would otherwise lie side by side in one.
                    $($name => match call.check_names(&[$($parameter),*]) {
                        Err(fault) => Err(fault),
                        Ok(()) => Box::pin($operation(call)).await,
                    },)*
                    _ => Err($crate::query::Fault::unknown_action(action)),
                },
            };
            $crate::query::finish($service, meta, action, outcome)
        }

        /// All operations with the parameters they take.
        pub(crate) const OPERATIONS: &[(&str, &[&str])] = &[$(($name, &[$($parameter),*])),*];
    };
}
pub(crate) use operations;

/// Parameters of the protocol, and of presigned requests, rather than of an operation.
const COMMON: [&str; 2] = ["Action", "Version"];

impl Call<'_> {
    /// Refuses an API version other than the service's own.
    pub(crate) fn check_version(service: super::Service, params: &Params) -> Result<(), Fault> {
        match params.get("Version") {
            Some(version) if version != service.version() => Err(Fault::refused(
                400,
                "NoSuchVersion",
                format!("The requested version ({version}) does not exist; it is {}.", service.version()),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses parameters that the operation does not take.
    pub(crate) fn check_names(&self, known: &[&str]) -> Result<(), Fault> {
        let unknown = self.params.names().find(|name| {
            let name = name.split('.').next().unwrap_or(name);
            !known.contains(&name) && !COMMON.contains(&name) && !name.starts_with("X-Amz-")
        });
        match unknown {
            Some(name) => Err(Fault::refused(
                400,
                "UnsupportedParameter",
                format!(
                    "The parameter {name} is not supported for {}.",
                    self.params.action().unwrap_or_default()
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Fault {
    /// 501 `NotImplemented`, or 400 `MissingAction` without a name. AWS answers `InvalidAction` to names that none of its
    /// operations has; which those are is not known here, so no operation of AWS's is called invalid.
    pub(crate) fn unknown_action(action: &str) -> Self {
        match action {
            "" => Self::refused(400, "MissingAction", "The request must contain the parameter Action."),
            _ => Self::refused(501, "NotImplemented", format!("The operation {action} is not implemented.")),
        }
    }
}
