//! What roles, users and groups have in common: they hold policies, attached and inline.

use std::sync::Arc;

use super::entity::{Entity, Groups, Roles, Users};
use crate::gate::Action;
use crate::gate::actions::iam;
use crate::model::{Account, IdentityPolicies};

/// Kinds of identities that hold policies, with the actions that manage those.
pub(super) trait Holder: Entity {
    /// Parameter that names one.
    const PARAMETER: &'static str;
    /// As messages call it.
    const KIND: &'static str;
    /// Quota of attached policies; ten each by default.
    const ATTACHED_QUOTA: &'static str;
    /// All inline policies of one together, in characters without white space.
    const INLINE_LIMIT: usize;

    /// Attaches a managed policy.
    type Attach: Action;
    /// Detaches one.
    type Detach: Action;
    /// Lists attached policies.
    type ListAttached: Action;
    /// Writes an inline policy.
    type Put: Action;
    /// Reads one.
    type Get: Action;
    /// Deletes one.
    type Delete: Action;
    /// Lists their names.
    type List: Action;
    /// Its policies.
    fn policies<'a>(account: &'a Account, name: &str) -> Option<&'a IdentityPolicies>;
    /// The same for changing.
    fn policies_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut IdentityPolicies>;
}

/// Those of them that a permissions boundary can be set for.
pub(super) trait Bounded: Entity {
    /// Sets the permissions boundary.
    type PutBoundary: Action;
    /// Takes it away.
    type DeleteBoundary: Action;

    /// Sets it; `None` when there is none with this name.
    fn set_boundary(account: &mut Account, name: &str, arn: Option<String>) -> Option<()>;
}

impl Holder for Roles {
    const PARAMETER: &'static str = "RoleName";
    const KIND: &'static str = "role";
    const ATTACHED_QUOTA: &'static str = "PoliciesPerRole";
    const INLINE_LIMIT: usize = 10_240;

    type Attach = iam::AttachRolePolicy;
    type Detach = iam::DetachRolePolicy;
    type ListAttached = iam::ListAttachedRolePolicies;
    type Put = iam::PutRolePolicy;
    type Get = iam::GetRolePolicy;
    type Delete = iam::DeleteRolePolicy;
    type List = iam::ListRolePolicies;

    fn policies<'a>(account: &'a Account, name: &str) -> Option<&'a IdentityPolicies> {
        account.roles.get(name).map(|role| &role.policies)
    }

    fn policies_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut IdentityPolicies> {
        account.roles.get_mut(name).map(|role| &mut Arc::make_mut(role).policies)
    }
}

impl Bounded for Roles {
    type PutBoundary = iam::PutRolePermissionsBoundary;
    type DeleteBoundary = iam::DeleteRolePermissionsBoundary;

    fn set_boundary(account: &mut Account, name: &str, arn: Option<String>) -> Option<()> {
        Arc::make_mut(account.roles.get_mut(name)?).boundary = arn;
        Some(())
    }
}

impl Holder for Users {
    const PARAMETER: &'static str = "UserName";
    const KIND: &'static str = "user";
    const ATTACHED_QUOTA: &'static str = "PoliciesPerUser";
    const INLINE_LIMIT: usize = 2_048;

    type Attach = iam::AttachUserPolicy;
    type Detach = iam::DetachUserPolicy;
    type ListAttached = iam::ListAttachedUserPolicies;
    type Put = iam::PutUserPolicy;
    type Get = iam::GetUserPolicy;
    type Delete = iam::DeleteUserPolicy;
    type List = iam::ListUserPolicies;

    fn policies<'a>(account: &'a Account, name: &str) -> Option<&'a IdentityPolicies> {
        account.users.get(name).map(|user| &user.policies)
    }

    fn policies_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut IdentityPolicies> {
        account.users.get_mut(name).map(|user| &mut Arc::make_mut(user).policies)
    }
}

impl Bounded for Users {
    type PutBoundary = iam::PutUserPermissionsBoundary;
    type DeleteBoundary = iam::DeleteUserPermissionsBoundary;

    fn set_boundary(account: &mut Account, name: &str, arn: Option<String>) -> Option<()> {
        Arc::make_mut(account.users.get_mut(name)?).boundary = arn;
        Some(())
    }
}

impl Holder for Groups {
    const PARAMETER: &'static str = "GroupName";
    const KIND: &'static str = "group";
    const ATTACHED_QUOTA: &'static str = "PoliciesPerGroup";
    const INLINE_LIMIT: usize = 5_120;

    type Attach = iam::AttachGroupPolicy;
    type Detach = iam::DetachGroupPolicy;
    type ListAttached = iam::ListAttachedGroupPolicies;
    type Put = iam::PutGroupPolicy;
    type Get = iam::GetGroupPolicy;
    type Delete = iam::DeleteGroupPolicy;
    type List = iam::ListGroupPolicies;

    fn policies<'a>(account: &'a Account, name: &str) -> Option<&'a IdentityPolicies> {
        account.groups.get(name).map(|group| &group.policies)
    }

    fn policies_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut IdentityPolicies> {
        account.groups.get_mut(name).map(|group| &mut Arc::make_mut(group).policies)
    }
}
