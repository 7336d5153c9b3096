//! MFA with a request for credentials: the serial number of the caller's device and the code that it shows.

use super::session::{constraint, length, pattern};
use crate::caller::Identity;
use crate::mfa::Seed;
use crate::query::{Call, Fault};

/// Whether the caller has shown that it has its device at hand: false when the request says nothing of one, an error when what
/// it says is not so.
pub(super) async fn verified(call: Call<'_>) -> Result<bool, Fault> {
    let (serial, code) = match (call.params.get("SerialNumber"), call.params.get("TokenCode")) {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => (serial, code),
        _ => return Err(failed(", must provide both MFA serial number and one time pass code.")),
    };
    length("serialNumber", serial, 9..=256)?;
    pattern("serialNumber", serial, "_+=/:,.@-", r"[\w+=/:,.@-]*")?;
    length("tokenCode", code, 6..=6)?;
    let unable = || {
        failed(
            ", unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
        )
    };
    let number: Option<u32> =
        code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok()).flatten();
    let number =
        number.ok_or_else(|| constraint("tokenCode", code, r"satisfy regular expression pattern: [\d]*"))?;
    let Identity::User(_) = &call.caller.identity else { return Err(unable()) };
    let (user_id, root) = (call.caller.user_id(), call.aws.store.root_key());
    // What was tried is kept, whether it was right or not.
    let changed = call.aws.store.change(call.account_id(), |account| {
        let device = account.mfa_devices.get_mut(serial);
        let device = device.filter(|device| device.user.as_ref().is_some_and(|user| user.id == user_id));
        let device = std::sync::Arc::make_mut(device.ok_or_else(unable)?);
        let seed = Seed::open(root, device)?;
        Ok(device.verify(&seed, number, call.now()))
    });
    match changed.await? {
        true => Ok(true),
        false => Err(invalid_code()),
    }
}

fn invalid_code() -> Fault {
    failed(" with invalid MFA one time pass code. ")
}

fn failed(why: &str) -> Fault {
    Fault::refused(403, "AccessDenied", format!("MultiFactorAuthentication failed{why}"))
}
