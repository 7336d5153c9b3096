//! What of an account belongs to what.

use std::sync::Arc;

use super::{Account, Group, MfaDevice, User};

impl Account {
    /// The user with this unique id: names change.
    pub fn user_with_id(&self, id: &str) -> Option<&User> {
        self.users.values().map(Arc::as_ref).find(|user| user.id == id)
    }

    /// The MFA devices that are enabled for the user with this unique id, by serial number.
    pub fn mfa_devices_of<'a>(&'a self, user_id: &'a str) -> impl Iterator<Item = &'a MfaDevice> {
        let of_user = move |device: &&MfaDevice| device.user.as_ref().is_some_and(|user| user.id == user_id);
        self.mfa_devices.values().map(Arc::as_ref).filter(of_user)
    }

    /// The groups that a user is in, by name.
    pub fn groups_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Group> {
        self.groups.values().map(Arc::as_ref).filter(move |group| group.members.contains(user))
    }
}
