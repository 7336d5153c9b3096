//! Virtual MFA devices as their owners hold them.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Answer, Lab};

/// An authenticator app.
pub struct Phone {
    pub serial: String,
    pub seed: Vec<u8>,
}

impl Phone {
    pub async fn new(lab: &Lab, name: &str) -> Self {
        let parameters = [("VirtualMFADeviceName", name)];
        let made = lab.query(&lab.admin, "iam", "CreateVirtualMFADevice", &parameters).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let seed = BASE64_STANDARD.decode(made.xml("Base32StringSeed").unwrap()).unwrap();
        assert_eq!(seed.len(), 64);
        let picture = BASE64_STANDARD.decode(made.xml("QRCodePNG").unwrap()).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        let letter = |letter: &u8| match letter {
            b'A'..=b'Z' => letter - b'A',
            digit => digit - b'2' + 26,
        };
        let bits: Vec<u8> =
            seed.iter().map(letter).flat_map(|five| (0..5).rev().map(move |bit| five >> bit & 1)).collect();
        let seed = bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        Self { serial: made.xml("SerialNumber").unwrap(), seed }
    }

    /// The code of a step from now.
    pub fn code(&self, from_now: i64) -> String {
        let step = time::OffsetDateTime::now_utc().unix_timestamp() / 30 + from_now;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let number = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// Gives it to a user; its clock is a step ahead then.
    pub async fn enable(&self, lab: &Lab, user: &str) {
        self.with_codes(lab, "EnableMFADevice", user, [&self.code(0), &self.code(1)], 200).await;
    }

    pub async fn with_codes(
        &self,
        lab: &Lab,
        action: &str,
        user: &str,
        codes: [&str; 2],
        status: u16,
    ) -> Answer {
        let parameters = [
            ("UserName", user),
            ("SerialNumber", &self.serial),
            ("AuthenticationCode1", codes[0]),
            ("AuthenticationCode2", codes[1]),
        ];
        let answer = lab.query(&lab.admin, "iam", action, &parameters).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        answer
    }
}
