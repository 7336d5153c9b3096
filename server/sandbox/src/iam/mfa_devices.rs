//! Virtual MFA devices and whose they are (IAM User Guide, `id_credentials_mfa`). Security keys and hardware tokens have parts
//! that only their makers can play.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::entity::{Entity as _, MfaDevices, Users};
use super::users::{subject, subject_question};
use super::{qr, read, tags, users};
use crate::caller::Identity;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::mfa::Seed;
use crate::model::{Account, MfaDevice, MfaUser, Tags};
use crate::query::{Call, Fault, Params, Xml, page, parameter, timestamp};

/// Devices that one user can have.
const MAX_DEVICES: usize = 8;
/// Longest serial number, and so what a device's name and path may make up together.
const LONGEST_SERIAL: usize = 256;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = read::name(call.params, "VirtualMFADeviceName", LONGEST_SERIAL)?;
    let path = read::path(call.params)?;
    let given = tags::given(call.params)?;
    let serial = format!("arn:aws:iam::{}:mfa{path}{name}", call.account_id());
    if serial.len() > LONGEST_SERIAL {
        let most = format!("have length less than or equal to {LONGEST_SERIAL}");
        return Err(read::constraint("SerialNumber", &most));
    }
    let question = || Question::about(serial.clone());
    let permit = tags::authorize_new::<iam::CreateVirtualMFADevice, MfaDevices>(call, question, &given)?;
    let seed = Seed::generate()?;
    let sealed_seed = seed.sealed(call.aws.store.root_key(), &serial)?;
    let issuer = call.change(&permit, |account| {
        if account.mfa_devices.contains_key(&serial) {
            return Err(Fault::already_exists("MFA device already exists."));
        }
        let mut tags = Tags::new();
        tags::set::<MfaDevices>(&mut tags, &given)?;
        let device = MfaDevice {
            serial: serial.clone(),
            created: call.now(),
            tags,
            sealed_seed: sealed_seed.clone(),
            user: None,
            adjustment: 0,
            newest_pair: None,
            spent: Vec::new(),
            tries: (0, 0),
        };
        account.mfa_devices.insert(serial.clone(), Arc::new(device));
        Ok(account.account_aliases.keys().next().unwrap_or(&account.id).clone())
    });
    let issuer = issuer.await?;
    let seed = seed.base32();
    // As authenticator apps read it (IAM API Reference, `VirtualMFADevice`).
    let address = zeroize::Zeroizing::new(format!("otpauth://totp/{name}@{issuer}?secret={}", seed.as_str()));
    let picture =
        qr::png(&address).ok_or_else(|| Fault::Internal("a QR code does not hold the seed".into()))?;
    let given = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut xml = Xml::default();
    xml.element("VirtualMFADevice", |element| {
        element
            .text("SerialNumber", &serial)
            .text("Base32StringSeed", BASE64_STANDARD.encode(seed.as_bytes()))
            .text("QRCodePNG", BASE64_STANDARD.encode(picture));
        tags::write_any(element, &given);
    });
    Ok(xml)
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let serial = MfaDevices::named(call)?;
    let permit = call.authorize::<iam::DeleteVirtualMFADevice>(MfaDevices::question(call, serial))?;
    call.change(&permit, |account| {
        let device = account.mfa_devices.get(serial).ok_or_else(|| missing_device(serial))?;
        if device.user.is_some() {
            return Err(Fault::delete_conflict("MFA VirtualDevice in use. Must deactivate first."));
        }
        account.mfa_devices.remove(serial);
        Ok(Xml::default())
    })
    .await
}

/// Gives a device to a user, who shows with two codes that follow each other that it is at hand.
pub(super) async fn enable(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let (serial, codes) = (MfaDevices::named(call)?, codes(call.params)?);
    let permit = call.authorize::<iam::EnableMFADevice>(Users::question(call, name))?;
    own_devices_ask_for_mfa(call, name)?;
    call.change(&permit, |account| {
        let user = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
        let device = account.mfa_devices.get(serial).ok_or_else(|| missing_device(serial))?;
        match &device.user {
            Some(of) if of.id == user.id => {
                return Err(Fault::already_exists(format!("MFA Device for user {name} already exists.")));
            }
            Some(_) => return Err(Fault::already_exists("MFA Device is already in use.")),
            None => {}
        }
        read::quota("MFADevicesPerUser", account.mfa_devices_of(&user.id).count(), MAX_DEVICES)?;
        let of = MfaUser { id: user.id.clone(), enabled: call.now() };
        synchronize(call, account, serial, codes)?.user = Some(of);
        Ok(Xml::default())
    })
    .await
}

/// Finds out again how far a device's clock is from ours.
pub(super) async fn resync(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let (serial, codes) = (MfaDevices::named(call)?, codes(call.params)?);
    let permit = call.authorize::<iam::ResyncMFADevice>(Users::question(call, name))?;
    call.change(&permit, |account| {
        must_be_of(account, name, serial)?;
        synchronize(call, account, serial, codes)?;
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn deactivate(call: Call<'_>) -> Result<Xml, Fault> {
    let (name, serial) = (user(call)?, MfaDevices::named(call)?);
    let permit = call.authorize::<iam::DeactivateMFADevice>(subject_question(call, Some(name)))?;
    own_devices_ask_for_mfa(call, name)?;
    call.change(&permit, |account| {
        must_be_of(account, name, serial)?;
        let device = account.mfa_devices.get_mut(serial).ok_or_else(|| missing_device(serial))?;
        Arc::make_mut(device).user = None;
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let name = user(call)?;
    let permit = call.authorize::<iam::ListMFADevices>(subject_question(call, Some(name)))?;
    let account = call.account(&permit)?;
    let user = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
    let devices = account.mfa_devices_of(&user.id).map(|device| (device.serial.as_str(), device));
    page(call.params, "MFADevices", devices, |item, device| {
        let enabled = device.user.as_ref().map(|user| timestamp(user.enabled));
        item.text("UserName", name).text("SerialNumber", &device.serial).optional("EnableDate", enabled);
    })
}

/// Every virtual device of the account, by whether it is somebody's.
pub(super) async fn list_virtual(call: Call<'_>) -> Result<Xml, Fault> {
    let status = call.params.get("AssignmentStatus");
    let status = read::one_of("AssignmentStatus", status, &["Assigned", "Unassigned", "Any"])?;
    let permit = call.authorize::<iam::ListVirtualMFADevices>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let wanted = |device: &MfaDevice| match status {
        Some("Assigned") => device.user.is_some(),
        Some("Unassigned") => device.user.is_none(),
        _ => true,
    };
    let devices = account.mfa_devices.iter().filter(|(_, device)| wanted(device));
    let devices = devices.map(|(serial, device)| (serial.as_str(), device));
    page(call.params, "VirtualMFADevices", devices, |item, device| {
        item.text("SerialNumber", &device.serial);
        let Some(of) = &device.user else { return };
        if let Some(user) = account.user_with_id(&of.id) {
            item.element("User", |element| users::write(element, &account.id, user));
        }
        item.text("EnableDate", timestamp(of.enabled));
    })
}

/// The root user has none here.
fn user(call: Call<'_>) -> Result<&str, Fault> {
    subject(call)?
        .ok_or_else(|| Fault::validation("Must specify userName when calling with non-User credentials"))
}

/// Two codes that follow each other.
fn codes(params: &Params) -> Result<[u32; 2], Fault> {
    let mut broken = read::Violations::default();
    let mut codes = [0; 2];
    for (code, name) in codes.iter_mut().zip(["AuthenticationCode1", "AuthenticationCode2"]) {
        let text = params.required(name)?;
        let length = text.chars().count();
        let member = parameter(name);
        if length > 6 {
            broken.add(&member, "have length less than or equal to 6");
        }
        if length < 6 {
            broken.add(&member, "have length greater than or equal to 6");
        }
        match text.parse() {
            Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => *code = number,
            _ => broken.add(&member, r"satisfy regular expression pattern: [\d]+"),
        }
    }
    broken.into_result()?;
    Ok(codes)
}

/// The device, after it was found to show these codes.
fn synchronize<'a>(
    call: Call<'_>,
    account: &'a mut Account,
    serial: &str,
    codes: [u32; 2],
) -> Result<&'a mut MfaDevice, Fault> {
    let device = account.mfa_devices.get_mut(serial).ok_or_else(|| missing_device(serial))?;
    let device = Arc::make_mut(device);
    let seed = Seed::open(call.aws.store.root_key(), device)?;
    match device.synchronize(&seed, codes, call.now()) {
        true => Ok(device),
        false => {
            let message = "Authentication code for device is not valid.";
            Err(Fault::refused(403, "InvalidAuthenticationCode", message))
        }
    }
}

fn must_be_of(account: &Account, name: &str, serial: &str) -> Result<(), Fault> {
    let user = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
    let device = account.mfa_devices.get(serial).ok_or_else(|| missing_device(serial))?;
    match device.user.as_ref().is_some_and(|of| of.id == user.id) {
        true => Ok(()),
        false => Err(Fault::no_such_entity("MFA Device invalid for user.")),
    }
}

/// A user who has a device must have used one to change its own: whoever has stolen the password or a key must not be able to.
fn own_devices_ask_for_mfa(call: Call<'_>, name: &str) -> Result<(), Fault> {
    let is_own = matches!(&call.caller.identity, Identity::User(caller) if caller == name);
    let user_id = call.caller.user_id();
    let has_one = call.peek(|account| account.mfa_devices_of(&user_id).next()).is_some();
    match is_own && has_one && !call.caller.mfa {
        true => Err(Fault::refused(
            403,
            "AccessDenied",
            "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for \
             this user.",
        )),
        false => Ok(()),
    }
}

fn missing_device(serial: &str) -> Fault {
    MfaDevices::not_found(serial)
}
